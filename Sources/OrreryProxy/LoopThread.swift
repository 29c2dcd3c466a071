internal import Glibc
internal import Synchronization

/// A thread of the system that runs one function. Loops that wait in the kernel must not occupy a task's thread.
package final class LoopThread: Sendable {
    private let thread: Mutex<pthread_t?>

    package init(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let box = unsafe Unmanaged.passRetained(Body(run: body)).toOpaque()
        let code = unsafe pthread_create(
            &thread, nil,
            { box in
                guard let box = unsafe box else { return nil }
                // Retained for this thread by `init`, and released here, once.
                unsafe Unmanaged<Body>.fromOpaque(box).takeRetainedValue().run()
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

    /// Lets the thread end on its own; nobody waits for it any more.
    package func detach() {
        guard let thread = thread.withLock({ $0.take() }) else { return }
        pthread_detach(thread)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
