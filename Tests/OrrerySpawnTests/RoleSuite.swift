import FoundationEssentials
import OrreryFetch
import OrreryKubernetes
import OrreryModel
import OrreryStore
import Synchronization
import Testing

@testable import OrrerySpawn

/// A hub's whole life at a real cluster, within the rights of its account: `Tests/Product/test_role.py` runs it with the Role of
/// `deploy/agent`, where it has to pass, and once without each right of it, where it has to fail.
@Suite(
    .serialized, .timeLimit(.minutes(3)),
    .enabled(if: ClusterEnvironment.isGiven, "ORRERY_TEST_CLUSTER_URL, _TOKEN, _NAMESPACE and _IMAGE are not given"))
struct RoleSuite {
    /// A claim of the person's own, of the cluster's usual class; a new one each time, since claims stay.
    private static let home = Plan.Mount(
        fileset: "jhome", path: "/home/ada", isReadOnly: false,
        source: .ownClaim(
            Plan.OwnClaim(
                name: "jhome.\(UUID().uuidString.lowercased().prefix(8))", fileset: "jhome", storageClass: nil,
                size: "100Mi", modes: ["ReadWriteOnce"])),
        subPath: nil)

    @Test func aWholeLifeStaysWithinTheRole() async throws {
        let gate = Gatekeeper()
        // Far enough ahead that its token is due to be renewed.
        let hub = try await ClusterHub(transport: gate, ahead: 3000)
        let spawner = try hub.start()
        let watches = ["pods?", "events?", "/token"]
        try await gate.reach("it sees the cluster and renews its token") { calls in
            watches.allSatisfy { word in calls.contains { $0.contains(word) } }
                && calls.contains { $0.contains("pods?") && $0.contains("watch=1") }
                && calls.contains { $0.contains("events?") && $0.contains("watch=1") }
                && spawner.condition(of: "north") == .ready
        }
        let (session, story) = try await gate.unlessRefused {
            try await hub.follow(ClusterSuite.server, mounts: [Self.home])
        }
        try #require(story.last?.state == .ready, "\(gate.refused) \(story.map(\.message))")
        try await spawner.put(["bt_u20001": Secret("renewed")], intoTokensOf: session)
        try await spawner.stop(session.id, by: "ada")
        try await gate.reach("the session ends") { _ in await hub.hasEnded(session) }
        let (crashed, _) = try await gate.unlessRefused {
            try await hub.follow(["python3", "-c", "print('last words'); raise SystemExit(3)"])
        }
        try await gate.reach("the crashed session ends") { _ in await hub.hasEnded(crashed) }
        let access = try #require(ClusterEnvironment.access)
        await spawner.collectOnce(on: KubernetesClient(access, transport: gate))
        await hub.kill()
        #expect(gate.refused.isEmpty, "\(gate.refused)")
    }
}

/// The way to the cluster, which notes what was refused for want of a right.
private final class Gatekeeper: KubernetesTransport {
    private struct State {
        var calls: [String] = []
        var refused: [String] = []
    }

    struct Refused: Error { let calls: [String] }
    struct TooLate: Error { let what: String }

    private let fetcher = Fetcher()
    private let state = Mutex(State())

    var refused: [String] { state.withLock { $0.refused } }

    /// Waits until `condition` holds for the calls so far; fails as soon as one was refused.
    func reach(_ what: String, _ condition: ([String]) async -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while await !condition(state.withLock { $0.calls }) {
            guard refused.isEmpty else { throw Refused(calls: refused) }
            guard ContinuousClock.now < deadline else { throw TooLate(what: what) }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// What `work` gives; fails as soon as a call was refused, since a hub goes on trying for long.
    func unlessRefused<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await work() }
            group.addTask {
                while self.refused.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
                throw Refused(calls: self.refused)
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw TooLate(what: "a session") }
            return value
        }
    }

    func fetch(_ request: FetchRequest) async throws(FetchError) -> FetchResponse {
        let response = try await fetcher.fetch(request)
        note(request, response.status)
        return response
    }

    func stream(_ request: FetchRequest) async throws(FetchError) -> StreamedAnswer {
        let answer: StreamedAnswer = try await fetcher.stream(request)
        note(request, answer.status)
        return answer
    }

    private func note(_ request: FetchRequest, _ status: Int) {
        state.withLock { state in
            let call = "\(request.method) \(request.url)"
            state.calls.append(call)
            if status == 401 || status == 403 { state.refused.append("\(status): \(call)") }
        }
    }
}
