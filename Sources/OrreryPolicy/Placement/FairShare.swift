package import Foundation
import OrreryModel

/// What the groups of a site hold and held of it: the dominant share of each now, plus the same averaged over the past with
/// a half-life of six hours. Who has had little goes before who has had much, and the past is forgotten.
package struct FairShare: Hashable, Sendable {
    /// All there is to share.
    /// Where no cluster says what it has sessions are counted alone.
    package var total: ResourceBounds { didSet { total = Self.bounding(total) } }
    private var gauges: [String: Gauge] = [:]

    package static let halfLife: TimeInterval = 6 * 3600

    /// `total` bounds nothing where no cluster says what it has: then sessions are counted alone.
    package init(total: ResourceBounds) {
        self.total = Self.bounding(total)
    }

    private static func bounding(_ total: ResourceBounds) -> ResourceBounds {
        total == .none ? ResourceBounds(sessions: 1) : total
    }

    /// `account` holds `amount` more from `now` on.
    package mutating func take(_ amount: Resources, by account: String, at now: Date) {
        change(account, at: now) { $0 += amount }
    }

    package mutating func giveBack(_ amount: Resources, by account: String, at now: Date) {
        change(account, at: now) { $0 = $0 - amount }
    }

    /// Counts what was held from `start` to `end`, before anything that is held now.
    package mutating func remember(
        _ amount: Resources, by account: String, from start: Date, to end: Date, at now: Date
    ) {
        let weight = Self.weight(of: now.timeIntervalSince(end)) - Self.weight(of: now.timeIntervalSince(start))
        gauges[account, default: Gauge(at: now)].past += Gauge.amounts(amount) * max(0, weight)
    }

    /// The greater, the later its turn.
    package func share(of account: String, at now: Date) -> Double {
        let (held, past) = standing(of: account, at: now)
        return total.dominantShare(of: held) + past
    }

    /// What it holds, and the share that its past still counts.
    func standing(of account: String, at now: Date) -> (held: Resources, past: Double) {
        guard let gauge = gauges[account] else { return (Resources(), 0) }
        return (gauge.current, dominant(gauge.decayed(at: now)))
    }

    private mutating func change(_ account: String, at now: Date, _ body: (inout Resources) -> Void) {
        var gauge = gauges[account] ?? Gauge(at: now)
        gauge.past = gauge.decayed(at: now)
        gauge.at = max(now, gauge.at)
        body(&gauge.current)
        gauges[account] = gauge
    }

    private func dominant(_ amounts: SIMD4<Double>) -> Double {
        func share(_ amount: Double, _ bound: Double?) -> Double {
            guard let bound, amount > 0 else { return 0 }
            return bound == 0 ? 1 : amount / bound
        }
        return max(
            share(amounts.x, total.sessions.map { Double($0) }),
            share(amounts.y, (total.cpu?.millicores).map { Double($0) }),
            share(amounts.z, (total.memory?.bytes).map { Double($0) }), share(amounts.w, total.gpu.map { Double($0) }))
    }

    /// How much of what was so long ago still counts.
    fileprivate static func weight(of age: TimeInterval) -> Double { exp2(-max(0, age) / halfLife) }

    private struct Gauge: Hashable, Sendable {
        var current = Resources()
        /// The decayed average of what was held, at `at`.
        var past = SIMD4<Double>()
        var at: Date

        init(at now: Date) { at = now }

        static func amounts(_ amount: Resources) -> SIMD4<Double> {
            SIMD4(
                Double(amount.sessions), Double(amount.cpu.millicores), Double(amount.memory.bytes), Double(amount.gpu))
        }

        /// The average drifts to what is held now.
        func decayed(at now: Date) -> SIMD4<Double> {
            let now = max(now, at)
            let kept = FairShare.weight(of: now.timeIntervalSince(at))
            let held = Self.amounts(current)
            return held + (past - held) * kept
        }
    }
}
