import Foundation
import Synchronization

/// How often something may go wrong, or be begun, by key. Each failure is forgiven after `interval`, one after the other; whoever has
/// `burst` of them that are not forgiven has to wait.
///
/// Concurrency: any task may ask and record.
final class FailureLimit: Sendable {
    private let burst: Int
    private let interval: Duration
    private let now: @Sendable () -> Date
    private let debts = Mutex(Debts())

    private struct Debts {
        /// When the last failure of each key will be forgiven.
        var ends: [String: Date] = [:]
        /// The latest that anybody asked or recorded.
        private var latest = Date.distantPast

        /// Takes note of the time. Where the clock was set back the debts go with it, or they would last until it has caught up. Tasks that
        /// read it one after the other may come in another order: that is no change of the clock.
        mutating func look(at instant: Date) {
            let leap = instant.timeIntervalSince(latest)
            if leap < -1 { ends = ends.mapValues { $0 + leap } }
            latest = leap < -1 ? instant : max(latest, instant)
        }
    }

    /// Most keys that are remembered. An attacker who has more addresses than this gains as many failures.
    private static let capacity = 20_000

    init(burst: Int, interval: Duration, now: @escaping @Sendable () -> Date) {
        self.burst = burst
        self.interval = interval
        self.now = now
    }

    /// Records a failure of each of `keys`.
    func record(_ keys: String...) {
        let instant = now()
        debts.withLock { debts in
            debts.look(at: instant)
            if debts.ends.count >= Self.capacity { Self.shrink(&debts.ends, at: instant) }
            for key in keys { debts.ends[key] = max(debts.ends[key] ?? instant, instant) + interval.seconds }
        }
    }

    /// How long whoever has `key` has to wait; nil when it may be tried now.
    func wait(_ key: String) -> Duration? {
        let instant = now()
        guard let debt = debt(key, at: instant) else { return nil }
        let excess = debt.timeIntervalSince(instant) - interval.seconds * Double(burst - 1)
        return excess > 0 ? .seconds(excess) : nil
    }

    /// Whether anything that `key` did wrong is not forgiven yet.
    func hasFailed(_ key: String) -> Bool {
        let instant = now()
        return debt(key, at: instant).map { $0 > instant } ?? false
    }

    private func debt(_ key: String, at instant: Date) -> Date? {
        debts.withLock { debts in
            debts.look(at: instant)
            return debts.ends[key]
        }
    }

    private static func shrink(_ debts: inout [String: Date], at instant: Date) {
        debts = debts.filter { $0.value > instant }
        guard debts.count >= capacity else { return }
        let median = debts.values.sorted()[debts.count / 2]
        debts = debts.filter { $0.value > median }
    }
}
