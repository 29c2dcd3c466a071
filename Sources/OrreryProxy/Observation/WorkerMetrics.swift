internal import Synchronization

/// What one worker has counted so far. Counting is a load and a store of a word that no other thread writes: no locked
/// instruction, no line of memory shared with another worker.
///
/// Nothing here reads a clock. Durations come from the loop's own milliseconds, or from the few that are timed on
/// purpose (`Timing`).
///
/// Concurrency: one thread writes, any thread may read; a reader sees each number whole, and all of them about now.
/// Good as long as the `Metrics` it came from.
@safe struct WorkerMetrics: @unchecked Sendable {
    /// What is timed with a clock of its own, one occasion in many.
    enum Timing: Int, CaseIterable { case lookup, activity, turn }

    private let cells: UnsafeMutablePointer<Atomic<UInt64>>

    // The cells of each kind, one kind behind the other.
    private static let statuses = Metric.allCases.count
    private static let waits = statuses + 500
    private static let waitSum = waits + waitSteps
    private static let timings = waitSum + 1
    private static let timingSize = TimingScale.steps + 1
    static let size = timings + Timing.allCases.count * timingSize
    /// Steps of the time to the first byte, each twice the one before, from one millisecond on; the last has no end.
    static let waitSteps = 18

    /// `cells` are `size` words, initialised, on lines of memory of their own.
    @unsafe init(cells: UnsafeMutablePointer<Atomic<UInt64>>) { unsafe self.cells = cells }

    @inline(__always) func add(_ metric: Metric, _ amount: Int = 1) {
        add(at: metric.rawValue, UInt64(truncatingIfNeeded: amount))
    }

    /// A request was answered with `status`.
    @inline(__always) func answered(_ status: Int) {
        if status >= 100, status < 600 { add(at: Self.statuses + status - 100, 1) }
    }

    /// The first byte of an answer came so many milliseconds after the last one of its request.
    @inline(__always) func firstByte(after milliseconds: UInt64) {
        add(at: Self.waits + Self.waitStep(milliseconds), 1)
        add(at: Self.waitSum, milliseconds)
    }

    @inline(__always) func timed(_ timing: Timing, nanoseconds: UInt64) {
        let first = Self.timings + timing.rawValue * Self.timingSize
        add(at: first + TimingScale.step(nanoseconds), 1)
        add(at: first + TimingScale.steps, nanoseconds)
    }

    private static func waitStep(_ milliseconds: UInt64) -> Int {
        milliseconds < 2 ? 0 : min(64 - (milliseconds - 1).leadingZeroBitCount, waitSteps - 1)
    }

    @inline(__always) private func add(at place: Int, _ amount: UInt64) {
        // Every place is below `size`: each is made from an enumeration or a bounded step.
        let before = unsafe cells[place].load(ordering: .relaxed)
        unsafe cells[place].store(before &+ amount, ordering: .relaxed)
    }
}

extension WorkerMetrics {
    // MARK: Reading

    func value(_ metric: Metric) -> UInt64 { value(at: metric.rawValue) }

    func answers(_ status: Int) -> UInt64 { value(at: Self.statuses + status - 100) }

    /// How many first bytes came within each step, and the milliseconds of all of them.
    var waited: (steps: [UInt64], milliseconds: UInt64) {
        ((0..<Self.waitSteps).map { value(at: Self.waits + $0) }, value(at: Self.waitSum))
    }

    /// How many of the timed occasions fell into each step of `TimingScale`, and the nanoseconds of all of them.
    func timed(_ timing: Timing) -> (steps: [UInt64], nanoseconds: UInt64) {
        let first = Self.timings + timing.rawValue * Self.timingSize
        return ((0..<TimingScale.steps).map { value(at: first + $0) }, value(at: first + TimingScale.steps))
    }

    private func value(at place: Int) -> UInt64 { unsafe cells[place].load(ordering: .relaxed) }
}
