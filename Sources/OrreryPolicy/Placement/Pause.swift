package import Foundation

/// Keeps one session from a cluster that did not take it for a reason of its own, such as storage that another one has. Others
/// go there meanwhile. It is as long as a `QuotaGate` is closed: a quarter of a minute at first, twice as long after every
/// further refusal, up to five minutes, and until a session of the same person ends there.
package struct Pause: Hashable, Sendable {
    private var refusals = 0
    private var reason = ""
    private var since = Date.distantPast
    package private(set) var until = Date.distantPast

    package init() {}

    /// The cluster did not take it.
    package mutating func begin(because reason: String, at now: Date) {
        refusals += 1
        (self.reason, since, until) = (reason, now, now.addingTimeInterval(QuotaGate.pause(after: refusals)))
    }

    /// Somebody has left.
    package mutating func end() { until = since }

    /// Why it is not sent there now; nil when it may be. What was noted in a time that has not come yet, since the clock was set
    /// back, keeps it no longer.
    package func obstacle(at now: Date) -> String? { since <= now && now < until ? reason : nil }
}
