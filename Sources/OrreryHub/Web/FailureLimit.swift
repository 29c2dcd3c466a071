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
    /// When the last failure of each key will be forgiven.
    private let debts = Mutex<[String: Date]>([:])

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
            if debts.count >= Self.capacity { Self.shrink(&debts, at: instant) }
            for key in keys { debts[key] = max(debts[key] ?? instant, instant) + interval.seconds }
        }
    }

    /// How long whoever has `key` has to wait; nil when it may be tried now.
    func wait(_ key: String) -> Duration? {
        let instant = now()
        guard let debt = debts.withLock({ $0[key] }) else { return nil }
        let excess = debt.timeIntervalSince(instant) - interval.seconds * Double(burst - 1)
        return excess > 0 ? .seconds(excess) : nil
    }

    /// Whether anything that `key` did wrong is not forgiven yet.
    func hasFailed(_ key: String) -> Bool { debts.withLock { $0[key] }.map { $0 > now() } ?? false }

    private static func shrink(_ debts: inout [String: Date], at instant: Date) {
        debts = debts.filter { $0.value > instant }
        guard debts.count >= capacity else { return }
        let median = debts.values.sorted()[debts.count / 2]
        debts = debts.filter { $0.value > median }
    }
}
