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
        try await read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM session_event WHERE session = :session AND number > :number ORDER BY number",
                arguments: ["session": session, "number": number]
            ).map(SessionEventRecord.init)
        }
    }
}

extension SessionEventRecord {
    init(_ row: Row) throws {
        self.init(
            session: try row.text("session"), number: Int(try row.integer("number")), at: try row.instant("at"),
            state: try row.word("state"), message: try row.text("message"))
    }

    /// Writes the event with the next number of its session, inside the caller's transaction.
    static func append(
        _ db: GRDB.Database, session: String, at now: Date, state: SessionState, message: String
    ) throws -> SessionEventRecord {
        let row = try Row.fetchOne(
            db,
            sql: """
                INSERT INTO session_event (session, number, at, state, message)
                SELECT id, (SELECT coalesce(max(number), 0) + 1 FROM session_event WHERE session = :session), :at,
                    :state, :message
                FROM session WHERE id = :session
                RETURNING *
                """,
            arguments: [
                "session": session, "at": Column.milliseconds(now), "state": state.rawValue, "message": message,
            ])
        guard let row else { throw StoreError.noSession }
        return try SessionEventRecord(row)
    }
}
