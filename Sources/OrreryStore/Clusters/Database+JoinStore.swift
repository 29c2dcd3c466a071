package import FoundationEssentials
internal import GRDB

// Those who ask to join, and the tokens for it.
extension Database {
    package func keep(_ join: JoinRecord, most: Int) async throws(StoreError) -> JoinRecord {
        try await write { db in
            var join = join
            let sql = "SELECT * FROM cluster_join WHERE key_id = :key AND expires_at > :now"
            let before = try Row.fetchOne(
                db, sql: sql, arguments: ["key": join.key, "now": Column.milliseconds(join.lastAt)]
            ).map(JoinRecord.init)
            if let before {
                guard before.state == .waiting else { return before }
                join.firstAt = before.firstAt
            }
            try join.replace(db)
            try Self.forget(most, from: join.address, db)
            return join
        }
    }

    private static func forget(_ most: Int, from address: String, _ db: GRDB.Database) throws {
        try db.execute(
            sql: """
                DELETE FROM cluster_join WHERE state = 'waiting' AND (
                    key_id IN (
                        SELECT key_id FROM cluster_join WHERE address = :address AND state = 'waiting'
                        ORDER BY last_at DESC LIMIT 1000 OFFSET :most)
                    OR key_id IN (
                        SELECT key_id FROM cluster_join WHERE state = 'waiting'
                        ORDER BY last_at DESC LIMIT 1000 OFFSET 1000))
                """, arguments: ["address": address, "most": most])
    }

    package func joins(at now: Date) async throws(StoreError) -> [JoinRecord] {
        try await read { db in
            let sql = "SELECT * FROM cluster_join WHERE expires_at > :now ORDER BY first_at, key_id"
            return try Row.fetchAll(db, sql: sql, arguments: ["now": Column.milliseconds(now)]).map(JoinRecord.init)
        }
    }

    package func join(key: String, at now: Date) async throws(StoreError) -> JoinRecord? {
        try await read { db in
            let sql = "SELECT * FROM cluster_join WHERE key_id = :key AND expires_at > :now"
            return try Row.fetchOne(db, sql: sql, arguments: ["key": key, "now": Column.milliseconds(now)])
                .map(JoinRecord.init)
        }
    }

    package func touch(join key: String, at now: Date, until end: Date) async throws(StoreError) -> Bool {
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE cluster_join SET last_at = :now, expires_at = :end
                    WHERE key_id = :key AND state = 'waiting' AND expires_at > :now
                    """, arguments: ["key": key, "now": Column.milliseconds(now), "end": Column.milliseconds(end)])
            return db.changesCount > 0
        }
    }

    package func join(codeHash: [UInt8], at now: Date) async throws(StoreError) -> JoinRecord? {
        try await read { db in
            let sql = "SELECT * FROM cluster_join WHERE code_hash = :hash AND state = 'waiting' AND expires_at > :now"
            return try Row.fetchOne(
                db, sql: sql, arguments: ["hash": Data(codeHash), "now": Column.milliseconds(now)]
            ).map(JoinRecord.init)
        }
    }

    package func deny(join key: String, because reason: String, until end: Date) async throws(StoreError) -> Bool {
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE cluster_join SET state = 'denied', code_hash = NULL, reason = :reason, expires_at = :end
                    WHERE key_id = :key AND state = 'waiting'
                    """, arguments: ["key": key, "reason": reason, "end": Column.milliseconds(end)])
            return db.changesCount > 0
        }
    }

    package func forgetJoin(_ key: String) async throws(StoreError) -> Bool {
        try await write { db in
            try db.execute(sql: "DELETE FROM cluster_join WHERE key_id = :key", arguments: ["key": key])
            return db.changesCount > 0
        }
    }

    package func insert(_ invite: InviteRecord) async throws(StoreError) {
        try await write { db in
            do { try invite.insert(db) } catch let error as GRDB.DatabaseError where error.isUniqueViolation {
                throw StoreError.taken(.invite)
            }
        }
    }

    package func invites(at now: Date) async throws(StoreError) -> [InviteRecord] {
        try await read { db in
            let sql = "SELECT * FROM cluster_invite WHERE expires_at > :now AND uses > 0 ORDER BY created_at, id"
            return try Row.fetchAll(db, sql: sql, arguments: ["now": Column.milliseconds(now)]).map(InviteRecord.init)
        }
    }

    package func invite(id: String) async throws(StoreError) -> InviteRecord? {
        try await read { db in
            try Row.fetchOne(db, sql: "SELECT * FROM cluster_invite WHERE id = :id", arguments: ["id": id])
                .map(InviteRecord.init)
        }
    }

    package func removeInvite(_ id: String) async throws(StoreError) -> Bool {
        try await write { db in
            try db.execute(sql: "DELETE FROM cluster_invite WHERE id = :id", arguments: ["id": id])
            return db.changesCount > 0
        }
    }

    package func note(pins: [String], at now: Date) async throws(StoreError) {
        try await write { db in
            for pin in pins {
                try db.execute(
                    sql: """
                        INSERT INTO proxy_pin (pin, seen_at) VALUES (:pin, :at)
                        ON CONFLICT (pin) DO UPDATE SET seen_at = excluded.seen_at
                        """, arguments: ["pin": pin, "at": Column.milliseconds(now)])
            }
        }
    }

    package func pins(since instant: Date) async throws(StoreError) -> [String] {
        try await read { db in
            try String.fetchAll(
                db, sql: "SELECT pin FROM proxy_pin WHERE seen_at >= :at ORDER BY pin",
                arguments: ["at": Column.milliseconds(instant)])
        }
    }

    /// No join string names a proxy's key that was not seen for so long.
    package static let pinMemory: TimeInterval = 90 * 86_400

    package func removeExpiredJoins(at now: Date) async throws(StoreError) -> Int {
        try await write { db in
            let end: StatementArguments = ["now": Column.milliseconds(now)]
            try db.execute(sql: "DELETE FROM cluster_join WHERE expires_at <= :now", arguments: end)
            let joins = db.changesCount
            try db.execute(sql: "DELETE FROM cluster_invite WHERE expires_at <= :now", arguments: end)
            let invites = db.changesCount
            try db.execute(
                sql: "DELETE FROM proxy_pin WHERE seen_at < :at",
                arguments: ["at": Column.milliseconds(now - Self.pinMemory)])
            return joins + invites + db.changesCount
        }
    }
}
