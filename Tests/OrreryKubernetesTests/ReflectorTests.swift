import Logging
import OrreryFetch
import OrreryKubernetes
import Synchronization
import Testing

/// A reflector that runs over a script, and what it told.
private final class Run: Sendable {
    let clock = ManualClock()
    let transport: ScriptedTransport
    private let told = Mutex<[String]>([])
    private let task = Mutex<Task<Void, Never>?>(nil)

    init(_ replies: [ScriptedTransport.Reply]) {
        transport = ScriptedTransport(replies)
        let time = Timekeeper(clock)
        let reflector = Reflector(
            Pod.self, KubernetesClient(access, transport: transport, time: time), Selection(labels: "l"), time: time,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let task = Task {
            await reflector.run { reflection in self.told.withLock { $0.append(Self.words(reflection)) } }
        }
        self.task.withLock { $0 = task }
    }

    deinit { end() }

    func end() { task.withLock { $0 }?.cancel() }

    var story: [String] { told.withLock { $0 } }

    /// Turns the clock whenever the reflector waits to try again, until `calls` requests were made.
    func turn(until calls: Int) async -> Bool {
        await eventually {
            if transport.calls.count >= calls { return true }
            if let wait = clock.waits.first, wait <= .seconds(30) { clock.advance(by: wait) }
            return false
        }
    }

    private static func words(_ reflection: Reflection<Pod>) -> String {
        switch reflection {
        case .complete(let pods): "complete \(pods.compactMap(\.metadata.name).joined(separator: " "))"
        case .changed(let pod): "changed \(pod.metadata.name ?? "")"
        case .deleted(let pod): "deleted \(pod.metadata.name ?? "")"
        case .seen: "seen"
        case .unseen(let error): "unseen \(error.refusal.map { "\($0.code)" } ?? "transport")"
        }
    }
}

@Suite struct ReflectorTests {
    @Test func itListsThenWatchesAndGoesOnWhereTheWatchEnded() async {
        let run = Run([
            .pods(["a"], version: "10"),
            .watch([line("MODIFIED", podText("a", version: "11")), line("DELETED", podText("a", version: "12"))]),
            .watch([line("BOOKMARK", #"{"kind":"Pod","metadata":{"resourceVersion":"20"}}"#)]),
            .watch([], end: .silent),
        ])
        defer { run.end() }
        #expect(await run.turn(until: 4))
        #expect(run.story == ["seen", "complete a", "changed a", "deleted a"])
        let versions = run.transport.calls.dropFirst().map { call in
            call.split(separator: "&").first { $0.hasPrefix("resourceVersion=") }.map(String.init)
        }
        #expect(versions == ["resourceVersion=10", "resourceVersion=12", "resourceVersion=20"])
        #expect(run.transport.calls.dropFirst().allSatisfy { $0.contains("allowWatchBookmarks=true") })
    }

    @Test(arguments: [
        ScriptedTransport.Reply.watch([
            line("ERROR", #"{"kind":"Status","status":"Failure","reason":"Expired","code":410,"message":"too old"}"#)
        ]),
        .refusal(410, "Expired", "too old resource version"),
    ])
    func bothFormsOf410ListAgainAndTellWhatIsMissing(_ gone: ScriptedTransport.Reply) async {
        let run = Run([
            .pods(["a", "b"], version: "10"), gone, .pods(["b"], version: "50"), .watch([], end: .silent),
        ])
        defer { run.end() }
        #expect(await run.turn(until: 4))
        #expect(await eventually { run.story == ["seen", "complete a b", "deleted a", "complete b"] })
        #expect(run.transport.calls.last?.contains("resourceVersion=50") == true)
    }

    @Test(arguments: [401, 403])
    func aRefusalNeverMeansThatThereAreNoPods(_ code: Int) async {
        let run = Run([
            .pods(["a"], version: "10"), .refusal(code, "x", "no"), .refusal(code, "x", "no"),
            .watch([line("MODIFIED", podText("a", version: "11"))], end: .silent),
        ])
        defer { run.end() }
        #expect(await run.turn(until: 4))
        #expect(await eventually { run.story == ["seen", "complete a", "unseen \(code)", "seen", "changed a"] })
    }

    @Test func itIsNeverGivenUpAndNeverWaitsLongerThanHalfAMinute() async {
        let run = Run(Array(repeating: .failure(.cannotConnect), count: 40))
        defer { run.end() }
        #expect(await run.turn(until: 40))
        #expect(run.story == ["unseen transport"])
        #expect(run.clock.now.offset < .seconds(30) * 40)
        #expect(run.clock.now.offset > .seconds(15) * 30)
    }

    @Test func aSilentWatchIsCutByItsOwnClock() async {
        let run = Run([.pods(["a"], version: "10"), .watch([], end: .silent), .watch([], end: .silent)])
        defer { run.end() }
        #expect(await eventually { run.transport.calls.count == 2 })
        #expect(await eventually { run.clock.waits.contains { $0 >= .seconds(70) } })
        run.clock.advance(by: .seconds(69))
        #expect(run.transport.calls.count == 2)
        run.clock.advance(by: .seconds(32))
        #expect(await run.turn(until: 3))
        #expect(await eventually { run.story == ["seen", "complete a", "unseen transport", "seen"] })
    }

    @Test func aConnectionThatIsCutIsNoSignThatTheClusterIsAway() async {
        let run = Run([
            .pods(["a"], version: "10"), .watch([line("MODIFIED", podText("a", version: "11"))], end: .cut),
            .watch([], end: .silent),
        ])
        defer { run.end() }
        #expect(await run.turn(until: 3))
        #expect(run.story == ["seen", "complete a", "changed a"])
        #expect(run.transport.calls.last?.contains("resourceVersion=11") == true)
    }

    @Test func anUnreadableLineTakesAWholeNewPicture() async {
        let run = Run([
            .pods(["a"], version: "10"), .watch([#"{"type":"MODIFIED","object":{"metadata":{}}}"#], end: .silent),
            .pods(["a"], version: "12"), .watch([], end: .silent),
        ])
        defer { run.end() }
        #expect(await run.turn(until: 4))
        #expect(run.story == ["seen", "complete a", "complete a"])
    }
}
