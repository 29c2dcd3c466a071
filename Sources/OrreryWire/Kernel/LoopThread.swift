internal import Glibc
internal import Synchronization

/// A thread of the system that runs one function. Loops that wait in the kernel must not occupy a task's thread.
package final class LoopThread: Sendable {
    private let thread: Mutex<pthread_t?>
    private let body: Body

    /// For threads that are there from the start on: ends the process where the system gives none.
    package init(_ body: @escaping @Sendable () -> Void) {
        self.body = Body(run: body)
        var thread = pthread_t()
        let code = Self.create(&thread, self.body)
        precondition(code == 0, "the system gives no thread: error \(code)")
        self.thread = Mutex(thread)
    }

    /// Runs `body` on a thread that nobody waits for. False when the system gives none, as in a pod at its limit of
    /// processes.
    package static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        var thread = pthread_t()
        guard create(&thread, Body(run: body)) == 0 else { return false }
        pthread_detach(thread)
        return true
    }

    private static func create(_ thread: inout pthread_t, _ body: Body) -> CInt {
        let box = unsafe Unmanaged.passRetained(body)
        let code = unsafe pthread_create(
            &thread, nil,
            { box in
                guard let box = unsafe box else { return nil }
                // Retained for this thread by `init`, and released here, once.
                let body = unsafe Unmanaged<Body>.fromOpaque(box).takeRetainedValue()
                body.run()
                body.hasReturned.store(true, ordering: .releasing)
                return nil
            }, box.toOpaque())
        if code != 0 { unsafe box.release() }
        return code
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
