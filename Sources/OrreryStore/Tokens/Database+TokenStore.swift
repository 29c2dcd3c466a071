package import FoundationEssentials
internal import GRDB

extension Database: TokenStore {
    package func insert(_ token: TokenRecord, most: Int) async throws(StoreError) {
        try await write { db in
            if let code = token.code, try !ShownCode.isGood(code, db) { throw StoreError.taken(.code) }
            guard try Self.count(like: token, db) < most else { throw StoreError.taken(.tokens) }
            try db.run(
                """
                INSERT INTO token (id, hash, person, kind, session, sid, code, parent, scopes, note, created_at,
                    expires_at, last_used)
                VALUES (:id, :hash, :person, :kind, :session, :sid, :code, :parent, :scopes, :note, :created_at,
                    :expires_at, :last_used)
                """,
                [
                    "id": token.id, "hash": Data(token.hash), "person": token.person, "kind": token.kind.rawValue,
                    "session": token.session, "sid": token.sid, "code": token.code.map { Data($0) },
                    "parent": token.parent, "scopes": try Column.json(token.scopes),
                    "note": token.note, "created_at": Column.milliseconds(token.createdAt),
                    "expires_at": token.expiresAt.map(Column.milliseconds),
                    "last_used": token.lastUsed.map(Column.milliseconds),
                ])
        }
    }

    /// How many tokens of its kind `token`'s person has when it is made.
    private static func count(like token: TokenRecord, _ db: GRDB.Database) throws -> Int {
        try Int.fetchOne(
            db.kept(
                """
                SELECT count(*) FROM token
                WHERE person = :person AND kind = :kind AND (expires_at IS NULL OR expires_at > :now)
                """),
            arguments: [
                "person": token.person, "kind": token.kind.rawValue, "now": Column.milliseconds(token.createdAt),
            ]) ?? 0
    }

    package func token(hash: [UInt8], at now: Date) async throws(StoreError) -> TokenRecord? {
        try look { db in
            try db.first(
                "SELECT * FROM token WHERE hash = :hash AND (expires_at IS NULL OR expires_at > :now)",
                ["hash": Data(hash), "now": Column.milliseconds(now)]
            ).map(TokenRecord.init)
        }
    }

    package func tokens(person: Int64, at now: Date) async throws(StoreError) -> [TokenRecord] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM token WHERE person = :person AND (expires_at IS NULL OR expires_at > :now)
                    ORDER BY created_at DESC, id DESC
                    """,
                arguments: ["person": person, "now": Column.milliseconds(now)]
            ).map(TokenRecord.init)
        }
    }

    package func touchTokens(_ used: [(id: String, at: Date)]) async throws(StoreError) {
        guard !used.isEmpty else { return }
        try await write { db in
            let sql = "UPDATE token SET last_used = :at WHERE id = :id AND (last_used IS NULL OR last_used < :at)"
            let statement = try db.cachedStatement(sql: sql)
            for (id, at) in used { try statement.execute(arguments: ["id": id, "at": Column.milliseconds(at)]) }
        }
    }

    package func removeToken(id: String) async throws(StoreError) -> Bool {
        try await removeTokens(from: ["token"], where: "id = :value", id) > 0
    }

    package func removeTokens(session: String) async throws(StoreError) -> Int {
        try await removeTokens(from: ["token"], where: "session = :value", session)
    }

    package func removeTokens(sid: String) async throws(StoreError) -> Int {
        try await removeTokens(from: ["token", "code"], where: "sid = :value", sid)
    }

    package func removeTokens(person: Int64) async throws(StoreError) -> Int {
        try await removeTokens(from: ["token", "code", "device_grant"], where: "person = :value", person)
    }

    package func removeExpiredTokens(at now: Date) async throws(StoreError) -> Int {
        try await removeTokens(
            from: ["token", "code", "device_grant"], where: "expires_at IS NOT NULL AND expires_at <= :value",
            Column.milliseconds(now))
    }

    private func removeTokens(
        from tables: [String], where condition: String, _ value: some DatabaseValueConvertible & Sendable
    ) async throws(StoreError) -> Int {
        try await write { db in
            try tables.reduce(0) { count, table in
                try db.execute(sql: "DELETE FROM \(table) WHERE \(condition)", arguments: ["value": value])
                return count + db.changesCount
            }
        }
    }
}

extension TokenRecord {
    init(_ row: Row) throws {
        self.init(
            id: try row.text("id"), hash: try row.bytes("hash"), person: try row.integer("person"),
            kind: try row.word("kind"), session: try row.textIfAny("session"), sid: try row.textIfAny("sid"),
            code: try row.bytesIfAny("code"), parent: try row.textIfAny("parent"),
            scopes: try row.document("scopes"), note: try row.text("note"), createdAt: try row.instant("created_at"),
            expiresAt: try row.instantIfAny("expires_at"), lastUsed: try row.instantIfAny("last_used"))
    }
}
