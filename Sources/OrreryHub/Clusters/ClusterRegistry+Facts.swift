import Foundation
import OrreryKubernetes
import OrreryModel
import OrreryPolicy
import OrreryStore
import Synchronization

// What placement and pages are told of each cluster.
extension ClusterRegistry {
    /// The clusters that sessions may live on.
    func places(_ records: [String: ClusterRecord]) -> [HubConfiguration.Cluster] {
        let direct = configured.map { cluster in records[cluster.name].map(cluster.following) ?? cluster }
        let joined = records.values.filter { $0.kind == .agent && $0.isConnectable }.sorted { $0.name < $1.name }
        return direct + joined.compactMap(place)
    }

    /// A cluster that joined; nil where the proxy takes no calls for it.
    private func place(_ record: ClusterRecord) -> HubConfiguration.Cluster? {
        guard let inner = proxy.inner else { return nil }
        let said = expected[record.name]
        var access = ClusterAccess(
            name: record.name, server: "http://\(inner.reachable)/\(record.name)", token: proxy.token,
            namespace: said?.namespace ?? record.namespace)
        access.reach = .agent
        access.patience = away
        var facts = said?.facts ?? ClusterFacts(name: record.name, title: record.title)
        facts.owner = record.owner ?? facts.owner
        if facts.capacity == .none { facts.capacity = record.capacity }
        var cluster = HubConfiguration.Cluster(title: said?.title ?? record.title, access: access, facts: facts)
        cluster.holds = record.holds(written) ?? record.facets.ceiling.value.words
        cluster = cluster.decided(record.facets)
        cluster.facts.admits = record.inventory?["policy"]?["groups"]?.array.map { Set($0.compactMap(\.string)) }
        if record.isPaused { cluster.facts.scheduling = .cordoned }
        return cluster
    }
}

extension ClusterRegistry {
    /// What proxies are told of the server of `session` that listens at `address`; nil where its cluster is none that sessions
    /// may live on: the address may be somebody else's by now.
    func target(of session: SessionRecord, at address: String) -> String? {
        let access = clusters.first { $0.name == session.cluster }?.access
        return access?.target(address, pod: session.podUID)
    }

    /// What each cluster is trusted with.
    var holds: [String: Set<String>] {
        state.withLock { Change(clusters: $0.clusters, records: $0.records, before: [:]).holds }
    }

    /// What people call the cluster of this name; the name where there is none.
    func title(of cluster: String) -> String {
        clusters.first { $0.name.isExactly(cluster) }?.facts.title ?? cluster
    }
}

extension ClusterRecord {
    /// What its agent says that the nodes have, and how many sessions the site allows; no bounds where it says nothing.
    /// Whatever it says, these are amounts that a thousand clusters together can have.
    fileprivate var capacity: ResourceBounds {
        let (all, most) = (inventory?["capacity"], inventory?["policy"]?["maxima"])
        func amount(_ value: JSON?, most: Int64) -> Int64? { value?.integer.map { min(max(0, $0), most) } }
        func some(_ value: JSON?, most: Int64) -> Int64? { amount(value, most: most).flatMap { $0 > 0 ? $0 : nil } }
        return ResourceBounds(
            sessions: amount(most?["sessions"], most: 1_000_000).map { Int($0) },
            cpu: some(all?["cpu"], most: 1_000_000_000).map { CPUCount(millicores: $0) },
            memory: some(all?["memory"], most: 1 << 52).map { ByteCount(bytes: $0) },
            gpu: amount(all?["gpu"], most: 1_000_000).map { Int($0) })
    }
}

extension ClusterRegistry.Change {
    /// What each cluster is trusted with. Of all, not of those alone about which somebody has decided something: what is decided
    /// may be given back, and the policy was read with what counted then.
    var holds: [String: Set<String>] { Dictionary(clusters.map { ($0.name, $0.holds) }) { first, _ in first } }
}

extension ClusterRegistry.Change {
    /// Those whose trust somebody has decided since they came.
    var judged: Set<String> {
        let decided = clusters.filter { records[$0.name]?.isCeilingDecided ?? false }
        return Set(decided.map(\.name))
    }
}

extension ClusterRecord {
    /// Whether somebody has decided since it came which data it may hold.
    fileprivate var isCeilingDecided: Bool {
        !facets.ceiling.isConfigured && (kind == .direct || facets.ceiling.at != admission.at)
    }

    /// What it may hold by what is `written` of clusters; nil where nothing is of this one, or where somebody has decided since
    /// it came: then the class of data counts that was decided, and nothing beside it.
    func holds(_ written: [String: Set<String>]) -> Set<String>? { isCeilingDecided ? nil : written[name] }

    /// What is `written` and does not count, since somebody has decided something else about this cluster that joined.
    func passedOver(_ written: [String: Set<String>]) -> Set<String>? {
        guard isConnectable, isCeilingDecided, let words = written[name] else { return nil }
        return words == facets.ceiling.value.words ? nil : words
    }
}

extension HubConfiguration.Cluster {
    /// The same, with what was decided about it since the configuration was written.
    func following(_ record: ClusterRecord) -> HubConfiguration.Cluster {
        var cluster = self
        if record.isCeilingDecided { cluster.holds = record.facets.ceiling.value.words }
        return cluster.decided(record.facets)
    }

    fileprivate func decided(_ facets: ClusterFacets) -> HubConfiguration.Cluster {
        var cluster = self
        cluster.facts.membership = facets.membership.value
        cluster.facts.trust = facets.trust.value
        cluster.facts.scheduling = facets.quarantine == nil ? facets.scheduling.value : .cordoned
        return cluster
    }

    /// Whether it is one that people are shown: somebody has vouched for it.
    var isShown: Bool { facts.trust != .unclaimed && facts.membership == .member }
}
