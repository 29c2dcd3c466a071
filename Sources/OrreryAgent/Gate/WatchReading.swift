import OrreryKubernetes
import Synchronization

/// Reads an answer that may say nothing for long, until somebody ends it.
///
/// Concurrency: one task reads; any may end it.
final class WatchReading: Sendable {
    private struct State {
        var hasEnded = false
        var reading: Task<[UInt8]?, any Error>?
    }

    private let answer: StreamedAnswer
    private let state = Mutex(State())

    init(_ answer: StreamedAnswer) { self.answer = answer }

    /// The next piece; nil at the end, whoever brought it about.
    func next() async throws -> [UInt8]? {
        let task = state.withLock { state -> Task<[UInt8]?, any Error>? in
            guard !state.hasEnded else { return nil }
            let task = Task { [answer] in try await answer.next() }
            state.reading = task
            return task
        }
        guard let task else { return nil }
        do {
            return try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        } catch {
            guard state.withLock({ $0.hasEnded }) else { throw error }
            return nil
        }
    }

    func end() {
        state.withLock { state in
            state.hasEnded = true
            state.reading?.cancel()
        }
    }
}
