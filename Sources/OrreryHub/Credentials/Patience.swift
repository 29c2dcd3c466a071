import Foundation
import OrreryIdentity

/// When an issuer that did not answer is asked again for one person: after ten seconds, then twice as long, up to ten minutes.
struct Patience: Sendable {
    /// Why it was not answered the last time.
    let error: IdentityError
    private let failures: Int
    private let since: Date

    static let first: TimeInterval = 10
    static let longest: TimeInterval = 600

    init(_ error: IdentityError, after earlier: Patience?, at now: Date) {
        self.error = error
        failures = (earlier?.failures ?? 0) + 1
        since = now
    }

    /// Whether it is too early. A clock that was set back must not make us wait until it has caught up.
    func isOn(at now: Date) -> Bool {
        let wait = min(Self.first * pow(2, Double(failures - 1)), Self.longest)
        return (0..<wait).contains(now.timeIntervalSince(since))
    }
}
