import Foundation
import OrreryModel

/// A token for a session, and when it ends.
struct NotebookToken: Sendable {
    let token: Secret
    let end: Date

    /// When to get the next one: between 50 and 75 % of the time that is left, so that many that came together are not renewed
    /// together. `draw` is from 0 to 1.
    func renewal(at now: Date, draw: Double) -> Date { now + max(0, end.timeIntervalSince(now)) * (0.5 + draw / 4) }
}
