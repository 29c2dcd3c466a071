import Foundation
import Logging
import OrreryCrypto
import OrreryModel
import OrreryPolicy
import OrrerySpawn
import OrreryStore
import ServiceLifecycle

/// Gives out the places: to whoever asks, at once; to whoever waits, when a place becomes free. Everything that it knows it
/// can find again in the store: a restart forgets breakers and how starts went, and nothing else.
///
/// Concurrency: an actor. A place is weighed and taken between two awaits, so that two never get the same one; `run` hears
/// what becomes of sessions and lets those begin whose turn it is.
actor Scheduler: Service {
    let policy: @Sendable () -> Policy
    /// The clusters as they are now.
    let clusters: @Sendable () -> [HubConfiguration.Cluster]
    let store: any SessionStore
    let persons: any PersonStore
    let spawner: Spawner
    let condition: @Sendable (String) -> ClusterCondition
    /// Told of every session that leaves the queue for a place.
    let admitted: @Sendable (SessionRecord, PersonRecord) async -> Void
    let now: @Sendable () -> Date
    let logger: Logger

    var occupancy = Occupancy()
    var line = WaitingLine()
    var shares: FairShare
    /// What those in the line asked for.
    var requests: [String: PlacementRequest] = [:]
    /// What it was that kept each from starting when it was last looked at.
    var obstacles: [String: [String]] = [:]
    /// In the line, but their rows are not written yet.
    var unstored: Set<String> = []
    /// How far those have come that are not ready yet.
    var starts: [String: Start] = [:]
    var memories: [String: ClusterMemory] = [:]
    var loading: Task<Void, any Error>?
    var isAnnouncing = false
    /// The places of all as they were a moment ago; nil once the line has changed.
    var places: (at: Date, order: [String: Int])?
    let errands = Mailbox<Errand>()

    /// One session on its way.
    struct Start: Sendable {
        var phase = SessionState.queued
        let image: String
        /// Whether it is the one that tries a cluster on which the last ones did not start.
        var isTrial = false
        /// What was asked for, should the place be given back; nil where a hub before this one knew it.
        var request: PlacementRequest?
    }

    /// What is done beside hearing.
    enum Errand: Sendable {
        case admit(String, PlacementRequest, cluster: String)
        case dismiss(String, String)
        /// End a session that waits with a sentence.
        case end(String, String)
        /// A session has lost its place, and the store did not say as what it waits.
        case takeBack(String, QuotaShortage)
        /// Look whether something fits once the time has passed.
        case wake(Duration)
        /// Tell those who wait how they stand.
        case announce
        /// What those who wait may have is not what it was.
        case weigh
        case news(SpawnNews)
    }

    init(
        policy: @escaping @Sendable () -> Policy, clusters: @escaping @Sendable () -> [HubConfiguration.Cluster],
        store: any SessionStore,
        persons: any PersonStore, spawner: Spawner, logger: Logger, now: @escaping @Sendable () -> Date,
        condition: (@Sendable (String) -> ClusterCondition)? = nil,
        admitted: @escaping @Sendable (SessionRecord, PersonRecord) async -> Void = { _, _ in }
    ) {
        self.policy = policy
        self.clusters = clusters
        self.store = store
        self.persons = persons
        self.spawner = spawner
        self.admitted = admitted
        self.condition = condition ?? spawner.condition(of:)
        self.now = now
        self.logger = logger
        shares = FairShare(total: clusters().map(\.facts).totalCapacity)
    }

    func run() async throws {
        // Before the store is read, so that nothing falls between the two.
        let listener = spawner.listen { self.errands.put(.news($0)) }
        defer { spawner.leave(listener) }
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                await self.loadPatiently()
                await self.dispatch()
                while let errand = await self.errands.next() {
                    if case .news(let news) = errand {
                        await self.hear(news)
                    } else {
                        group.addTask { await self.run(errand) }
                    }
                }
                group.cancelAll()
            }
        }
    }

    private func run(_ errand: Errand) async {
        switch errand {
        case .admit(let id, let request, let cluster): await admit(id, request, on: cluster)
        case .dismiss(let id, let sentence): await dismiss(id, because: sentence)
        case .end(let id, let sentence): await end(id, saying: sentence)
        case .takeBack(let id, let shortage): await takeBack(id, shortage)
        case .wake(let time):
            try? await Task.sleep(for: time)
            dispatch()
        case .announce:
            try? await Task.sleep(for: .seconds(1))
            announce()
        case .weigh: clustersChanged()
        case .news(let news): await hear(news)
        }
    }

    /// A newer policy is in force. May be called from anywhere.
    nonisolated func policyChanged() { errands.put(.weigh) }

    /// What placement is told of every cluster now; with `session`, as if that had ended.
    func facts(without session: String? = nil) -> [ClusterFacts] {
        var occupancy = self.occupancy
        if let session { occupancy.release(session) }
        var all = clusters().map { cluster in
            var facts = cluster.facts
            let memory = memories[cluster.name] ?? ClusterMemory()
            facts.health = ClusterFacts.Health(condition(cluster.name))
            facts.latency = spawner.latency(of: cluster.name)
            facts.held = occupancy.clusters[cluster.name] ?? Resources()
            facts.starting = occupancy.starting[cluster.name] ?? 0
            facts.profiles = occupancy.profiles[cluster.name] ?? [:]
            facts.images = memory.images
            facts.starts = memory.starts
            facts.breaker = memory.breaker
            facts.quota = memory.quota
            return facts
        }
        let claims = line.claims(at: now()) { open(to: $0, among: all, beside: occupancy) }
        for index in all.indices { all[index].nextIs = claims[all[index].name] }
        return all
    }

    func place(_ request: PlacementRequest) -> Placement { place(request, on: facts()) }

    /// The same for somebody who insists on a cluster that has a place: nobody will ask how the others did.
    func placeAtOnce(_ request: PlacementRequest) -> Placement {
        let facts = facts()
        guard let pin = request.pin else { return place(request, on: facts) }
        let there = place(request, on: facts.filter { $0.name.isExactly(pin) })
        if case .placed = there.outcome { return there }
        return place(request, on: facts)
    }

    func place(_ request: PlacementRequest, on facts: [ClusterFacts]) -> Placement {
        let account = account(of: request)
        let site = SiteFacts(
            occupancy, for: request.person, account: account, profile: request.profile, asking: request.ticket)
        return policy().place(request, on: facts, of: site, at: now())
    }

    func account(of request: PlacementRequest) -> String {
        let policy = policy()
        return policy.quotas.account(of: request.person, for: policy.profile(named: request.profile))
    }

    static func hash(_ plan: Plan) -> String { Digest.sha256.of(plan.canonicalJSON()).hexadecimal }
}

extension [ClusterFacts] {
    /// What all of them have together; a resource is unbounded where one of them does not bound it.
    var totalCapacity: ResourceBounds {
        func sum<Number>(_ parts: [Number?], _ add: (Number, Number) -> Number) -> Number? {
            let known = parts.compactMap { $0 }
            guard known.count == parts.count, let first = known.first else { return nil }
            return known.dropFirst().reduce(first, add)
        }
        return ResourceBounds(
            sessions: sum(map(\.capacity.sessions)) { $0.addingOrMost($1) },
            cpu: sum(map(\.capacity.cpu)) { CPUCount(millicores: $0.millicores.addingOrMost($1.millicores)) },
            memory: sum(map(\.capacity.memory)) { ByteCount(bytes: $0.bytes.addingOrMost($1.bytes)) },
            gpu: sum(map(\.capacity.gpu)) { $0.addingOrMost($1) })
    }
}

extension FixedWidthInteger {
    /// The sum, or the most there is; of amounts, which are not below nothing.
    fileprivate func addingOrMost(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
