/// Waiting times after failures in a row: the longest of each doubles that of the one before up to a limit, and what is
/// waited is drawn from all of it, so that many who failed together do not return together.
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

    /// How long to wait after one more failure; never nothing, so that no draw makes a tight loop.
    package mutating func next() -> Duration {
        let full = min(first * (1 << min(failures, 16)), limit)
        failures += 1
        return max(full * draw(), first / 8)
    }

    package mutating func reset() { failures = 0 }
}
