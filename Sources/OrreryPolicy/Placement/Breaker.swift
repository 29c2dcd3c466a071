package import Foundation

/// Keeps new sessions away from a cluster on which they do not start: open after three failures in a row, for a minute
/// at first and twice as long after every further one, up to a quarter of an hour. Then one session is let through, and how that goes
/// decides.
package struct Breaker: Hashable, Sendable {
    package private(set) var failures = 0
    private var openedAt: Date?
    /// Since when the one session is under way that tries whether the cluster works again.
    private var trialSince: Date?

    package init() {}

    package static let threshold = 3
    /// A trial of which nothing more was heard keeps nobody waiting for ever.
    private static let trial: TimeInterval = 900

    /// A session did not start, and the cluster was the reason.
    package mutating func failed(at now: Date) {
        failures += 1
        trialSince = nil
        if failures >= Self.threshold { openedAt = now }
    }

    /// A session became ready.
    package mutating func succeeded() { self = Breaker() }

    /// A session goes there now. Whether it is the one that tries.
    package mutating func started(at now: Date) -> Bool {
        guard openedAt != nil else { return false }
        trialSince = now
        return true
    }

    /// The one that tries came back, or ended, without having said anything about the cluster.
    package mutating func gaveBack() { trialSince = nil }

    /// When it lets the next one through; nil when it does now. What was noted in a time that has not come yet, since the clock was
    /// set back, keeps nobody waiting.
    package func closedUntil(at now: Date) -> Date? {
        guard let openedAt, openedAt <= now else { return nil }
        if let trialSince, trialSince <= now, now.timeIntervalSince(trialSince) < Self.trial {
            return trialSince.addingTimeInterval(Self.trial)
        }
        let seconds = min(60 * Double(1 << min(failures - Self.threshold, 4)), 900)
        let until = openedAt.addingTimeInterval(seconds)
        return now < until ? until : nil
    }
}
