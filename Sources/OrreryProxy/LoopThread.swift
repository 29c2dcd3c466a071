internal import Glibc
internal import Synchronization

/// A thread of the system that runs one function. Loops that wait in the kernel must not occupy a task's thread.
package final class LoopThread: Sendable {
    private let thread: Mutex<pthread_t?>
    private let body: Body

    package init(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        self.body = Body(run: body)
        let box = unsafe Unmanaged.passRetained(self.body).toOpaque()
        let code = unsafe pthread_create(
            &thread, nil,
            { box in
                guard let box = unsafe box else { return nil }
                // Retained for this thread by `init`, and released here, once.
                let body = unsafe Unmanaged<Body>.fromOpaque(box).takeRetainedValue()
                body.run()
                body.hasReturned.store(true, ordering: .releasing)
                return nil
            }, box)
        precondition(code == 0, "the system gives no thread: error \(code)")
        self.thread = Mutex(thread)
    }

    /// Waits until the function has returned.
    package func join() {
        guard let thread = thread.withLock({ $0.take() }) else { return }
        pthread_join(thread, nil)
    }

    /// Waits until the function has returned, but not for longer than `limit`: after that the thread is left to itself, and
    /// the answer is false.
    package func join(within limit: Duration) -> Bool {
        let deadline = ContinuousClock.now + limit
        while !body.hasReturned.load(ordering: .acquiring) {
            guard ContinuousClock.now < deadline else {
                detach()
                return false
            }
            usleep(2_000)
        }
        join()
        return true
    }

    /// Lets the thread end on its own; nobody waits for it any more.
    package func detach() {
        guard let thread = thread.withLock({ $0.take() }) else { return }
        pthread_detach(thread)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        let hasReturned = Atomic<Bool>(false)
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
