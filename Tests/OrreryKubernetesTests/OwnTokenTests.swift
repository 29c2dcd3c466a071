import FoundationEssentials
import Logging
import OrreryFetch
import OrreryModel
import Synchronization
import Testing

@testable import OrreryKubernetes

/// A token of the account `hub` in `hub` that was issued at `start` and lives an hour; `mark` tells one from another.
private func token(_ mark: String, from start: Double, account: String = "hub", life: Double = 3600) -> String {
    let claims = """
        {"sub":"system:serviceaccount:hub:\(account)","iat":\(Int(start)),"exp":\(Int(start + life)),"jti":"\(mark)"}
        """
    let payload = Data(claims.utf8).base64EncodedString().replacing("=", with: "")
    return "e30.\(payload).c2ln"
}

private final class Shelf: TokenShelf {
    let kept = Mutex<[String: Secret]>([:])
    func token(of cluster: ClusterAccess) async -> Secret? { kept.withLock { $0[cluster.name] } }
    func keep(_ token: Secret, of cluster: ClusterAccess) async throws { kept.withLock { $0[cluster.name] = token } }
}

@Suite struct OwnTokenTests {
    private let clock = ManualClock()
    private let shelf = Shelf()

    private func run(_ given: String, _ replies: [ScriptedTransport.Reply]) -> (
        KubernetesClient, ScriptedTransport, Task<Void, Never>
    ) {
        let transport = ScriptedTransport(replies)
        let access = ClusterAccess(name: "north", server: "https://api.test", token: Secret(given), namespace: "hub")
        let client = KubernetesClient(access, transport: transport, time: Timekeeper(clock))
        let (clock, shelf) = (clock, shelf)
        let task = Task {
            await client.keepToken(
                shelf: shelf,
                now: {
                    Date(timeIntervalSince1970: Double(clock.now.offset.components.seconds))
                }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }
        return (client, transport, task)
    }

    private func answer(_ token: String) -> ScriptedTransport.Reply {
        .json(201, #"{"kind":"TokenRequest","spec":{},"status":{"token":"\#(token)"}}"#)
    }

    private var pods: ScriptedTransport.Reply { .pods([], version: "1") }

    @Test func aNewTokenIsAskedForBeforeHalfOfTheLifeIsOver() async {
        let (old, new) = (token("old", from: 0), token("new", from: 1700))
        let (_, transport, task) = run(old, [answer(new), pods])
        defer { task.cancel() }
        #expect(await eventually { clock.waits.count == 1 })
        clock.advance(by: .seconds(1500))
        #expect(transport.calls.isEmpty)
        clock.advance(by: .seconds(300))
        #expect(await eventually { shelf.kept.withLock { $0["north"] } == Secret(new) })
        #expect(transport.calls.first == "POST /api/v1/namespaces/hub/serviceaccounts/hub/token")
        // Asked for with the old one, tried with the new one.
        #expect(transport.tokens == [old, new])
    }

    @Test func theOldTokenIsShownUntilTheNewOneHasWorked() async throws {
        let (old, bad, new) = (token("old", from: 0), token("bad", from: 1700), token("new", from: 1800))
        let refused = ScriptedTransport.Reply.refusal(401, "Unauthorized", "Unauthorized")
        let (client, transport, task) = run(
            old, [answer(bad), refused, .json(200, podText("a")), answer(new), pods, .json(200, podText("a"))])
        defer { task.cancel() }
        #expect(await eventually { clock.waits.count == 1 })
        clock.advance(by: .seconds(1700))
        #expect(await eventually { transport.calls.count == 2 && clock.waits.count == 1 })
        _ = try await client.get(Pod.self, "a")
        #expect(transport.tokens.last == old)
        clock.advance(by: .seconds(300))
        #expect(await eventually { shelf.kept.withLock { $0["north"] } == Secret(new) && clock.waits.count == 1 })
        _ = try await client.get(Pod.self, "a")
        #expect(transport.tokens.last == new)
    }

    @Test func aTokenFromTheShelfIsBetterThanAnOlderOneOfTheConfiguration() async throws {
        let kept = token("kept", from: 600)
        shelf.kept.withLock { $0["north"] = Secret(kept) }
        let (client, transport, task) = run(token("old", from: 0), [.json(200, podText("a"))])
        defer { task.cancel() }
        #expect(await eventually { clock.waits.count == 1 })
        _ = try await client.get(Pod.self, "a")
        #expect(transport.tokens == [kept])
    }

    @Test func whatTheSiteHasConfiguredSinceThenIsBetterThanWhatWasKept() async throws {
        shelf.kept.withLock { $0["north"] = Secret(token("kept", from: 600, life: 7200)) }
        let configured = token("new", from: 900)
        let (client, transport, task) = run(configured, [.json(200, podText("a"))])
        defer { task.cancel() }
        #expect(await eventually { clock.waits.count == 1 })
        _ = try await client.get(Pod.self, "a")
        #expect(transport.tokens == [configured])
    }

    @Test func anotherAccountsTokenOnTheShelfIsNotTaken() async throws {
        shelf.kept.withLock { $0["north"] = Secret(token("kept", from: 600, account: "former")) }
        let (client, transport, task) = run(token("old", from: 0), [.json(200, podText("a"))])
        defer { task.cancel() }
        #expect(await eventually { clock.waits.count == 1 })
        _ = try await client.get(Pod.self, "a")
        #expect(transport.tokens == [token("old", from: 0)])
    }

    @Test func aKeptTokenThatTheClusterDoesNotAcceptIsLeftForTheConfiguredOne() async throws {
        let (kept, configured, new) = (token("kept", from: 600), token("old", from: 0), token("new", from: 1700))
        shelf.kept.withLock { $0["north"] = Secret(kept) }
        let refused = ScriptedTransport.Reply.refusal(401, "Unauthorized", "Unauthorized")
        let (client, transport, task) = run(
            configured, [refused, .json(200, podText("a")), answer(new), pods, .json(200, podText("a"))])
        defer { task.cancel() }
        #expect(await eventually { clock.waits.count == 1 })
        _ = try await client.get(Pod.self, "a")
        #expect(transport.tokens == [kept, configured])
        // It is renewed when its own half of a life is over, not when that of the other one would be.
        clock.advance(by: .seconds(1700))
        #expect(await eventually { shelf.kept.withLock { $0["north"] } == Secret(new) && clock.waits.count == 1 })
        _ = try await client.get(Pod.self, "a")
        #expect(transport.tokens == [kept, configured, configured, new, new])
    }

    /// A cluster that refuses everybody for a while must not make the hub forget the token that still lives.
    @Test func whereNeitherIsAcceptedTheNextCallShowsTheOtherOneAgain() async throws {
        let (kept, configured) = (token("kept", from: 600), token("old", from: 0))
        shelf.kept.withLock { $0["north"] = Secret(kept) }
        let refused = ScriptedTransport.Reply.refusal(401, "Unauthorized", "Unauthorized")
        let (client, transport, task) = run(
            configured, [refused, refused, refused, .json(200, podText("a")), .json(200, podText("a"))])
        defer { task.cancel() }
        #expect(await eventually { clock.waits.count == 1 })
        await #expect(throws: KubernetesError.self) { try await client.get(Pod.self, "a") }
        _ = try await client.get(Pod.self, "a")
        _ = try await client.get(Pod.self, "a")
        #expect(transport.tokens == [kept, configured, configured, kept, kept])
    }

    @Test(arguments: ["opaque", "a.b.c", "e30.e30.e30"])
    func whatIsNoTokenOfAnAccountIsLeftAsItIs(_ given: String) async {
        let (_, transport, task) = run(given, [])
        await task.value
        #expect(transport.calls.isEmpty)
    }
}
