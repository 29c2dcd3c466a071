/// Decides whether a cluster that does not answer is asked at all. After some calls in a row without any answer the way is
/// taken to be broken: calls fail at once instead of holding connections and people for their time limit, and one call at
/// a time finds out whether it is mended. Any answer, a refusal too, mends it.
///
/// Without a clock: `now` is time since whenever, and never goes back.
struct Breaker {
    private var failures = 0
    private var pause: Duration?
    private var probesAt = Duration.zero

    private static let patience = 5
    private static let firstPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(30)

    var isOpen: Bool { pause != nil }

    /// Nil when a call may be made now; otherwise how long none may. Whoever may, after a pause, is the probe.
    mutating func holdsBack(at now: Duration) -> Duration? {
        guard let pause else { return nil }
        guard now >= probesAt else { return probesAt - now }
        // The others wait for this one, or until it is overdue.
        probesAt = now + pause
        return nil
    }

    mutating func answered() { self = Breaker() }

    mutating func failed(at now: Duration) {
        failures += 1
        guard failures >= Self.patience else { return }
        pause = pause.map { min($0 * 2, Self.longestPause) } ?? Self.firstPause
        probesAt = now + (pause ?? .zero)
    }
}
