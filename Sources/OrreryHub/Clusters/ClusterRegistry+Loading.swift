import Foundation
import Logging
import OrreryCrypto
import OrreryKubernetes
import OrreryModel
import OrreryPolicy
import OrreryStore
import Synchronization

// Reading the store, and telling what has changed.
extension ClusterRegistry {
    /// Brings the store up to the configuration and reads it. Before this only the configured clusters are known.
    func load() async throws {
        try await settle()
        try await read()
        tellWhatIsPassedOver()
    }

    /// Whoever wrote it does not see in `orrery.yaml` that it does not count.
    private func tellWhatIsPassedOver() {
        for record in records.sorted(by: { $0.name < $1.name }) {
            guard let words = record.passedOver(written) else { continue }
            let ceiling = record.facets.ceiling
            logger.warning(
                "what orrery.yaml says a cluster may hold does not count: its class of data was decided",
                metadata: [
                    "cluster": "\(record.name)", "written": "\(words.sorted().joined(separator: ", "))",
                    "decided": "\(ceiling.value.rawValue), by \(ceiling.actor) at \(Moment(ceiling.at).text)",
                    "next": "orrery clusters trust \(record.name) --data written, and the file counts again",
                ])
        }
    }

    /// Reads what has changed, if anything has, and has everybody told. The store's troubles are told to the log: what was
    /// known stays so.
    func refresh() async {
        do { try await read() } catch {
            logger.error("the clusters cannot be read; what was known of them stays", metadata: ["error": "\(error)"])
        }
    }

    private func read() async throws {
        await turn.take()
        do {
            let revision = try await store.clusterRevision()
            if state.withLock({ $0.revision }) != revision { await take(try await store.clusters(), revision) }
        } catch {
            await turn.leave()
            throw error
        }
        await turn.leave()
    }

    private func take(_ list: [ClusterRecord], _ revision: Int64) async {
        let records = Dictionary(list.map { ($0.name, $0) }) { first, _ in first }
        let clusters = places(records)
        let (change, followers) = state.withLock { state in
            let change = Change(clusters: clusters, records: records, before: state.records)
            state.records = records
            state.clusters = clusters
            state.revision = revision
            return (change, state.followers)
        }
        // Before anything else: what may not dial in any more is cut off.
        feed.setAgents(agents(records)) { key in strike(key, records) }
        askForKeys(change)
        for follower in followers { await follower(change) }
    }

    /// The keys that open something now.
    private func agents(_ records: [String: ClusterRecord]) -> [String: ProxyFeed.Agent] {
        let now = now()
        var agents: [String: ProxyFeed.Agent] = [:]
        for record in records.values where record.isConnectable {
            guard let uid = record.uid else { continue }
            for key in record.keys where key.isGood(at: now) {
                agents[key.id] = ProxyFeed.Agent(cluster: record.name, uid: uid)
            }
        }
        return agents
    }

    private func strike(_ key: String, _ records: [String: ClusterRecord]) -> String {
        guard let record = records.values.first(where: { $0.keys.contains { $0.id == key } }) else {
            return "this key is not known here any more"
        }
        let membership = record.facets.membership
        return record.isConnectable
            ? "this key was replaced by a newer one"
            : "\(membership.value.rawValue): \(membership.reason)"
    }

    /// Tells agents whose new key is waited for, when that was asked for just now.
    private func askForKeys(_ change: Change) {
        for record in change.records.values where record.isKeyAwaited {
            guard change.before[record.name]?.rotationAskedAt != record.rotationAskedAt else { continue }
            for key in record.keys where key.isGood(at: now()) { feed.tell(key.id, ["type": "rotate"]) }
        }
    }

    /// Keys whose time is over go.
    func expireKeys() async {
        let now = now()
        for record in records where record.keys.contains(where: { !$0.isGood(at: now) }) {
            _ = try? await store.changeCluster(record.name) { $0.keys.removeAll { !$0.isGood(at: now) } }
        }
    }
}

// The clusters of the configuration have their place in the registry too.
extension ClusterRegistry {
    /// Writes what the configuration says of its clusters where nobody has decided otherwise.
    private func settle() async throws {
        let known = Dictionary(try await store.clusters().map { ($0.name, $0) }) { first, _ in first }
        let now = now()
        for cluster in configured {
            let record = ClusterRecord(configured: cluster, at: now)
            guard let before = known[cluster.name] else {
                try await store.admit(record, with: nil, at: now)
                continue
            }
            guard before.kind == .direct else {
                throw HubError(
                    .cannotStart,
                    "the cluster \(cluster.name) of the configuration has the name of one that has joined",
                    next: "choose another name, or write `agent: true` for it")
            }
            try await store.changeCluster(cluster.name) { $0.follow(record) }
        }
        for (name, said) in expected where known[name].map({ $0.title != said.title }) ?? false {
            try await store.changeCluster(name) { $0.title = said.title }
        }
        // Nothing of what was decided lies in wait for the day on which the file says nothing any more.
        for record in known.values where record.kind == .agent && record.facets.ceiling.isConfigured {
            try await store.changeCluster(record.name) { record in
                let said = record.facets.ceiling
                guard said.isConfigured else { return }
                record.facets.ceiling = Facet(.public, by: said.actor, at: said.at, because: said.reason)
            }
        }
        let names = Set(configured.map(\.name))
        for record in known.values where record.kind == .direct && !names.contains(record.name) {
            guard record.facets.membership.value != .left else { continue }
            logger.warning(
                "a cluster is not configured any more: nothing is asked there, and its sessions can only be ended",
                metadata: ["cluster": "\(record.name)"])
            try await store.changeCluster(record.name) {
                $0.facets.membership = Facet(
                    .left, by: FacetActor.configuration, at: now, because: "it is not configured any more")
            }
        }
    }
}

extension ClusterRecord {
    /// A cluster as the configuration has it.
    init(configured cluster: HubConfiguration.Cluster, at now: Date) {
        func facet<Value>(_ value: Value) -> Facet<Value> {
            Facet(value, by: FacetActor.configuration, at: now, because: "orrery.yaml says so")
        }
        let facets = ClusterFacets(
            membership: facet(.member), scheduling: facet(cluster.facts.scheduling), trust: facet(cluster.facts.trust),
            ceiling: facet(.public))
        self.init(
            name: cluster.name, kind: .direct, title: cluster.title, owner: cluster.facts.owner,
            namespace: cluster.access.namespace,
            admission: ClusterAdmission(rule: FacetActor.configuration, at: now, by: nil), facets: facets)
    }

    /// Takes over what `other` says, but for what somebody has decided since.
    mutating func follow(_ other: ClusterRecord) {
        (title, owner, namespace) = (other.title, other.owner, other.namespace)
        if facets.membership.isConfigured, facets.membership.value != other.facets.membership.value {
            facets.membership = other.facets.membership
        }
        if facets.scheduling.isConfigured, facets.scheduling.value != other.facets.scheduling.value {
            facets.scheduling = other.facets.scheduling
        }
        if facets.trust.isConfigured, facets.trust.value != other.facets.trust.value {
            facets.trust = other.facets.trust
        }
    }

    /// Whether its agents may dial in.
    var isConnectable: Bool {
        kind == .agent && [.member, .suspended].contains(facets.membership.value)
    }

    /// Whether it is a cluster of the site, or one that was thrown out: it does not come in anew by a rule or a code.
    var isOfSite: Bool { facets.membership.value != .left }

    /// Whether a new key was asked for that has not come yet.
    var isKeyAwaited: Bool { rotationAskedAt != nil && isConnectable }
}
