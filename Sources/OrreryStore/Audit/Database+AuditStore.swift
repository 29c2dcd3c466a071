package import FoundationEssentials
internal import GRDB
internal import OrreryModel

extension Database: AuditStore {
    package func append(
        _ records: [AuditRecord], mark: @escaping @Sendable (AuditRecord, AuditPlace) -> [UInt8]
    ) async throws(StoreError) -> AuditPlace {
        try await write { db in
            try records.reduce(try AuditPlace.end(db)) { place, record in try record.append(after: place, mark, db) }
        }
    }

    package func entries(
        _ query: AuditQuery, after number: Int64, limit: Int
    ) async throws(StoreError) -> [AuditEntry] {
        try await read { db in
            let (condition, arguments) = query.condition
            return try Row.fetchAll(
                db, sql: "SELECT * FROM audit WHERE number > :number\(condition) ORDER BY number LIMIT :limit",
                arguments: arguments + ["number": number, "limit": limit]
            ).map(AuditEntry.init)
        }
    }

    package func auditStart() async throws(StoreError) -> AuditPlace {
        try await read { db in try AuditPlace.start(db) }
    }

    package func auditEnd() async throws(StoreError) -> AuditPlace {
        try await read { db in try AuditPlace.end(db) }
    }

    package func trimAudit(
        before cutoff: Date, at now: Date, saying: @escaping @Sendable (AuditPlace) -> AuditRecord,
        mark: @escaping @Sendable (AuditRecord, AuditPlace) -> [UInt8]
    ) async throws(StoreError) -> AuditPlace? {
        try await write { db in
            // All up to the first record that is young: clocks may have gone back, and the log has no holes.
            let last = try Row.fetchOne(
                db,
                sql: """
                    SELECT number, mark FROM audit WHERE number <
                        coalesce((SELECT min(number) FROM audit WHERE at >= :cutoff), (SELECT max(number) FROM audit) + 1)
                    ORDER BY number DESC LIMIT 1
                    """, arguments: ["cutoff": Column.milliseconds(cutoff)]
            ).map(AuditPlace.init)
            guard let last else { return nil }
            // Said before they go, so that the end of the log is never the start of an empty one.
            _ = try saying(last).append(after: try AuditPlace.end(db), mark, db)
            try db.execute(
                sql: "INSERT INTO audit_removed (last, mark, at) VALUES (:last, :mark, :at)",
                arguments: ["last": last.number, "mark": Data(last.mark), "at": Column.milliseconds(now)])
            try db.execute(sql: "DELETE FROM audit WHERE number <= :last", arguments: ["last": last.number])
            return last
        }
    }

    package func auditKey(orKeep sealed: [UInt8]?) async throws(StoreError) -> [UInt8]? {
        guard let sealed else { return try await read { db in try Self.auditKey(db) } }
        return try await write { db in
            try db.execute(
                sql: "INSERT INTO audit_key (number, sealed) VALUES (1, :sealed) ON CONFLICT (number) DO NOTHING",
                arguments: ["sealed": Data(sealed)])
            return try Self.auditKey(db)
        }
    }

    package func replaceAuditKey(
        by sealed: [UInt8], saying record: AuditRecord,
        mark: @escaping @Sendable (AuditRecord, AuditPlace) -> [UInt8]
    ) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO audit_key (number, sealed) VALUES (1, :sealed)
                    ON CONFLICT (number) DO UPDATE SET sealed = excluded.sealed
                    """, arguments: ["sealed": Data(sealed)])
            _ = try record.append(after: try AuditPlace.end(db), mark, db)
        }
    }

    private static func auditKey(_ db: GRDB.Database) throws -> [UInt8]? {
        try Row.fetchOne(db, sql: "SELECT sealed FROM audit_key")?.bytes("sealed")
    }
}
