internal import GRDB
internal import OrreryModel
internal import Synchronization

/// Sessions as the writer has read or written them last, so that each is read once on its way and not at every step. Good until
/// another connection writes, or something is taken back.
///
/// Concurrency: for the writer's queue alone.
final class SessionRows: Sendable {
    struct Known {
        /// As it would be read.
        var session: SessionRecord
        /// The number of its last event.
        var last: Int
    }

    private struct State {
        /// SQLite's word for what others have written.
        var version: Int64?
        var known: [String: Known] = [:]
    }

    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int = 20_000) { self.limit = limit }

    /// A transaction has begun: what others wrote before it is seen in it.
    func begin(_ db: GRDB.Database) throws {
        let version = try Int64.fetchOne(db.kept("PRAGMA data_version"))
        state.withLock { state in
            if state.version != version { state = State(version: version) }
        }
    }

    func known(_ id: String) -> Known? { state.withLock { $0.known[id] } }

    func keep(_ known: Known) {
        state.withLock { state in
            let id = known.session.id
            // One that has ended is hardly asked for again.
            guard known.session.state != .ended else { return state.known[id] = nil }
            if state.known.count >= limit { state.known = [:] }
            state.known[id] = known
        }
    }

    /// Its row, or its story, is written by somebody who does not say what it is then.
    func forget(_ id: String) { state.withLock { $0.known[id] = nil } }

    func forgetAll() { state.withLock { $0.known = [:] } }
}
