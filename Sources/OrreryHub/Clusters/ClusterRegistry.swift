import Foundation
import Logging
import OrreryKubernetes
import OrreryModel
import OrreryPolicy
import OrrerySpawn
import OrreryStore
import Synchronization

/// The clusters of the site as they are now: those of the configuration, and those that have joined.
///
/// What was decided about them lies in the store, where commands beside the hub change it too; `run` notices within a
/// second and has everybody told: the proxies, the spawner and the policy. Nothing here decides.
///
/// Concurrency: any task may ask; `load` and `refresh` take their turns.
final class ClusterRegistry: Sendable {
    let store: any ClusterStore
    let configured: [HubConfiguration.Cluster]
    let expected: [String: HubConfiguration.Expected]
    /// What the configuration says that clusters may hold, by their names.
    let written: [String: Set<String>]
    let proxy: HubConfiguration.Proxy
    /// How long a cluster that joined may be away.
    let away: Duration
    let feed: ProxyFeed
    let links: AgentLinks
    let now: @Sendable () -> Date
    let logger: Logger
    let state: Mutex<State>
    let turn = AsyncTurn()

    struct State: Sendable {
        /// Nil before the store was read.
        var revision: Int64?
        /// By name.
        var records: [String: ClusterRecord] = [:]
        /// Those that sessions may live on: the configured ones in their order, then those that joined, by name.
        var clusters: [HubConfiguration.Cluster]
        var followers: [@Sendable (Change) async -> Void] = []
    }

    /// What has come about since the last change.
    struct Change: Sendable {
        let clusters: [HubConfiguration.Cluster]
        let records: [String: ClusterRecord]
        let before: [String: ClusterRecord]
    }

    init(
        _ configuration: HubConfiguration, store: any ClusterStore, feed: ProxyFeed, logger: Logger,
        now: @escaping @Sendable () -> Date
    ) {
        self.store = store
        configured = configuration.clusters
        expected = configuration.expected
        written = configuration.written
        proxy = configuration.proxy
        away = configuration.away
        self.feed = feed
        links = AgentLinks(now: now)
        self.now = now
        self.logger = logger
        state = Mutex(State(clusters: configuration.clusters))
    }

    /// Those that sessions may live on.
    var clusters: [HubConfiguration.Cluster] { state.withLock { $0.clusters } }

    /// All that are or were, by name.
    var records: [ClusterRecord] {
        state.withLock { $0.records.values.sorted { $0.name < $1.name } }
    }

    func record(_ name: String) -> ClusterRecord? {
        state.withLock { $0.records.values.first { $0.name.isExactly(name) } }
    }

    /// The cluster that has or had this key.
    func record(ofKey key: String) -> ClusterRecord? {
        state.withLock { $0.records.values.first { $0.keys.contains { $0.id == key } } }
    }

    /// The cluster of the site, or one that was thrown out, that says it is this one.
    func record(ofUID uid: String) -> ClusterRecord? {
        state.withLock { state in
            state.records.values.sorted { $0.name < $1.name }.first { record in
                record.isOfSite && record.uid?.isExactly(uid) ?? false
            }
        }
    }

    /// Has `body` told of every change from now on, one after the other.
    func follow(_ body: @escaping @Sendable (Change) async -> Void) { state.withLock { $0.followers.append(body) } }
}

/// Lets one task in after the other.
actor AsyncTurn {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take() async {
        guard isTaken else {
            isTaken = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func leave() {
        guard waiting.isEmpty else { return waiting.removeFirst().resume() }
        isTaken = false
    }
}
