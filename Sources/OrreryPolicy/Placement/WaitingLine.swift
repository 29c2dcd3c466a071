package import Foundation

/// One session that waits for room.
package struct Waiting: Hashable, Sendable {
    package let id: String
    /// The group that it counts for.
    package fileprivate(set) var account: String
    package fileprivate(set) var need: Resources
    package let since: Date
    /// The clusters that it could run on, the best first.
    package fileprivate(set) var clusters: [String]

    package init(id: String, account: String, need: Resources, since: Date, clusters: [String]) {
        self.id = id
        self.account = account
        self.need = need
        self.since = since
        self.clusters = clusters
    }

    fileprivate func isOlder(than other: Waiting) -> Bool { (since, id) < (other.since, other.id) }
}

/// The sessions that wait for room, and whose turn it is.
package struct WaitingLine: Hashable, Sendable {
    /// In the order in which they came.
    package private(set) var entries: [Waiting] = []

    /// Who has waited so long goes first, whatever the group had, and the next place on the cluster that suits them best is
    /// theirs alone while only room is missing there.
    package static let patience: TimeInterval = 600

    package init() {}

    package mutating func join(_ waiting: Waiting) {
        let place = entries.lastIndex { $0.isOlder(than: waiting) }.map { $0 + 1 } ?? 0
        entries.insert(waiting, at: place)
    }

    /// It could run on these clusters now, the best first, counts for `account` and takes `need`.
    package mutating func turn(_ id: String, to clusters: [String], for account: String, taking need: Resources) {
        guard let place = entries.firstIndex(where: { $0.id == id }) else { return }
        (entries[place].clusters, entries[place].account, entries[place].need) = (clusters, account, need)
    }

    package mutating func leave(_ id: String) { entries.removeAll { $0.id == id } }

    /// All of them in the order of their turns: first those whose patience is over, the oldest first; then always the oldest
    /// of the group with the least share, counting those who are before it in this order as having theirs already.
    package func order(by shares: FairShare, at now: Date) -> [Waiting] {
        let impatient = entries.prefix { now.timeIntervalSince($0.since) >= Self.patience }
        var order = Array(impatient)
        order.reserveCapacity(entries.count)
        let lanes = self.lanes(behind: impatient.count, by: shares, at: now)
        for waiting in impatient { lanes.first { $0.account == waiting.account }?.takes(waiting.need) }
        while let lane = Self.first(of: lanes) { order.append(lane.next()) }
        return order
    }

    private func lanes(behind first: Int, by shares: FairShare, at now: Date) -> [Lane] {
        var lanes: [String: Lane] = [:]
        for waiting in entries.dropFirst(first) {
            let lane = lanes[waiting.account] ?? Lane(waiting.account, shares, now)
            lane.waiting.append(waiting)
            lanes[waiting.account] = lane
        }
        return Array(lanes.values)
    }

    private static func first(of lanes: [Lane]) -> Lane? {
        var best: Lane?
        for lane in lanes where !lane.isEmpty {
            if let known = best, !lane.goesBefore(known) { continue }
            best = lane
        }
        return best
    }

    /// Whose the next place is on which cluster. `open` says where nothing but room keeps somebody from starting, the best
    /// first: a place that they could not take even if it were free is left to others.
    package func claims(at now: Date, open: (Waiting) -> [String]) -> [String: String] {
        var claims: [String: String] = [:]
        for waiting in entries.prefix(while: { now.timeIntervalSince($0.since) >= Self.patience }) {
            // Most wait behind those who have claimed what there is, and are not looked at any closer.
            guard waiting.clusters.contains(where: { claims[$0] == nil }) else { continue }
            if let cluster = open(waiting).first(where: { claims[$0] == nil }) { claims[cluster] = waiting.id }
        }
        return claims
    }

    /// Those of one group, as they are taken one by one. A class, because every turn changes one of them; it never leaves
    /// `order`.
    private final class Lane {
        let account: String
        var waiting: [Waiting] = []
        private let total: ResourceBounds
        private let past: Double
        private var held: Resources
        private var share: Double
        private var first = 0

        init(_ account: String, _ shares: FairShare, _ now: Date) {
            self.account = account
            total = shares.total
            (held, past) = shares.standing(of: account, at: now)
            share = total.dominantShare(of: held) + past
        }

        var isEmpty: Bool { first == waiting.count }

        func next() -> Waiting {
            defer { first += 1 }
            takes(waiting[first].need)
            return waiting[first]
        }

        func takes(_ need: Resources) {
            held += need
            share = total.dominantShare(of: held) + past
        }

        func goesBefore(_ other: Lane) -> Bool {
            share != other.share ? share < other.share : waiting[first].isOlder(than: other.waiting[other.first])
        }
    }
}
