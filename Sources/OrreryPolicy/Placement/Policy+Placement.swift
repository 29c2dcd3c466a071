package import Foundation
import OrreryModel

extension Policy {
    /// The cluster for `request` among `clusters`, or why there is none now. The one entry point of the home page, the API,
    /// the queue and `orrery explain`. Deterministic, and the order of `clusters` never matters.
    ///
    /// A cluster must pass every filter; all that it fails are told. Of those left, the one with the highest score is taken,
    /// with equal scores the one whose name and the person's hash highest together: the same person comes to the same one.
    package func place(
        _ request: PlacementRequest, on clusters: [ClusterFacts], of site: SiteFacts = SiteFacts(), at now: Date
    ) -> Placement {
        let question = PlacementQuestion(policy: self, request: request, clusters: clusters, site: site, now: now)
        let verdicts = clusters.sorted { $0.name < $1.name }.map(question.verdict).sorted(by: question.goesBefore)
        return Placement(
            outcome: question.outcome(of: verdicts), verdicts: verdicts, isHopeless: !question.general.isEmpty,
            quota: question.general.isEmpty ? question.quota : nil)
    }
}

/// One request held against all clusters.
struct PlacementQuestion {
    let policy: Policy
    let request: PlacementRequest
    let now: Date
    let plans: [String: PlanResult]
    /// What stands against the request wherever it goes.
    let general: [Refusal]
    /// What the person would be given of filesets, on any of the clusters.
    let filesets: Set<String>
    let dearest: Int
    /// Which homes each cluster has.
    let homes: [String: String]
    /// Of which the least is taken.
    let roomiest: String?
    let site: SiteFacts
    /// What the person's quota has against it.
    let quota: Refusal?

    init(policy: Policy, request: PlacementRequest, clusters: [ClusterFacts], site: SiteFacts, now: Date) {
        self.policy = policy
        self.request = request
        self.now = now
        let plans = clusters.map { facts in
            (
                facts.name,
                policy.plan(
                    for: request.person, profile: request.profile, environment: request.environment,
                    size: request.size, options: request.options, cluster: facts.name, at: now, running: request.running
                )
            )
        }
        self.plans = Dictionary(plans) { first, _ in first }
        let refused = plans.map { Set($0.1.refusals) }
        let everywhere = refused.dropFirst().reduce(refused.first ?? []) { $0.intersection($1) }
        general = plans.first.map { $0.1.refusals.filter(everywhere.contains) } ?? []
        filesets = Set(plans.flatMap { $0.1.plan?.mounts.map(\.fileset) ?? [] })
        dearest = clusters.compactMap(\.cost).max() ?? 0
        homes = Dictionary(clusters.map { ($0.name, $0.homes) }) { first, _ in first }
        roomiest =
            clusters.map { (share: $0.capacity.dominantShare(of: $0.held), name: $0.name) }
            .min { ($0.share, $0.name) < ($1.share, $1.name) }?.name
        self.site = site
        quota = plans.lazy.compactMap(\.1.plan).first.flatMap { plan in
            policy.quotas.refusal(of: request.person, holding: site.person, adding: Resources(plan.size))
        }
    }

    func verdict(_ facts: ClusterFacts) -> ClusterVerdict {
        let plan = plans[facts.name]?.plan
        return ClusterVerdict(
            cluster: facts.name, title: facts.title, objections: objections(to: facts),
            terms: plan.map { terms(of: facts, for: $0) } ?? [], plan: plan,
            hasServed: request.servers?.contains(facts.name) ?? true)
    }

    /// Those that can be taken now, then those that could if there were room, then the others.
    func goesBefore(_ left: ClusterVerdict, _ right: ClusterVerdict) -> Bool {
        let (first, second) = (rank(left), rank(right))
        if first != second { return first < second }
        if left.score != right.score { return left.score > right.score }
        let person = request.person.identity
        let (mine, yours) = (Rendezvous.weight(person, left.cluster), Rendezvous.weight(person, right.cluster))
        return mine != yours ? mine > yours : left.cluster < right.cluster
    }

    private func rank(_ verdict: ClusterVerdict) -> Int {
        if verdict.objections.isEmpty { return 0 }
        if verdict.objections.allSatisfy({ $0.filter == .unseen }) { return 1 }
        return verdict.isCandidate ? 2 : 3
    }

    func outcome(of verdicts: [ClusterVerdict]) -> Placement.Outcome {
        if let pin = request.pin, !verdicts.contains(where: { $0.cluster.utf8.elementsEqual(pin.utf8) }) {
            return .refused([unknownPin(pin, among: verdicts.map(\.cluster))])
        }
        guard general.isEmpty else { return .refused(general) }
        if let quota { return .refused([quota]) }
        guard let best = verdicts.first else {
            return .refused([Refusal("a session", because: "this site has no cluster to run it on")])
        }
        if let plan = best.plan, rank(best) < 2 { return .placed(plan) }
        if let plan = best.plan, best.isCandidate {
            return .queued(plan, why: verdicts.filter(\.isCandidate).flatMap(\.objections).map(\.refusal))
        }
        return .refused(reasons(verdicts))
    }

    /// Of a cluster that the person chose only what stands against that one; else what stands against each.
    private func reasons(_ verdicts: [ClusterVerdict]) -> [Refusal] {
        verdicts.flatMap { verdict in
            verdict.objections.contains { $0.filter == .pin } ? [] : verdict.objections.map(\.refusal)
        }
    }

    private func unknownPin(_ pin: String, among known: [String]) -> Refusal {
        let hint = nearestName(to: pin, among: known).map { "did you mean \($0)?" }
        return Refusal("cluster \(pin)", because: "there is no such cluster to choose", remedy: hint)
    }
}

extension PlanResult {
    var plan: Plan? { if case .plan(let plan) = self { plan } else { nil } }
    var refusals: [Refusal] { if case .refused(let refusals) = self { refusals } else { [] } }
}
