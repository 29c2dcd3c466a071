import FoundationEssentials
import Logging
import OrreryKubernetes
import OrreryModel
import OrrerySpawn
import OrreryStore
import Synchronization
import Testing

/// A hub without its pages: a real database, a proxy in memory, one fake cluster, and spawners that come and go.
final class Facility: Sendable {
    let clock = ManualClock()
    let cluster = FakeCluster()
    let routes = FakeRoutes()
    let contract = Contract()
    let store: Database
    let person: PersonRecord
    /// How patient the hubs are that are started from now on.
    let patience = Mutex(Patience())
    private let directory: URL
    private let hub = Mutex<Hub?>(nil)
    /// Hubs that were started before the present one.
    private let older = Mutex<[Hub]>([])

    struct Hub: Sendable {
        let spawner: Spawner
        let wire: Wire
        let task: Task<Void, any Error>
    }

    final class Contract: SessionContract {
        /// Whether kernels work.
        let busy = Mutex(false)

        func variables(for session: SessionRecord) -> [String: String] { ["JUPYTERHUB_USER": session.personName] }
        func issueToken(for session: SessionRecord) async throws -> Secret { Secret("token-of-\(session.id)") }
        func hasTokens(for session: SessionRecord) -> Bool { true }
        func isBusy(_ session: SessionRecord) async -> Bool { busy.withLock { $0 } }
        func tokens(for session: SessionRecord) async -> [String: Secret] { ["bt_u20001": Secret("bearer")] }
    }

    init() async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "orrery-spawn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        store = try Database(path: directory.appending(path: "hub.sqlite").path)
        person = try await store.register(Sample.person, isAdmin: false, at: Sample.noon)
    }

    deinit {
        for hub in older.withLock({ $0 }) + [hub.withLock { $0 }].compactMap(\.self) { hub.task.cancel() }
        try? store.close()
        try? FileManager.default.removeItem(at: directory)
    }

    /// A hub starts on the state that is there. With `farewell` its cluster is gone.
    @discardableResult
    func start(
        cut: Wire.Cut? = nil, farewell: String? = nil, reach: ClusterAccess.Reach = .direct, patience: Duration = .zero,
        titles: [String: String] = [:]
    ) -> Spawner {
        let wire = Wire(["api.test": cluster], cut: cut)
        routes.wire.withLock { $0 = wire }
        var access = ClusterAccess(
            name: "north", server: "https://api.test", token: Secret("hub-token"), namespace: "hub")
        (access.reach, access.patience, access.hasPodsInReach) = (reach, patience, reach == .direct)
        let spawner = Spawner(
            clusters: farewell == nil ? [access] : [], store: store, contract: contract, routes: routes,
            transport: wire, settings: SpawnSettings(patience: self.patience.withLock { $0 }),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            time: Timekeeper(clock), now: { [clock] in Sample.noon + clock.now.offset / .seconds(1) },
            title: { titles[$0] ?? $0 })
        if let farewell { spawner.drop(access.name, because: farewell) }
        let task = Task { try await spawner.run() }
        let before = hub.withLock { hub in
            defer { hub = Hub(spawner: spawner, wire: wire, task: task) }
            return hub
        }
        if let before { older.withLock { $0.append(before) } }
        return spawner
    }

    /// The hub dies, wherever it is.
    func kill() async {
        guard let hub = hub.withLock({ $0 }) else { return }
        hub.task.cancel()
        _ = await hub.task.result
    }

    var now: Date { Sample.noon + clock.now.offset / .seconds(1) }
    var wire: Wire? { hub.withLock { $0?.wire } }
    var spawner: Spawner? { hub.withLock { $0?.spawner } }

    func click(_ plan: Plan = Sample.plan(), wish: SessionChoice? = nil) async throws -> SessionRecord {
        guard let spawner = hub.withLock({ $0?.spawner }) else { throw FakeRoutes.Trouble() }
        return try await spawner.start(plan: plan, planHash: "hash", person: person, server: "", wish: wish)
    }

    /// A click whose pod runs: the session once it is ready.
    func running() async throws -> SessionRecord {
        let session = try await click()
        #expect(await turn { cluster.names("pods") == [session.pod] })
        cluster.run(session.pod)
        #expect(await reaches(.ready, session.id))
        return try #require(await self.session(session.id))
    }

    func session(_ id: String) async -> SessionRecord? { try? await store.session(id: id) }

    func story(_ id: String) async throws -> [String] {
        try await store.events(session: id, after: 0).map { "\($0.state): \($0.message)" }
    }

    /// Turns the clock by what the nearest sleeper needs, when that is half a minute at most, until `condition` holds;
    /// gives up after a minute of real time.
    func turn(until condition: () async -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while await !condition() {
            guard ContinuousClock.now < deadline else { return false }
            if let wait = clock.waits.first, wait <= .seconds(30) { clock.advance(by: wait) }
            try? await Task.sleep(for: .milliseconds(1))
        }
        return true
    }

    func reaches(_ state: SessionState, _ id: String) async -> Bool {
        await turn { await self.session(id)?.state == state }
    }
}
