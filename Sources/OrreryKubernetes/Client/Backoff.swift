/// Waiting times after failures in a row: each doubles the one before up to a limit, and each is drawn from its upper
/// half, so that many who failed together do not return together.
package struct Backoff: Sendable {
    private let first: Duration
    private let limit: Duration
    private let draw: @Sendable () -> Double
    private var failures = 0

    /// `draw` gives numbers from 0 to 1.
    package init(
        first: Duration = .milliseconds(800), limit: Duration = .seconds(30),
        draw: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.first = first
        self.limit = limit
        self.draw = draw
    }

    /// How long to wait after one more failure.
    package mutating func next() -> Duration {
        let full = min(first * (1 << min(failures, 16)), limit)
        failures += 1
        return full * (0.5 + draw() / 2)
    }

    package mutating func reset() { failures = 0 }
}
