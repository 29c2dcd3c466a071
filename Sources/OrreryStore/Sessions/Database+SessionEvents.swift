package import FoundationEssentials
internal import GRDB
package import OrreryModel

extension Database {
    package func appendEvent(
        session: String, at now: Date, state: SessionState, message: String
    ) async throws(StoreError) -> SessionEventRecord {
        try await write { [rows] db in
            guard try db.first("SELECT 1 FROM session WHERE id = ?", [session]) != nil else {
                throw StoreError.noSession
            }
            rows.forget(session)
            let last = try SessionEventRecord.last(db, of: session)
            let told = [(state: state, message: message)]
            let events = try SessionEventRecord.append(db, told, of: session, at: now, after: last)
            guard let event = events.first else { throw StoreError.noSession }
            return event
        }
    }

    package func events(session: String, after number: Int) async throws(StoreError) -> [SessionEventRecord] {
        try look { db in
            let sql = """
                SELECT number, at, state, message FROM session_event
                WHERE session = :session AND number > :number ORDER BY number
                """
            return try db.walk(sql, ["session": session, "number": number]) {
                try SessionEventRecord($0, of: session)
            }
        }
    }
}

extension SessionEventRecord {
    fileprivate init(_ row: ColumnWalk, of session: String) throws {
        var walk = row
        self.init(
            session: session, number: Int(try walk.integer()), at: try walk.instant(), state: try walk.word(),
            message: try walk.text())
    }

    /// The number of the session's last event; 0 when it has none.
    static func last(_ db: GRDB.Database, of session: String) throws -> Int {
        let sql = "SELECT max(number) FROM session_event WHERE session = ?"
        return try Int.fetchOne(db.kept(sql), arguments: [session]) ?? 0
    }

    /// Writes what the story of a stored session goes on with after event `last`, inside the caller's transaction.
    static func append(
        _ db: GRDB.Database, _ told: [(state: SessionState, message: String)], of session: String, at now: Date,
        after last: Int
    ) throws -> [SessionEventRecord] {
        let instant = Column.milliseconds(now)
        let sql = "INSERT INTO session_event (session, number, at, state, message) VALUES (?, ?, ?, ?, ?)"
        let statement = try db.kept(sql)
        return try told.enumerated().map { index, told in
            let number = last + 1 + index
            try statement.execute(arguments: [session, number, instant, told.state.rawValue, told.message])
            return SessionEventRecord(
                session: session, number: number, at: Column.instant(instant), state: told.state, message: told.message)
        }
    }
}
