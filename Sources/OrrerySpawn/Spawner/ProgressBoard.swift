import OrreryStore
import Synchronization

/// Hands what happens with sessions to those who watch right now.
///
/// Concurrency: shared; nothing is called while the lock is held.
final class ProgressBoard: Sendable {
    private typealias Continuation = AsyncStream<SessionEventRecord>.Continuation

    private struct State {
        var watchers: [String: [Int: Continuation]] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    /// Everything that is published about the session from now on. Somebody who does not read loses the oldest.
    func watch(_ session: String) -> AsyncStream<SessionEventRecord> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: SessionEventRecord.self, bufferingPolicy: .bufferingNewest(256))
        let number = state.withLock { state in
            state.next += 1
            state.watchers[session, default: [:]][state.next] = continuation
            return state.next
        }
        continuation.onTermination = { [weak self] _ in self?.leave(session, number) }
        return stream
    }

    func publish(_ event: SessionEventRecord) {
        let watchers = state.withLock { $0.watchers[event.session].map { Array($0.values) } ?? [] }
        for watcher in watchers { watcher.yield(event) }
    }

    /// Ends every stream: the spawner is going.
    func close() {
        let watchers = state.withLock { state in
            defer { state.watchers = [:] }
            return state.watchers.values.flatMap(\.values)
        }
        for watcher in watchers { watcher.finish() }
    }

    private func leave(_ session: String, _ number: Int) {
        state.withLock { state in
            state.watchers[session]?[number] = nil
            if state.watchers[session]?.isEmpty == true { state.watchers[session] = nil }
        }
    }
}
