internal import Glibc
internal import Synchronization

/// What the whole proxy has counted: each worker for itself, and the few things that are not a worker's.
///
/// Concurrency: any thread may call anything.
@safe final class Metrics: Sendable {
    private let blocks = Mutex<[Block]>([])

    // The REST interface's. Rare enough for additions that any thread may make.
    let routeReads = Atomic<UInt64>(0)
    let routeAdditions = Atomic<UInt64>(0)
    let routeRemovals = Atomic<UInt64>(0)
    let isFeedFollowed = Atomic<Bool>(false)
    /// When the feed put something in force last, in milliseconds since 1970; 0 when it never did.
    let feedChanged = Atomic<UInt64>(0)
    private let apiAnswers = Mutex<[Int: UInt64]>([:])

    /// Cells of one worker. Lives as long as the `Metrics`, beyond its worker: what was counted stays counted.
    @safe private struct Block: @unchecked Sendable {
        let cells: UnsafeMutablePointer<Atomic<UInt64>>
    }

    deinit { for block in blocks.withLock({ $0 }) { unsafe free(block.cells) } }

    /// Cells for another worker.
    func addWorker() -> WorkerMetrics {
        let size = WorkerMetrics.size * MemoryLayout<Atomic<UInt64>>.stride
        var memory: UnsafeMutableRawPointer?
        // 128: processors fetch lines of memory in pairs. The rest of the last pair is nobody's.
        guard unsafe posix_memalign(&memory, 128, (size + 127) & ~127) == 0, let memory = unsafe memory else {
            fatalError("no memory left for a worker's metrics")
        }
        let cells = unsafe memory.bindMemory(to: Atomic<UInt64>.self, capacity: WorkerMetrics.size)
        for place in 0..<WorkerMetrics.size { unsafe (cells + place).initialize(to: Atomic(0)) }
        let block = unsafe Block(cells: cells)
        blocks.withLock { $0.append(block) }
        return unsafe WorkerMetrics(cells: cells)
    }

    /// A request to the REST interface was answered with `status`.
    func apiAnswered(_ status: Int) { apiAnswers.withLock { $0[status, default: 0] += 1 } }

    // MARK: Reading

    var apiAnswersByStatus: [(status: Int, count: UInt64)] {
        apiAnswers.withLock { $0 }.sorted { $0.key < $1.key }.map { (status: $0.key, count: $0.value) }
    }

    var workers: [WorkerMetrics] { blocks.withLock { $0 }.map { unsafe WorkerMetrics(cells: $0.cells) } }

    /// The sum over all workers.
    func value(_ metric: Metric) -> UInt64 { workers.reduce(0) { $0 &+ $1.value(metric) } }

    /// Connections that are open now: `opened` less `closed`, which may have been read a moment apart.
    func open(_ opened: Metric, less closed: Metric) -> UInt64 {
        let gone = value(closed)
        return max(value(opened), gone) - gone
    }

    /// Every status that was answered at least once.
    var answersByStatus: [(status: Int, count: UInt64)] {
        let workers = workers
        return (100..<600).map { status in (status: status, count: workers.reduce(0) { $0 &+ $1.answers(status) }) }
            .filter { $0.count > 0 }
    }

    var waited: (steps: [UInt64], milliseconds: UInt64) {
        workers.reduce((steps: [UInt64](repeating: 0, count: WorkerMetrics.waitSteps), milliseconds: 0)) {
            sum, worker in
            let waited = worker.waited
            return (zip(sum.steps, waited.steps).map { $0 &+ $1 }, sum.milliseconds &+ waited.milliseconds)
        }
    }

    func timed(_ timing: WorkerMetrics.Timing) -> (steps: [UInt64], nanoseconds: UInt64) {
        workers.reduce((steps: [UInt64](repeating: 0, count: TimingScale.steps), nanoseconds: 0)) { sum, worker in
            let timed = worker.timed(timing)
            return (zip(sum.steps, timed.steps).map { $0 &+ $1 }, sum.nanoseconds &+ timed.nanoseconds)
        }
    }
}
