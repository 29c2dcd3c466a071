import Foundation
import OrreryModel

/// The hard filters. Each says what it has against a cluster; none stops the others from saying it too.
extension PlacementQuestion {
    func objections(to facts: ClusterFacts) -> [Objection] {
        let place = "cluster \(facts.name)"
        func objection(_ filter: PlacementFilter, _ reason: String, _ remedy: String? = nil) -> Objection {
            Objection(filter: filter, refusal: Refusal(place, because: reason, remedy: remedy))
        }
        var found: [Objection] = []
        if let pin = request.pin, !pin.utf8.elementsEqual(facts.name.utf8) {
            found.append(objection(.pin, "you chose another cluster"))
        }
        if let reason = membership(facts) { found.append(objection(.membership, reason)) }
        if let reason = scheduling(facts) { found.append(objection(.scheduling, reason, "choose another cluster")) }
        found += health(facts).map { objection($0.filter, $0.reason, $0.remedy) }
        if let refusal = trust(facts) { found.append(objection(.trust, refusal.reason, refusal.remedy)) }
        if let refusal = veto(facts) { found.append(objection(.trust, refusal.reason, refusal.remedy)) }
        if let reason = labels(facts) { found.append(objection(.labels, reason)) }
        found += filesets(facts).map { Objection(filter: .filesets, refusal: $0) }
        if let reason = architecture(facts) { found.append(objection(.architecture, reason)) }
        if let plan = plans[facts.name]?.plan {
            if let reason = gpu(facts, plan) { found.append(objection(.gpu, reason)) }
            let tooSmall = size(facts, plan)
            found += tooSmall.map { objection($0.filter, $0.reason, "take a smaller size") }
            if tooSmall.isEmpty { found += capacity(facts, plan).map { objection(.capacity, $0) } }
        }
        return found
    }

    private func membership(_ facts: ClusterFacts) -> String? {
        switch facts.membership {
        case .member: nil
        case .pending: "it has not been admitted yet"
        case .suspended: "it is suspended"
        case .revoked: "its membership was revoked"
        case .left: "it has left"
        }
    }

    private func scheduling(_ facts: ClusterFacts) -> String? {
        switch facts.scheduling {
        case .schedulable: nil
        case .cordoned: "it takes no new sessions for the time being"
        case .draining(let until):
            "it is being emptied" + (until.map { " until \($0.inWords)" } ?? "")
        }
    }

    private func health(_ facts: ClusterFacts) -> [(filter: PlacementFilter, reason: String, remedy: String?)] {
        var found: [(filter: PlacementFilter, reason: String, remedy: String?)] = []
        switch facts.health {
        case .ready, .degraded: break
        case .unreachable(let since, let reason):
            found.append(
                (
                    .health, "it cannot be reached since \(since.inWords) (\(reason))",
                    "choose another cluster, or try later"
                ))
        case .neverSeen: found.append((.unseen, "it has not answered since the hub started", "try again later"))
        }
        if let until = facts.breaker.closedUntil(at: now) {
            let reason = "its last \(facts.breaker.failures) starts failed; it is tried again at \(until.inWords)"
            found.append((.health, reason, "choose another cluster, or try later"))
        }
        return found
    }

    private func trust(_ facts: ClusterFacts) -> Refusal? {
        let groups: Set<String>
        switch facts.trust {
        case .federation: return nil
        case .unclaimed: return Refusal("", because: "nobody has vouched for it yet")
        case .ownerOnly: groups = Set([facts.owner].compactMap { $0 })
        case .groups(let named): groups = named.union([facts.owner].compactMap { $0 })
        }
        let audience = groups.sorted().map { Audience.group($0) }
        return audience.include(request.person) ? nil : audience.refusal(of: "")
    }

    /// The site's own word, which its gate has in any case: whoever it turns away goes elsewhere at once.
    private func veto(_ facts: ClusterFacts) -> Refusal? {
        guard let groups = facts.admits else { return nil }
        let audience = groups.sorted().map { Audience.group($0) }
        guard !audience.include(request.person) else { return nil }
        let refusal = audience.refusal(of: "")
        return Refusal("", because: "its site has rules of its own: \(refusal.reason)", remedy: refusal.remedy)
    }

    private func labels(_ facts: ClusterFacts) -> String? {
        let wanted = policy.profile(named: request.profile)?.clusters.match ?? [:]
        let missing = wanted.filter { facts.labels[$0.key] != $0.value }.map { "\($0.key) \($0.value)" }.sorted()
        return missing.isEmpty ? nil : "the profile is for clusters of \(missing.joined(separator: " and "))"
    }

    private func filesets(_ facts: ClusterFacts) -> [Refusal] {
        (plans[facts.name]?.refusals ?? []).filter { !general.contains($0) }
    }

    /// Those that the image is built for; empty for any.
    private var architectures: Set<String> {
        let profile = policy.profile(named: request.profile)
        let environment = (request.environment ?? profile?.environments.first).flatMap { policy.environments[$0] }
        return Set((environment?.platforms ?? []).map(\.architecture))
    }

    private func architecture(_ facts: ClusterFacts) -> String? {
        let built = architectures
        guard !facts.architectures.isEmpty, !built.isEmpty, built.isDisjoint(with: facts.architectures) else {
            return nil
        }
        return "its machines are \(facts.architectures.sorted().joined(separator: ", ")), and the image is for "
            + built.sorted().joined(separator: ", ")
    }

    /// More than it ever has: waiting would not help.
    private func gpu(_ facts: ClusterFacts, _ plan: Plan) -> String? {
        guard plan.size.gpu > 0, let most = facts.capacity.keeping(free: facts.headroom).gpu, plan.size.gpu > most,
            let all = facts.capacity.gpu
        else { return nil }
        let kept = all == most ? "" : " to give"
        return all == 0 ? "it has no GPU" : "it has \(most) GPU\(kept), and this size takes \(plan.size.gpu)"
    }

    /// What would not fit into it if it were empty; GPU have a filter of their own.
    private func size(_ facts: ClusterFacts, _ plan: Plan) -> [(filter: PlacementFilter, reason: String)] {
        var (bounds, need) = (facts.capacity.keeping(free: facts.headroom), Resources(plan.size))
        let profile = policy.profile(named: request.profile)
        let account = policy.quotas.account(of: request.person, for: profile)
        let group = (policy.quotas.groups[account]?.all ?? .none).shortages(holding: Resources(), adding: need)
        bounds.gpu = nil
        need.gpu = 0
        let said = request.tooLarge[facts.name].map { [$0] } ?? []
        return bounds.shortages(holding: Resources(), adding: need).map { (.size, "it is too small: \($0)") }
            + said.map { (.tried, "it is too small: \($0)") } + group.map { (.share, "for \(account): \($0)") }
    }

    private func capacity(_ facts: ClusterFacts, _ plan: Plan) -> [String] {
        let need = Resources(plan.size)
        var reasons = facts.capacity.keeping(free: facts.headroom).shortages(holding: facts.held, adding: need)
        if let full = facts.quota.obstacle(to: need, under: facts.capacity, at: now) { reasons.append(full) }
        if let own = request.pauses[facts.name]?.obstacle(at: now) { reasons.append(own) }
        if let most = facts.startsAtOnce, facts.starting >= most {
            reasons.append("\(facts.starting) sessions are starting there, as many as may at a time")
        }
        if let next = facts.nextIs, !next.utf8.elementsEqual(request.ticket.utf8) {
            reasons.append("its next place is for somebody who has waited longer")
        }
        return reasons + policy.limits(reachedBy: request, taking: need, on: facts, of: site)
    }
}
