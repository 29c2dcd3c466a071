/// How long to wait before the next try: twice as long after each failure, and never exactly as long as others that
/// failed at the same moment.
struct Backoff {
    private let first: Duration
    private let limit: Duration
    private var next: Duration

    init(first: Duration = .milliseconds(25), limit: Duration = .seconds(2)) {
        self.first = first
        self.limit = limit
        next = first
    }

    /// The pause after another failure: between half of it and all of it.
    mutating func pause(random: Double = .random(in: 0.5...1)) -> Duration {
        defer { next = min(next * 2, limit) }
        return next * random
    }

    /// It went well.
    mutating func reset() { next = first }
}
