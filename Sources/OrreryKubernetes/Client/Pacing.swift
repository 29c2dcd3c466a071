import Synchronization

/// The pace at which one cluster takes our calls. When it answers 429, every call to it waits until it wants to hear
/// from us again; calls to other clusters have another pacing and do not notice.
///
/// Concurrency: one instance per cluster, shared by all tasks that talk to it.
final class Pacing: Sendable {
    private let time: Timekeeper
    private let opensAt = Mutex(Duration.zero)

    init(_ time: Timekeeper) { self.time = time }

    /// Waits until the cluster takes calls.
    func wait() async throws(KubernetesError) {
        while true {
            let rest = opensAt.withLock { $0 } - time.elapsed()
            guard rest > .zero else { return }
            do { try await time.sleep(rest) } catch { throw .cancelled }
        }
    }

    /// The cluster asked for a pause. A little is added at random, and no cluster can stop us for longer than a minute.
    func pause(_ asked: Duration) {
        let pause = min(asked, .seconds(60)) * Double.random(in: 1...1.2)
        let end = time.elapsed() + pause
        opensAt.withLock { $0 = max($0, end) }
    }
}
