internal import GRDB

/// One step of the schema. Steps are numbered from 1 without a gap; one that was released is never changed, because
/// databases that took it exist. The SQL is what SQLite and PostgreSQL both understand: instants are milliseconds since
/// 1970 as BIGINT, hashes are BYTEA, lists and documents are JSON as TEXT.
struct Migration: Sendable {
    let number: Int
    let name: String
    let sql: String

    static let all: [Migration] = [
        .people, .logins, .sessions, .tokens, .gate, .identities, .raised, .credentials, .workload, .audit,
        .programs, .descent, .queue, .clusters, .clusterTokens,
        .deviceQueues,
    ]
}

extension Migration {
    /// Takes the steps that the database has not taken, inside the caller's transaction: a step that fails leaves the
    /// database as it was. Refuses a database that took steps which are unknown here.
    static func apply(_ migrations: [Migration], to db: GRDB.Database, path: String) throws {
        precondition(migrations.map(\.number) == Array(1...migrations.count), "migrations are not numbered 1, 2, 3 …")
        try db.execute(
            sql: "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        let taken = try Int.fetchOne(db, sql: "SELECT max(number) FROM migration") ?? 0
        guard taken <= migrations.count else { throw newer(taken, than: migrations.count, path: path) }
        for migration in migrations.dropFirst(taken) {
            try db.execute(sql: migration.sql)
            try db.execute(
                sql: "INSERT INTO migration (number, name) VALUES (:number, :name)",
                arguments: ["number": migration.number, "name": migration.name])
        }
    }

    /// How many steps a database has taken that has taken any.
    static func taken(_ db: GRDB.Database) throws -> Int {
        try Int.fetchOne(db, sql: "SELECT max(number) FROM migration") ?? 0
    }

    private static func newer(_ taken: Int, than known: Int, path: String) -> StoreError {
        StoreError(
            .unavailable,
            "the database \(path) was written by a newer Orrery (schema \(taken), this one knows up to \(known))",
            next: "start that version again, or restore the backup made before the upgrade")
    }
}
