import Synchronization

/// The pace at which one cluster is asked: never faster than its budget, and not at all while it wants a pause (429).
/// Every cluster has its own, so that none waits for another.
///
/// Concurrency: one instance per cluster, shared by all tasks that talk to it.
final class Pacing: Sendable {
    private struct State {
        var opensAt = Duration.zero
        /// When the budget of what was taken so far is earned. Ahead of the clock by at most a burst without waiting.
        var earned = Duration.zero
    }

    private let time: Timekeeper
    private let state = Mutex(State())
    private let interval: Duration
    private let burst: Duration
    private let draw: @Sendable () -> Double

    init(
        _ time: Timekeeper, _ budget: Budget = Budget(),
        draw: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.time = time
        self.draw = draw
        interval = .seconds(1 / budget.callsPerSecond)
        burst = interval * max(1, budget.burst)
    }

    /// Takes one call from the budget and waits until it may be made. One that is `urgent` waits for a pause only.
    func wait(urgent: Bool = false) async throws(KubernetesError) {
        var rest = take()
        if urgent { rest = .zero }
        while true {
            let pause = state.withLock { $0.opensAt } - time.elapsed()
            let wait = max(rest, pause)
            guard wait > .zero else { return }
            do { try await time.sleep(wait) } catch { throw .cancelled }
            rest = .zero
        }
    }

    /// How long to wait for the place that was taken.
    private func take() -> Duration {
        let now = time.elapsed()
        return state.withLock { state in
            state.earned = max(state.earned, now) + interval
            return state.earned - burst - now
        }
    }

    /// The cluster asked for a pause. A little is added at random, and no cluster can stop us for longer than a minute.
    func pause(_ asked: Duration) {
        let pause = min(asked, .seconds(60)) * (1 + draw() / 5)
        let end = time.elapsed() + pause
        state.withLock { $0.opensAt = max($0.opensAt, end) }
    }
}
