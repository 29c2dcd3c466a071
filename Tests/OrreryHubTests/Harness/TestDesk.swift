import Foundation
import OrreryKubernetes
import OrreryModel
import OrrerySpawn
import OrreryStore
import Synchronization
import Testing

@testable import OrreryHub
@testable import OrreryPolicy

/// The sessions that have left the queue, as they were told of.
final class Admissions: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }
    func note(_ line: String) { lines.withLock { $0.append(line) } }
}

/// A scheduler of its own on the database of a hub, before clusters that all answer.
struct TestDesk: Sendable {
    let hub: TestHub
    let scheduler: Scheduler
    private let setting: Setting

    /// What changes under the scheduler.
    private final class Setting: Sendable {
        let clusters: Mutex<[HubConfiguration.Cluster]>
        let policy: Mutex<Policy>

        init(_ clusters: [HubConfiguration.Cluster], _ policy: Policy) {
            self.clusters = Mutex(clusters)
            self.policy = Mutex(policy)
        }
    }

    /// The sessions that have left the queue.
    let admitted = Admissions()
    /// Whether the scheduler hears what the spawner tells.
    @TaskLocal static var isRunning = false

    init(
        _ hub: TestHub, store: (any SessionStore)? = nil, policy: Policy? = nil, _ change: (inout ClusterFacts) -> Void
    ) {
        self.hub = hub
        let setting = Setting(Self.clusters(of: hub, change), policy ?? hub.services.desk.policy)
        self.setting = setting
        scheduler = Scheduler(
            policy: { setting.policy.withLock { $0 } }, clusters: { setting.clusters.withLock { $0 } },
            store: store ?? hub.database, persons: hub.database,
            spawner: hub.services.spawner, logger: TestHub.quiet, now: { hub.clock.now }, condition: { _ in .ready },
            admitted: { [admitted] session, _ in admitted.note("\(session.id) on \(session.cluster)") })
    }

    private static func clusters(
        of hub: TestHub, _ change: (inout ClusterFacts) -> Void
    ) -> [HubConfiguration.Cluster] {
        hub.services.configuration.clusters.map { cluster in
            var cluster = cluster
            change(&cluster.facts)
            return cluster
        }
    }

    /// The clusters are what `change` makes of them from now on.
    func changeClusters(_ change: (inout ClusterFacts) -> Void) async {
        setting.clusters.withLock { $0 = Self.clusters(of: hub, change) }
        await scheduler.clustersChanged()
    }

    /// A newer policy is in force.
    func take(_ policy: Policy) {
        setting.policy.withLock { $0 = policy }
        scheduler.policyChanged()
    }

    func ask(_ person: PersonRecord, size: String? = nil, server: String = "") async throws -> SchedulerAnswer {
        let choice = SessionChoice(profile: "standard", size: size)
        let request = PlacementRequest(person: person.person, profile: "standard", choice)
        return try await scheduler.start(request, wish: choice, server: server, for: person)
    }

    func start(_ person: PersonRecord, size: String? = nil, server: String = "") async throws -> SessionRecord {
        guard case .session(let session) = try await ask(person, size: size, server: server) else {
            throw CancellationError()
        }
        // What the spawner tells by itself comes before what a test tells in its stead.
        if Self.isRunning, !session.isWaiting {
            #expect(try await eventually { await scheduler.starts[session.id]?.phase != .queued })
        }
        return session
    }

    /// What the spawner would say once the session has come so far.
    func comes(_ id: String, to state: SessionState, because reason: EndReason = .stoppedByPerson) async throws {
        let now = hub.clock.now
        let (_, event) = try await hub.database.advance(id, at: now) { session in
            if state == .ended {
                session.end(reason, "Over.", at: now)
            } else {
                session.state = state
                if state == .ready { session.readyAt = now }
            }
        }
        await scheduler.hear(.session(event))
    }

    /// What the spawner would say once a quota of the cluster's own has refused the session's pod.
    func isGivenBack(
        _ id: String, wish: SessionChoice = SessionChoice(profile: "standard"), lasting: Bool = false,
        ofNodes: Bool = false, kinds: Set<QuotaShortage.Kind> = [.sessions]
    ) async throws {
        _ = try await hub.database.advance(id, at: hub.clock.now) { session in
            session.state = .queued
            session.wish = wish
        }
        let reason = ofNodes ? "no node has room" : "its quota q is full"
        let shortage = QuotaShortage(kinds: kinds, reason: reason, isLasting: lasting, isOfNodes: ofNodes)
        await scheduler.hear(.givenBack(session: id, shortage))
    }

    /// When a session was asked for is the spawner's to say, by its own clock; ours is turned to it.
    func catchUp() { hub.clock.turn(by: .seconds(Date.now.timeIntervalSince(hub.clock.now))) }

    func hasEnded(_ id: String) async throws -> Bool {
        try await eventually { try await hub.database.session(id: id)?.state == .ended }
    }

    func isWaiting(_ id: String) async throws -> Bool { try await hub.database.session(id: id)?.isWaiting ?? false }

    func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while try await !condition() {
            guard ContinuousClock.now < deadline else { return false }
            try await Task.sleep(for: .milliseconds(1))
        }
        return true
    }

    /// Runs `body` while the scheduler runs.
    func running(_ body: () async throws -> Void) async throws {
        let run = Task { try await scheduler.run() }
        defer { run.cancel() }
        // It listens before it reads.
        #expect(try await eventually { await scheduler.loading != nil })
        try await Self.$isRunning.withValue(true) { try await body() }
    }
}
