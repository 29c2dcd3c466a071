import Foundation
import OrreryIdentity
import OrreryLink
import OrreryModel
import OrreryStore

// How clusters become members.
extension ClusterDesk {
    /// What is known of an agent that may be let in.
    struct Applicant: Sendable {
        let key: String
        let spki: [UInt8]
        let about: AgentHello.Cluster
        var evidence: JoinEvidence
    }

    /// Makes a member of `applicant`, by a rule or by the word of `chief`. Its name is the first free one; never one that
    /// another cluster has or had, and one that the configuration expects only where an administrator has given it: the
    /// name brings what policy says of it.
    func admit(
        _ applicant: Applicant, rule: String, terms: Admission.Terms, by chief: ClusterChief? = nil,
        name: String? = nil, because reason: String
    ) async throws -> ClusterRecord {
        if let name { try Self.check(name) }
        for _ in 1...8 {
            var taken = Set(try await store.clusters().map(\.name))
            taken.formUnion(configured)
            let given = name ?? applicant.evidence.invite.flatMap { $0.flaw == nil ? $0.name : nil }
            if given == nil { taken.formUnion(titles.keys) }
            let wish = given ?? applicant.about.name
            let free = ClusterName.free(wish, key: applicant.key, among: taken)
            if let name, free != name { throw HubError(.conflict, "the name \(name) is or was another cluster's") }
            let record = record(applicant, name: free, rule: rule, terms: terms, by: chief, because: reason)
            let invite = rule == "token" ? applicant.evidence.invite?.id : nil
            guard try await store(record, with: invite) else { continue }
            await audit.record(
                AuditAct(
                    .clusterJoined, of: chief?.person, on: record.name, to: "key \(applicant.key)",
                    because: "rule \(rule): \(reason), from \(applicant.evidence.address)"
                ).ordered(by: chief ?? .operator, unless: chief == nil))
            return record
        }
        throw HubError(.unavailable, "no name is free now", next: "try again in a moment")
    }

    /// False when somebody was faster with the name.
    private func store(_ record: ClusterRecord, with invite: String?) async throws(StoreError) -> Bool {
        do { try await store.admit(record, with: invite, at: now()) } catch {
            guard error.contested == .clusterName else { throw error }
            return false
        }
        return true
    }

    private func record(
        _ applicant: Applicant, name: String, rule: String, terms: Admission.Terms, by chief: ClusterChief?,
        because reason: String
    ) -> ClusterRecord {
        let now = now()
        func facet<Value>(_ value: Value) -> Facet<Value> {
            Facet(value, by: chief?.name ?? "rule \(rule)", at: now, because: reason)
        }
        return ClusterRecord(
            name: name, kind: .agent, title: titles[name] ?? name, uid: applicant.about.uid, owner: terms.owner,
            namespace: applicant.about.namespaces.first ?? "orrery",
            admission: ClusterAdmission(rule: rule, at: now, by: chief?.name, evidence: applicant.evidence.json),
            facets: ClusterFacets(
                membership: facet(.member), scheduling: facet(terms.scheduling), trust: facet(terms.trust),
                ceiling: facet(terms.ceiling)),
            keys: [ClusterKey(id: applicant.key, spki: applicant.spki, since: now)])
    }

    // MARK: Those who wait

    /// How an administrator lets in what waits; nil takes what the rules say.
    struct Approval: Sendable {
        var name: String?
        var owner: String?
        var trust: ClusterTrust?
        var ceiling: DataCeiling?
    }

    /// The one whose key's id begins so. Throws unless there is exactly one.
    func waiting(_ start: String) async throws -> JoinRecord {
        let found = try await store.joins(at: now()).filter { $0.state == .waiting && $0.key.hasPrefix(start) }
        guard start.utf8.count >= 8, let join = found.first, found.count == 1 else {
            throw HubError(
                .notFound, "no cluster waits to be let in whose key begins with \(start)",
                next: "look which ones wait, and give at least eight digits of the key")
        }
        return join
    }

    /// An administrator lets in what waits.
    func approve(
        _ start: String, _ approval: Approval = Approval(), by chief: ClusterChief, because reason: String = ""
    ) async throws -> ClusterRecord {
        guard chief.isAdmin else { throw HubError(.forbidden, "that is for administrators of this hub") }
        if let owner = approval.owner { try check(group: owner) }
        if let trust = approval.trust { try check(trust) }
        return try await letIn(
            try await waiting(start), kind: .approve, by: chief, approval,
            because: reason.isEmpty ? "approved by \(chief.name)" : reason)
    }

    func deny(_ start: String, by chief: ClusterChief, because reason: String) async throws {
        guard chief.isAdmin else { throw HubError(.forbidden, "that is for administrators of this hub") }
        let join = try await waiting(start)
        let why = reason.isEmpty ? "an administrator of this hub has refused it" : reason
        guard try await store.deny(join: join.key, because: why, until: now() + Self.denial.seconds) else {
            throw HubError(.conflict, "it does not wait any more")
        }
        await audit.record(
            AuditAct(.clusterDenied, of: chief.person, to: "key \(join.key)", because: why).ordered(by: chief))
        try await audit.settle()
    }

    /// The one that waits with the code that `chief` typed. Throws when there is none; whoever is wrong too often waits.
    func claimable(_ typed: String, for chief: ClusterChief) async throws -> JoinRecord {
        let person = "person \(chief.person?.id ?? 0)"
        if let wait = guesses.wait(person) { throw HubError.tooMany(retryAfter: wait, "too many codes were wrong") }
        guard let code = UserCode(typed), let join = try await store.join(codeHash: code.claimHash, at: now()) else {
            guesses.record(person)
            throw HubError(
                .notFound, "no cluster waits with this code",
                next: "compare it with what its agent logged last")
        }
        return join
    }

    /// Somebody who can log in here vouches for a cluster with a group of theirs, which owns it from then on.
    func claim(_ typed: String, for group: String, by chief: ClusterChief) async throws -> ClusterRecord {
        let join = try await claimable(typed, for: chief)
        guard chief.person?.person.groups.contains(where: { $0.name.isExactly(group) }) ?? false else {
            throw HubError(.forbidden, "you are not in the group \(group)", next: "choose one of your own")
        }
        try await checkClaim(of: join)
        return try await letIn(
            join, kind: .claim, by: chief, Approval(owner: group), because: "claimed by \(chief.name) for \(group)")
    }

    /// The rules, and what else is known, may be others than when the code was given out.
    private func checkClaim(of join: JoinRecord) async throws {
        let evidence = JoinEvidence(join.evidence) ?? JoinEvidence(address: join.address)
        guard case .queue(byCode: true, _) = admission.decide(evidence, at: now()).outcome else {
            throw HubError(
                .forbidden, "the rules of this hub do not let this cluster be claimed",
                next: "ask an administrator of this hub to let it in")
        }
        let uid = join.hello["uid"]?.string ?? ""
        guard try await !store.clusters().contains(where: { $0.isOfSite && $0.uid?.isExactly(uid) ?? false }) else {
            throw HubError(
                .conflict, "a cluster that is known already has the same kube-system uid",
                next: "ask an administrator of this hub to let it in")
        }
    }

    /// An administrator says that what waits is a cluster that is a member already, under a key that the hub has lost: an older
    /// copy of its database was put back, or the site has lost its key. Keys that it had before end.
    @discardableResult func adopt(_ start: String, into name: String, by chief: ClusterChief, because reason: String)
        async throws
        -> ClusterRecord
    {
        guard chief.isAdmin else { throw HubError(.forbidden, "that is for administrators of this hub") }
        let (join, record) = (try await waiting(start), try await cluster(name))
        guard record.isConnectable, let uid = record.uid, join.hello["uid"]?.string?.isExactly(uid) ?? false else {
            throw HubError(
                .conflict, "what waits is not \(name), or that is no member with an agent",
                next: "compare its kube-system uid")
        }
        _ = try await store.forgetJoin(join.key)
        let now = now()
        let changed = try await store.changeCluster(record.name) {
            $0.keys = [ClusterKey(id: join.key, spki: join.spki, since: now)]
        }
        await audit.record(
            AuditAct(
                .clusterChanged, of: chief.person, on: record.name, to: "key \(join.key)",
                because: "adopted: \(reason.isEmpty ? "no reason was given" : reason)"
            ).ordered(by: chief))
        try await audit.settle()
        return changed
    }

    private func letIn(
        _ join: JoinRecord, kind: JoinEvidence.Word.Kind, by chief: ClusterChief, _ approval: Approval,
        because reason: String
    ) async throws -> ClusterRecord {
        var evidence = JoinEvidence(join.evidence) ?? JoinEvidence(address: join.address)
        let given = approval.name ?? evidence.invite?.name
        if approval.ceiling != nil, let given, written.contains(given) {
            throw HubError(
                .unprocessable, "orrery.yaml says which data \(given) may hold, and that counts when it comes",
                next: "let it in without this, and decide with orrery clusters trust once it is a member")
        }
        var terms: Admission.Terms =
            switch admission.decide(evidence, at: now()).outcome {
            case .accept(let terms), .queue(_, let terms): terms
            case .deny: Admission.Terms(owner: nil, trust: .unclaimed, scheduling: .schedulable, ceiling: .public)
            }
        evidence.word = JoinEvidence.Word(kind: kind, by: chief.name)
        if let owner = approval.owner {
            terms.owner = owner
            if terms.trust == .unclaimed { terms.trust = .ownerOnly }
        }
        terms.trust = approval.trust ?? terms.trust
        terms.ceiling = approval.ceiling ?? terms.ceiling
        let hello = AgentHello.Cluster(stored: join.hello)
        let record = try await admit(
            Applicant(key: join.key, spki: join.spki, about: hello, evidence: evidence), rule: kind.rawValue,
            terms: terms, by: chief, name: approval.name, because: reason)
        try await audit.settle()
        return record
    }

    /// How long a key that was denied stays so.
    static let denial = Duration.seconds(30 * 86400)
    /// How long one waits that is not heard of.
    static let patience = Duration.seconds(86400)
}

extension AuditAct {
    fileprivate func ordered(by chief: ClusterChief, unless isRule: Bool) -> AuditAct {
        isRule ? self : ordered(by: chief)
    }
}

extension UserCode {
    /// What is stored instead of a code by which a cluster is claimed.
    var claimHash: [UInt8] { Fingerprint.of("claim\n\(text)") }
}

extension AgentHello.Cluster {
    /// What was stored of it.
    init(stored json: JSON) {
        self.init(
            name: json["name"]?.string, uid: json["uid"]?.string ?? "", kubernetes: json["kubernetes"]?.string ?? "",
            namespaces: json["namespaces"]?.array?.compactMap(\.string) ?? [])
    }

    var json: JSON {
        var json: JSON = [
            "uid": .string(uid), "kubernetes": .string(kubernetes),
            "namespaces": .array(namespaces.map { .string($0) }),
        ]
        json["name"] = name.map { .string($0) }
        return json
    }
}
