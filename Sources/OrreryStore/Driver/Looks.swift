internal import GRDB
internal import Synchronization

/// Connections for looks at one record, which is done where the caller is. Each thread that looks has one of its own
/// meanwhile, so there are as many as there were looks at one moment.
///
/// Not the pool's, which asks before every look whether somebody has changed the schema: that is a statement and a
/// transaction more than the look itself, and SQLite finds out anyway.
///
/// Concurrency: any thread may look.
final class Looks: Sendable {
    private struct State {
        var idle: [DatabaseQueue] = []
        var isClosed = false
    }

    private let path: String
    private let configuration: Configuration
    private let state = Mutex(State())

    init(path: String, configuration: Configuration) {
        self.path = path
        self.configuration = configuration
    }

    /// Runs `body` here and now, on what was committed last.
    func look<Value>(_ body: (GRDB.Database) throws -> Value) throws -> Value {
        let connection = try take()
        defer { giveBack(connection) }
        return try connection.unsafeRead(body)
    }

    /// Every later look fails. Connections in use are closed when they are given back.
    func close() throws {
        let idle = state.withLock { state in
            defer { state.idle = [] }
            state.isClosed = true
            return state.idle
        }
        for connection in idle { try connection.close() }
    }

    private func take() throws -> DatabaseQueue {
        let (connection, isClosed) = state.withLock { ($0.idle.popLast(), $0.isClosed) }
        if let connection { return connection }
        guard !isClosed else { throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "it is closed") }
        var configuration = configuration
        configuration.readonly = true
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    private func giveBack(_ connection: DatabaseQueue) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.idle.append(connection) }
            return state.isClosed
        }
        // What cannot be closed goes with its last reference.
        if isClosed { try? connection.close() }
    }
}
