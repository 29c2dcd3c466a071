/// When to dial again after a connection could not be made or was lost: after a fifth of a second, then after twice as
/// long each time, up to ten seconds. What is waited is drawn from the upper half of that, so that a thousand agents do not
/// return together after a proxy's restart.
///
/// Without a clock: times are milliseconds since whenever.
struct Reconnection {
    private var failures = 0
    private var draw: @Sendable () -> Double

    static let first: UInt64 = 200
    static let limit: UInt64 = 10_000

    /// `draw` gives numbers from 0 to 1.
    init(draw: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }) { self.draw = draw }

    /// When to dial, after one more failure at `now`.
    mutating func next(after now: UInt64) -> UInt64 {
        let full = min(Self.first << UInt64(min(failures, 10)), Self.limit)
        failures += 1
        return now + full / 2 + UInt64(Double(full - full / 2) * draw())
    }

    /// All is well again.
    mutating func reset() { failures = 0 }
}
