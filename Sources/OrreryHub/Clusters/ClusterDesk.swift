import Foundation
import OrreryIdentity
import OrreryModel
import OrreryStore
import Synchronization

/// Where clusters are decided about: by the pages, by commands beside the hub, and by the rules. It writes into the store and
/// the audit log and touches nothing else; the hub that runs notices within a second.
struct ClusterDesk: Sendable {
    let store: any ClusterStore
    let audit: AuditLog
    var admission: Admission
    /// Names that only the configuration gives.
    let configured: Set<String>
    /// What people read of clusters that the configuration expects.
    var titles: [String: String]
    /// Those of which the configuration says what they may hold.
    var written: Set<String>
    /// Where sites find the hub.
    let url: PublicURL
    /// Hub groups that can own a cluster.
    let groups: [String]
    let now: @Sendable () -> Date
    /// How often codes may be wrong, by person.
    let guesses: FailureLimit

    init(
        store: any ClusterStore, audit: AuditLog, configuration: HubConfiguration, now: @escaping @Sendable () -> Date
    ) {
        (self.store, self.audit, self.now) = (store, audit, now)
        admission = configuration.admission
        configured = Set(configuration.clusters.map(\.name))
        titles = configuration.expected.mapValues(\.title)
        written = Set(configuration.written.keys)
        url = configuration.url
        groups = configuration.auth.groups.map(\.name)
        guesses = FailureLimit(burst: 10, interval: .seconds(60), now: now)
    }

    /// Carries out what `chief` wants of a cluster, one after the other and all or nothing, and gives it as it is then. Throws
    /// `.forbidden` unless they may.
    @discardableResult
    func order(
        _ orders: ClusterOrder..., of name: String, by chief: ClusterChief, because reason: String = ""
    ) async throws -> ClusterRecord {
        try await order(orders, of: name, by: chief, because: reason)
    }

    @discardableResult
    func order(
        _ orders: [ClusterOrder], of name: String, by chief: ClusterChief, because reason: String = ""
    ) async throws -> ClusterRecord {
        let now = now()
        let because = reason.isEmpty ? "no reason was given" : reason
        @Sendable func carryOut(_ record: inout ClusterRecord) throws(HubError) {
            var after = record
            for order in orders {
                try check(order, of: after, by: chief)
                after.carryOut(order, by: chief, at: now, because: because)
            }
            record = after
        }
        var record = try await cluster(name)
        try carryOut(&record)
        // Somebody else may have decided something since it was read.
        let flaw = Mutex<HubError?>(nil)
        let changed = try await store.changeCluster(record.name) { record in
            // It may be run again, on what somebody else has made of the record.
            flaw.withLock { $0 = nil }
            do throws(HubError) { try carryOut(&record) } catch { flaw.withLock { $0 = error } }
        }
        if let flaw = flaw.withLock({ $0 }) { throw flaw }
        for order in orders {
            await audit.record(
                AuditAct(
                    .clusterChanged, of: chief.person, by: nil, on: record.name, to: order.words,
                    because: because
                ).ordered(by: chief))
        }
        try await audit.settle()
        return changed
    }

    func cluster(_ name: String) async throws -> ClusterRecord {
        guard let record = try await store.clusters().first(where: { $0.name.isExactly(name) }) else {
            throw HubError(.notFound, "there is no cluster called \(name)", next: "look which ones are")
        }
        return record
    }

    private func check(_ order: ClusterOrder, of record: ClusterRecord, by chief: ClusterChief) throws(HubError) {
        guard chief.isAdmin || (order.isOwners && chief.owns(record)) else {
            throw HubError(
                .forbidden, "that is for administrators of this hub" + (order.isOwners ? " and for its owners" : ""))
        }
        if order == .uncordon, record.facets.quarantine != nil, !chief.isAdmin {
            throw HubError(
                .forbidden, "the cluster is in quarantine", next: "an administrator of this hub looks at it first")
        }
        if order == .leave, !chief.isAdmin, !record.mayLeave {
            throw HubError(
                .forbidden, "a cluster that is suspended or in quarantine stays until an administrator has looked",
                next: "an administrator of this hub decides, or the site takes its agent away")
        }
        switch order {
        case .owner(let group): try check(group: group)
        case .trust(let trust): try check(trust)
        case .dataAsWritten where !written.contains(record.name):
            throw HubError(
                .unprocessable, "orrery.yaml does not say what \(record.name) may hold", next: "name a class of data")
        default: break
        }
        if case .trust(.ownerOnly) = order, record.owner == nil {
            throw HubError(.unprocessable, "the cluster has no owner", next: "name one first")
        }
        guard record.kind == .agent || order.isForDirect else {
            throw HubError(
                .unprocessable, "the hub reaches this cluster directly, so there is no agent to do that",
                next: "change orrery.yaml")
        }
        if order == .rotate, let end = record.replacedKeyEnds(after: now()) {
            throw HubError(
                .conflict,
                "the key that \(record.name) had before is good until \(Moment(end).text), and one more would cut its "
                    + "connections",
                next: "wait until then; if a key was stolen, revoke the cluster")
        }
        let membership = record.facets.membership.value
        guard [.member, .suspended].contains(membership) else {
            throw HubError(.conflict, "\(record.name) is no member any more (\(membership.rawValue))")
        }
    }
}

extension ClusterDesk {
    /// Refuses a group that no rule of this hub makes. `words` may stand where the group does.
    func check(group name: String, or words: [String] = []) throws(HubError) {
        guard !groups.contains(where: { HubConfiguration.Auth.makes($0, name) }) else { return }
        let near = nearestName(to: name, among: groups + words)
        throw HubError(
            .unprocessable, "there is no group \(name) here",
            next: near.map { "did you mean \($0)?" } ?? "the groups of this hub stand in orrery.yaml")
    }

    func check(_ trust: ClusterTrust) throws(HubError) {
        guard case .groups(let names) = trust else { return }
        for name in names.sorted() { try check(group: name, or: ["unclaimed", "owner", "federation"]) }
    }
}

extension ClusterOrder {
    /// Whether it makes sense for a cluster without an agent.
    fileprivate var isForDirect: Bool { self != .rotate && self != .revoke && self != .leave }
}

extension ClusterRecord {
    /// Whether its owners may take it away. Whoever leaves may join anew, so what an administrator stopped stays stopped.
    var mayLeave: Bool { facets.membership.value == .member && facets.quarantine == nil }

    /// When a key that another one follows ends, if that is still to come. A second rotation would end it at once.
    fileprivate func replacedKeyEnds(after now: Date) -> Date? {
        keys.compactMap(\.endsAt).filter { now < $0 }.max()
    }

    /// Changes what `order` is about.
    fileprivate mutating func carryOut(
        _ order: ClusterOrder, by chief: ClusterChief, at now: Date, because reason: String
    ) {
        func facet<Value>(_ value: Value) -> Facet<Value> { Facet(value, by: chief.name, at: now, because: reason) }
        switch order {
        case .cordon: facets.scheduling = facet(.cordoned)
        case .uncordon:
            facets.scheduling = facet(.schedulable)
            facets.quarantine = nil
        case .drain(let deadline): facets.scheduling = facet(.draining(until: deadline))
        case .trust(let trust): facets.trust = facet(trust)
        case .owner(let group):
            owner = group
            if facets.trust.value == .unclaimed { facets.trust = facet(.ownerOnly) }
        case .data(let ceiling): facets.ceiling = facet(ceiling)
        case .dataAsWritten:
            // A hub that has not read the file yet goes on with the class until it begins anew.
            facets.ceiling = Facet(facets.ceiling.value, by: FacetActor.configuration, at: now, because: reason)
        case .suspend: facets.membership = facet(.suspended)
        case .resume: facets.membership = facet(.member)
        case .revoke: facets.membership = facet(.revoked)
        case .leave: facets.membership = facet(.left)
        case .rotate: rotationAskedAt = now
        }
    }
}

extension AuditAct {
    /// The same, ordered by whoever that is: a person, or somebody at the hub's machine.
    func ordered(by chief: ClusterChief) -> AuditAct {
        var act = self
        if chief.person == nil { act.chief = chief.name }
        return act
    }
}
