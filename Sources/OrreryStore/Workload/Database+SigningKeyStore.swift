package import FoundationEssentials
internal import GRDB

extension Database: SigningKeyStore {
    package func signingKeys() async throws(StoreError) -> [SigningKeyRecord] {
        try await read { db in try SigningKeyRecord.fetchAll(db) }
    }

    package func insert(
        _ key: SigningKeyRecord, unlessMadeAfter instant: Date
    ) async throws(StoreError) -> [SigningKeyRecord] {
        try await write { db in
            let newer = "SELECT 1 FROM signing_key WHERE made_at > :instant"
            if try Row.fetchOne(db, sql: newer, arguments: ["instant": Column.milliseconds(instant)]) == nil {
                try db.execute(
                    sql: """
                        INSERT INTO signing_key (id, published, sealed, made_at)
                        VALUES (:id, :published, :sealed, :made_at)
                        """,
                    arguments: [
                        "id": key.id, "published": key.published, "sealed": Data(key.sealed),
                        "made_at": Column.milliseconds(key.madeAt),
                    ])
            }
            return try SigningKeyRecord.fetchAll(db)
        }
    }

    package func removeSigningKeys(_ ids: Set<String>) async throws(StoreError) {
        guard !ids.isEmpty else { return }
        try await write { db in
            for id in ids { try db.execute(sql: "DELETE FROM signing_key WHERE id = :id", arguments: ["id": id]) }
        }
    }
}

extension SigningKeyRecord {
    fileprivate static func fetchAll(_ db: GRDB.Database) throws -> [SigningKeyRecord] {
        try Row.fetchAll(db, sql: "SELECT * FROM signing_key ORDER BY made_at, id").map { row in
            SigningKeyRecord(
                id: try row.text("id"), published: try row.text("published"), sealed: try row.bytes("sealed"),
                madeAt: try row.instant("made_at"))
        }
    }
}
