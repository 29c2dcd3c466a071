import FoundationEssentials
import Logging
import OrreryFetch
import OrreryKubernetes
import OrreryModel
import OrrerySpawn
import Synchronization
import Testing

/// The hub's own token for a cluster, which it renews itself, over a restart.
@Suite struct OwnTokenRestartTests {
    /// An API server that gives new tokens, and notes which one each call shows.
    private final class Issuer: KubernetesTransport {
        private let state = Mutex<(given: Int, shown: [String])>((0, []))
        let clock: ManualClock

        init(_ clock: ManualClock) { self.clock = clock }

        var shown: [String] { state.withLock { $0.shown } }

        static func token(_ mark: Int, from start: Int64) -> String {
            let claims =
                #"{"sub":"system:serviceaccount:hub:hub","iat":\#(start),"exp":\#(start + 3600),"jti":"\#(mark)"}"#
            return "e30.\(Data(claims.utf8).base64EncodedString().replacing("=", with: "")).c2ln"
        }

        func fetch(_ request: FetchRequest) async throws(FetchError) -> FetchResponse {
            note(request)
            guard request.url.hasSuffix("/serviceaccounts/hub/token") else {
                return answer(#"{"metadata":{"resourceVersion":"1"},"items":[]}"#)
            }
            let number = state.withLock { state in
                state.given += 1
                return state.given
            }
            return answer(#"{"status":{"token":"\#(Self.token(number, from: clock.now.offset.components.seconds))"}}"#)
        }

        func stream(_ request: FetchRequest) async throws(FetchError) -> StreamedAnswer {
            note(request)
            throw FetchError(.cut, "no watch here", host: "api.test:443")
        }

        private func answer(_ text: String) -> FetchResponse {
            FetchResponse(
                status: 200, headers: FetchHeaders([("Content-Type", "application/json")]), body: Array(text.utf8))
        }

        private func note(_ request: FetchRequest) {
            let line = request.headers.first { $0.name == "Authorization" }?.value ?? ""
            state.withLock { $0.shown.append(String(line.dropFirst("Bearer ".count))) }
        }
    }

    private final class Shelf: TokenShelf {
        private let kept = Mutex<[String: Secret]>([:])
        var newest: Secret? { kept.withLock { $0["north"] } }
        func token(of cluster: ClusterAccess) async -> Secret? { kept.withLock { $0[cluster.name] } }
        func keep(_ token: Secret, of cluster: ClusterAccess) async throws {
            kept.withLock { $0[cluster.name] = token }
        }
    }

    @Test func aHubThatStartsAnewShowsTheTokenThatTheLastOneRenewed() async throws {
        let facility = try await Facility()
        let shelf = Shelf()
        let configured = Issuer.token(0, from: 0)
        let first = Issuer(facility.clock)
        try await hub(facility, first, shelf, configured) {
            await facility.turn {
                facility.clock.advance(by: .seconds(60))
                return shelf.newest != nil
            }
        }
        #expect(first.shown.contains(configured))
        let renewed = try #require(shelf.newest).reveal()
        #expect(renewed != configured)
        // The one of the configuration is over by now.
        facility.clock.advance(by: .seconds(2000))
        let second = Issuer(facility.clock)
        try await hub(facility, second, shelf, configured) { await facility.turn { second.shown.contains(renewed) } }
        #expect(!second.shown.contains(configured))
    }

    private func hub(
        _ facility: Facility, _ transport: Issuer, _ shelf: Shelf, _ token: String, until condition: () async -> Bool
    ) async throws {
        let access = ClusterAccess(name: "north", server: "https://api.test", token: Secret(token), namespace: "hub")
        let clock = facility.clock
        let spawner = Spawner(
            clusters: [access], store: facility.store, contract: facility.contract, routes: facility.routes,
            transport: transport, settings: SpawnSettings(), shelf: shelf,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, time: Timekeeper(clock),
            now: { Date(timeIntervalSince1970: clock.now.offset / .seconds(1)) })
        let task = Task { try await spawner.run() }
        #expect(await condition())
        task.cancel()
        _ = await task.result
    }
}
