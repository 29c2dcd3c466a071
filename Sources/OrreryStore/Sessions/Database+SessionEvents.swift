package import FoundationEssentials
internal import GRDB
package import OrreryModel

extension Database {
    package func appendEvent(
        session: String, at now: Date, state: SessionState, message: String
    ) async throws(StoreError) -> SessionEventRecord {
        try await write { db in
            try SessionEventRecord.append(db, session: session, at: now, state: state, message: message)
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
    fileprivate init(_ row: Row, of session: String) throws {
        var walk = ColumnWalk(row, ["number", "at", "state", "message"])
        self.init(
            session: session, number: Int(try walk.integer()), at: try walk.instant(), state: try walk.word(),
            message: try walk.text())
    }

    /// Writes the event with the next number of its session, inside the caller's transaction.
    static func append(
        _ db: GRDB.Database, session: String, at now: Date, state: SessionState, message: String
    ) throws -> SessionEventRecord {
        let instant = Column.milliseconds(now)
        let row = try db.first(
            """
            INSERT INTO session_event (session, number, at, state, message)
            SELECT id, (SELECT coalesce(max(number), 0) + 1 FROM session_event WHERE session = :session), :at,
                :state, :message
            FROM session WHERE id = :session
            RETURNING number
            """, ["session": session, "at": instant, "state": state.rawValue, "message": message])
        guard let row else { throw StoreError.noSession }
        return SessionEventRecord(
            session: session, number: Int(try row.decode(Int64.self, atIndex: 0)), at: Column.instant(instant),
            state: state, message: message)
    }
}
