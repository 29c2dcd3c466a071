/// Time as this target and the spawner see it: a clock to wait on, behind a value, so that a test can turn it.
package struct Timekeeper: Sendable {
    /// Time since the timekeeper was made; never goes back.
    package let elapsed: @Sendable () -> Duration
    /// Waits; throws only when the task is cancelled.
    package let sleep: @Sendable (Duration) async throws -> Void

    package init(_ clock: some Clock<Duration>) {
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(for: $0) }
    }

    package static let continuous = Timekeeper(ContinuousClock())
}
