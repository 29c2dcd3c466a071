package import FoundationEssentials
internal import GRDB

extension Database: GateStore {
    package func seed(_ name: String, orKeep fresh: [UInt8]) async throws(StoreError) -> [UInt8] {
        try await write { db in
            try db.execute(
                sql: "INSERT INTO seed (name, bytes) VALUES (:name, :bytes) ON CONFLICT (name) DO NOTHING",
                arguments: ["name": name, "bytes": Data(fresh)])
            let row = try Row.fetchOne(db, sql: "SELECT bytes FROM seed WHERE name = :name", arguments: ["name": name])
            return try row?.bytes("bytes") ?? fresh
        }
    }

    package func rememberEnded(sid: String, until end: Date) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO ended_login (sid, expires_at) VALUES (:sid, :end)
                    ON CONFLICT (sid) DO UPDATE SET expires_at = :end
                    """,
                arguments: ["sid": sid, "end": Column.milliseconds(end)])
        }
    }

    package func endedLogins(at now: Date) async throws(StoreError) -> [String: Date] {
        try await read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT * FROM ended_login WHERE expires_at > :now",
                arguments: ["now": Column.milliseconds(now)])
            return try Dictionary(uniqueKeysWithValues: rows.map { (try $0.text("sid"), try $0.instant("expires_at")) })
        }
    }

    package func removeEndedLogins(at now: Date) async throws(StoreError) -> Int {
        try await write { db in
            try db.execute(
                sql: "DELETE FROM ended_login WHERE expires_at <= :now", arguments: ["now": Column.milliseconds(now)])
            return db.changesCount
        }
    }
}
