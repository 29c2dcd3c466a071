import OrreryModel

/// What speaks for a cluster: 100 points at most, 5 for the last one used, and up to 40 for what the profile prefers.
extension PlacementQuestion {
    func terms(of facts: ClusterFacts, for plan: Plan) -> [PlacementTerm] {
        let terms = [
            home(facts, plan), data(plan), owner(facts), fit(facts, plan), image(facts, plan), starts(facts),
            latency(facts), cost(facts), last(facts),
        ]
        return (terms.compactMap { $0 } + preferences(facts, plan)).filter { $0.points > 0 }
    }

    /// What the profile wants first counts 20, the next 10, and so on.
    private func preferences(_ facts: ClusterFacts, _ plan: Plan) -> [PlacementTerm] {
        let wanted = policy.profile(named: request.profile)?.clusters.prefer ?? []
        return wanted.prefix(5).enumerated().compactMap { index, preference in
            guard let words = match(preference, facts, plan) else { return nil }
            return PlacementTerm(words: "the profile prefers it: \(words)", points: 20 >> index)
        }
    }

    private func match(_ preference: Profile.Preference, _ facts: ClusterFacts, _ plan: Plan) -> String? {
        switch preference {
        case .home: return home(facts, plan) == nil ? nil : "your home"
        case .data: return Set(plan.mounts.map(\.fileset)).count == filesets.count ? "all data" : nil
        case .headroom: return roomiest == facts.name ? "the most room" : nil
        case .fileset(let name): return plan.mounts.contains { $0.fileset == name } ? "fileset \(name)" : nil
        case .label(let labels):
            guard labels.allSatisfy({ facts.labels[$0.key] == $0.value }) else { return nil }
            return labels.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", ")
        }
    }

    /// Homes that are not shared are here only where the person has worked before; who has nowhere has one anywhere.
    private func home(_ facts: ClusterFacts, _ plan: Plan) -> PlacementTerm? {
        guard plan.mounts.contains(where: { $0.path == plan.home && !$0.isReadOnly }) else { return nil }
        let known = request.past.compactMap { homes[$0] }
        guard known.isEmpty || known.contains(facts.homes) else { return nil }
        return PlacementTerm(words: "your home is here", points: 40)
    }

    private func data(_ plan: Plan) -> PlacementTerm? {
        let here = Set(plan.mounts.map(\.fileset))
        guard !filesets.isEmpty else { return nil }
        let words =
            here.count == filesets.count
            ? "all your data is here" : "\(here.count) of your \(filesets.count) filesets are here"
        return PlacementTerm(words: words, points: 25 * here.count / filesets.count)
    }

    private func owner(_ facts: ClusterFacts) -> PlacementTerm? {
        guard let owner = facts.owner, request.person.isMember(of: owner) else { return nil }
        return PlacementTerm(words: "it belongs to \(owner)", points: 10)
    }

    /// Room left afterwards; a cluster with GPU is kept for those who need one.
    private func fit(_ facts: ClusterFacts, _ plan: Plan) -> PlacementTerm? {
        let need = Resources(plan.size)
        let taken = facts.capacity.dominantShare(of: facts.held + need)
        let isWasted = need.gpu == 0 && (facts.capacity.gpu ?? 0) > 0
        let points = Int((1 - min(1, taken)) * 10) / (isWasted ? 2 : 1)
        return PlacementTerm(words: "it has room", points: points)
    }

    private func image(_ facts: ClusterFacts, _ plan: Plan) -> PlacementTerm? {
        facts.images.contains(plan.environment.image) ? PlacementTerm(words: "the image is there", points: 5) : nil
    }

    private func starts(_ facts: ClusterFacts) -> PlacementTerm? {
        guard !facts.starts.isEmpty else { return PlacementTerm(words: "nothing failed there lately", points: 5) }
        let good = facts.starts.count { $0 }
        return PlacementTerm(
            words: "\(good) of its last \(facts.starts.count) starts went well", points: 5 * good / facts.starts.count)
    }

    private func latency(_ facts: ClusterFacts) -> PlacementTerm? {
        guard let latency = facts.latency else { return nil }
        let points =
            latency < .milliseconds(20) ? 3 : latency < .milliseconds(100) ? 2 : latency < .milliseconds(300) ? 1 : 0
        return PlacementTerm(words: "it is near", points: points)
    }

    private func cost(_ facts: ClusterFacts) -> PlacementTerm? {
        guard let cost = facts.cost, dearest > 0 else { return nil }
        return PlacementTerm(words: "it costs less", points: 2 * (dearest - cost) / dearest)
    }

    private func last(_ facts: ClusterFacts) -> PlacementTerm? {
        guard request.past.last?.utf8.elementsEqual(facts.name.utf8) == true else { return nil }
        return PlacementTerm(words: "you were here last", points: 5)
    }
}
