import OrreryStore
import Synchronization

/// Hands what happens with sessions to those who watch right now.
///
/// Concurrency: shared; nothing is called while the lock is held.
final class ProgressBoard: Sendable {
    private struct Watcher {
        let number: Int
        let tell: @Sendable (SessionEventRecord) -> Void
        let finish: @Sendable () -> Void
    }

    private struct Listener {
        let number: Int
        let hear: @Sendable (SpawnNews) -> Void
    }

    private struct State {
        var watchers: [String: [Watcher]] = [:]
        var next = 0
        var listeners: [Listener] = []
    }

    private let state = Mutex(State())

    /// Everything that is published about the session from now on. Somebody who does not read loses the oldest.
    func watch(_ session: String) -> AsyncStream<SessionEventRecord> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: SessionEventRecord.self, bufferingPolicy: .bufferingNewest(256))
        let number = watch(session) {
            continuation.yield($0)
        } finish: {
            continuation.finish()
        }
        continuation.onTermination = { [weak self] _ in self?.leave(session, number) }
        return stream
    }

    /// Calls `tell` with everything that is published about the session, until whoever watches leaves with the number that this
    /// gives; `finish` when the spawner goes.
    func watch(
        _ session: String, tell: @escaping @Sendable (SessionEventRecord) -> Void,
        finish: @escaping @Sendable () -> Void
    ) -> Int {
        state.withLock { state in
            state.next += 1
            state.watchers[session, default: []].append(Watcher(number: state.next, tell: tell, finish: finish))
            return state.next
        }
    }

    /// Calls `hear` with everything about every session and cluster, until whoever listens leaves with the number that this
    /// gives, or the spawner goes. Whoever tells waits for it: it passes the news on.
    func listen(_ hear: @escaping @Sendable (SpawnNews) -> Void) -> Int {
        state.withLock { state in
            state.next += 1
            state.listeners.append(Listener(number: state.next, hear: hear))
            return state.next
        }
    }

    func leave(_ number: Int) { state.withLock { $0.listeners.removeAll { $0.number == number } } }

    func publish(_ event: SessionEventRecord) {
        note(event)
        tell(.session(event))
    }

    /// Tells those who watch the session, and nobody else.
    func note(_ event: SessionEventRecord) {
        let watchers = state.withLock { $0.watchers[event.session] ?? [] }
        for watcher in watchers { watcher.tell(event) }
    }

    /// Tells those who listen to everything.
    func tell(_ news: SpawnNews) {
        let listeners = state.withLock { $0.listeners }
        for listener in listeners { listener.hear(news) }
    }

    func isWatched(_ session: String) -> Bool { state.withLock { $0.watchers[session] != nil } }

    /// Ends every stream: the spawner is going.
    func close() {
        let watchers = state.withLock { state in
            defer { (state.watchers, state.listeners) = ([:], []) }
            return state.watchers.values.flatMap { $0 }
        }
        for watcher in watchers { watcher.finish() }
    }

    func leave(_ session: String, _ number: Int) {
        state.withLock { state in
            state.watchers[session]?.removeAll { $0.number == number }
            if state.watchers[session]?.isEmpty == true { state.watchers[session] = nil }
        }
    }
}
