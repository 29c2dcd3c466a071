package import FoundationEssentials
internal import GRDB

extension Database: TokenFileStore {
    package func put(_ file: TokenFileRecord) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO token_file (session, person, source, is_default, due_at, ends_at, failures)
                    SELECT id, :person, :source, :is_default, :due_at, :ends_at, :failures FROM session WHERE id = :session
                    ON CONFLICT (session, source) DO UPDATE SET is_default = :is_default, due_at = :due_at,
                        ends_at = :ends_at, failures = :failures
                    """,
                arguments: [
                    "session": file.session, "person": file.person, "source": file.source,
                    "is_default": file.isDefault, "due_at": Column.milliseconds(file.dueAt),
                    "ends_at": file.endsAt.map(Column.milliseconds), "failures": file.failures,
                ])
        }
    }

    package func dueTokenFiles(
        of source: String, at now: Date, onEachCluster limit: Int
    ) async throws(StoreError) -> [TokenFileRecord] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM (
                        SELECT token_file.*, row_number() OVER (PARTITION BY cluster ORDER BY due_at) AS place
                        FROM token_file JOIN session ON session.id = token_file.session
                        WHERE source = :source AND due_at <= :now AND ended_at IS NULL AND state <> 'stopping'
                    ) AS due
                    WHERE place <= :limit ORDER BY due_at
                    """,
                arguments: ["source": source, "now": Column.milliseconds(now), "limit": limit]
            ).map(TokenFileRecord.init)
        }
    }

    package func tokenFiles(session: String) async throws(StoreError) -> [TokenFileRecord] {
        try await read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM token_file WHERE session = :session ORDER BY source",
                arguments: ["session": session]
            ).map(TokenFileRecord.init)
        }
    }

    package func removeEndedTokenFiles() async throws(StoreError) -> Int {
        try await write { db in
            try db.execute(
                sql: """
                    DELETE FROM token_file WHERE session IN (SELECT id FROM session WHERE ended_at IS NOT NULL)
                    """)
            return db.changesCount
        }
    }
}

extension TokenFileRecord {
    fileprivate init(_ row: Row) throws {
        self.init(
            session: try row.text("session"), person: try row.integer("person"), source: try row.text("source"),
            isDefault: try row.flag("is_default"), dueAt: try row.instant("due_at"),
            endsAt: try row.instantIfAny("ends_at"), failures: Int(try row.integer("failures")))
    }
}
