package import OrreryModel

/// Where a session goes, or why nowhere now, with everything that was weighed.
package struct Placement: Hashable, Sendable {
    package let outcome: Outcome
    /// One for each cluster that was looked at, the best first, then those that were refused by name.
    package let verdicts: [ClusterVerdict]
    /// Whether something stands against it wherever it goes, and waiting does not help.
    package let isHopeless: Bool
    /// Set where the person's own quota alone is in the way: only the person can make room.
    package let quota: Refusal?

    package enum Outcome: Hashable, Sendable {
        case placed(Plan)
        /// Nothing but room is missing. The plan is the one for the cluster that would be best.
        case queued(Plan, why: [Refusal])
        /// Every reason that was found, not only the first.
        case refused([Refusal])
    }

    /// Whether it was refused for what may well pass by itself: a cluster would do that does not answer now.
    package var isPassing: Bool {
        guard case .refused = outcome, !isHopeless, quota == nil else { return false }
        return verdicts.contains { $0.mayServeLater && !$0.objections.contains { $0.filter == .scheduling } }
    }

    /// Whether it can start nowhere until somebody decides otherwise.
    package var isOver: Bool {
        guard case .refused = outcome else { return false }
        return isHopeless || !verdicts.contains(where: \.mayServeAgain)
    }

    /// The decision in lines: where it goes and what speaks for it, then why not elsewhere.
    package var lines: [String] {
        guard let best = verdicts.first else { return [] }
        let others = verdicts.dropFirst().map { $0.notHere ?? "\($0.title): \($0.score) points" }
        switch outcome {
        case .placed: return ["\(best.title): \(best.score) points"] + best.terms.map { "  \($0.text)" } + others
        case .queued: return ["it would wait in the queue"] + verdicts.compactMap(\.notHere)
        case .refused(let refusals): return refusals.map(\.description)
        }
    }

    /// The clusters on which it could run some day, the best first.
    package var servers: [String] { verdicts.filter(\.mayServeLater).map(\.cluster) }

    /// What it would be on the best of them; nil where there is none.
    package var plan: Plan? { verdicts.first(where: \.mayServeLater)?.plan }

    package func verdict(on cluster: String) -> ClusterVerdict? { verdicts.first { $0.cluster == cluster } }
}

/// How one cluster did for one request.
package struct ClusterVerdict: Hashable, Sendable {
    package let cluster: String
    package let title: String
    /// What stands against it, all of it.
    package let objections: [Objection]
    /// What speaks for it; the points sum to its score.
    package let terms: [PlacementTerm]
    let plan: Plan?
    /// Whether it could have run there at some moment since it was asked for.
    let hasServed: Bool

    package var score: Int { terms.reduce(0) { $0 + $1.points } }
    /// Whether a session could run there if only there were room.
    package var isCandidate: Bool { objections.allSatisfy { $0.filter == .capacity } && plan != nil }

    /// Whether it could run there some day without anybody changing anything: only room or an answer is missing.
    package var mayServeLater: Bool {
        let passing: Set<PlacementFilter> = [.capacity, .health, .unseen, .scheduling]
        return objections.allSatisfy { passing.contains($0.filter) } && plan != nil
    }

    /// The same if it had again what it has shown and does not show now: nodes that are shut off, and with them their GPU, may
    /// come back. A cluster that was always too small does not grow.
    package var mayServeAgain: Bool {
        guard hasServed else { return mayServeLater }
        let passing: Set<PlacementFilter> = [.capacity, .health, .unseen, .scheduling, .gpu, .size]
        return objections.allSatisfy { passing.contains($0.filter) } && plan != nil
    }

    /// Whether it, and whoever owns it, takes the person, whatever else there is.
    package var isForThePerson: Bool { !objections.contains { $0.filter == .membership || $0.filter == .trust } }

    /// `not CERN-B: no free GPU, 8 of 8 in use`; nil for one without objections.
    package var notHere: String? {
        objections.isEmpty ? nil : "not \(title): \(objections.map(\.refusal.reason).joined(separator: "; "))"
    }
}

/// One thing that stands against a cluster.
package struct Objection: Hashable, Sendable {
    package let filter: PlacementFilter
    package let refusal: Refusal
}

/// What a cluster must pass to be given a session.
package enum PlacementFilter: String, Hashable, Sendable, CaseIterable {
    case membership, scheduling, health, trust, labels, filesets, architecture, gpu, size, capacity, pin
    /// All that the person's group may have is less.
    case share
    /// It was tried there, and refused for good.
    case tried
    /// Not one answer since the hub started: taken only where no other is left.
    case unseen
}

/// One thing that speaks for a cluster, in words and points.
package struct PlacementTerm: Hashable, Sendable {
    package let words: String
    package let points: Int

    /// `your home is here +40`
    package var text: String { "\(words) +\(points)" }
}
