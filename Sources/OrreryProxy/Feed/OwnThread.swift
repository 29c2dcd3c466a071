internal import Dispatch

/// Runs tasks one after the other on a queue of their own, so that a large snapshot holds up nobody else's tasks in this
/// process, and theirs do not hold up the feed.
final class OwnThread: TaskExecutor {
    private let queue: DispatchQueue

    init(_ name: String) { queue = DispatchQueue(label: name) }

    func enqueue(_ job: consuming ExecutorJob) {
        // Every job is run exactly once, here.
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
