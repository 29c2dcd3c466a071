package import FoundationEssentials
internal import GRDB

extension Database: TokenStore {
    package func insert(_ token: TokenRecord, most: Int) async throws(StoreError) {
        try await write { db in
            if let code = token.code, try !ShownCode.isGood(code, db) { throw StoreError.taken(.code) }
            guard try most == .max || Self.count(like: token, db) < most else { throw StoreError.taken(.tokens) }
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
                    "parent": token.parent, "scopes": Column.text(token.scopes),
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
            try TokenRecord.fetch(
                db, where: "hash = :hash AND (expires_at IS NULL OR expires_at > :now)",
                ["hash": Data(hash), "now": Column.milliseconds(now)]
            ).first
        }
    }

    package func holder(
        hash: [UInt8], at now: Date
    ) async throws(StoreError) -> (token: TokenRecord, person: PersonRecord)? {
        try look { db in
            try db.walk(
                Self.holders, ["hash": Data(hash), "now": Column.milliseconds(now)],
                { row in
                    var walk = row
                    return (token: try TokenRecord(&walk), person: try PersonRecord(&walk))
                }
            ).first
        }
    }

    private static let holders = """
        SELECT \(TokenRecord.selected), \(PersonRecord.selected) FROM token JOIN person ON person.id = token.person
        WHERE token.hash = :hash AND (token.expires_at IS NULL OR token.expires_at > :now)
        """

    package func tokens(person: Int64, at now: Date) async throws(StoreError) -> [TokenRecord] {
        try await read { db in
            try TokenRecord.fetch(
                db,
                where: """
                    person = :person AND (expires_at IS NULL OR expires_at > :now) AND NOT \(Self.isOfEnded)
                    ORDER BY created_at DESC, id DESC
                    """, ["person": person, "now": Column.milliseconds(now)])
        }
    }

    /// Whether a token's session has ended. The pod that had it is gone then, so nobody misses it.
    private static let isOfEnded =
        "(session IS NOT NULL AND (SELECT ended_at FROM session WHERE id = token.session) IS NOT NULL)"

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

    package func removeTokens(sid: String) async throws(StoreError) -> Int {
        try await removeTokens(from: ["token", "code"], where: "sid = :value", sid)
    }

    package func removeTokens(person: Int64) async throws(StoreError) -> Int {
        try await removeTokens(from: ["token", "code", "device_grant"], where: "person = :value", person)
    }

    package func removeExpiredTokens(at now: Date) async throws(StoreError) -> Int {
        let hasExpired = "expires_at IS NOT NULL AND expires_at <= :value"
        let instant = Column.milliseconds(now)
        return try await removeTokens(from: ["token"], where: "(\(hasExpired)) OR \(Self.isOfEnded)", instant)
            + removeTokens(from: ["code", "device_grant"], where: hasExpired, instant)
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
    /// The columns as `init` reads them.
    private static let columns = [
        "id", "hash", "person", "kind", "session", "sid", "code", "parent", "scopes", "note", "created_at",
        "expires_at", "last_used",
    ]
    /// The same for a statement with more tables than this one.
    fileprivate static let selected = columns.map { "token.\($0)" }.joined(separator: ", ")
    private static let selection = "SELECT \(selected) FROM token WHERE "

    fileprivate init(_ walk: inout ColumnWalk) throws {
        self.init(
            id: try walk.text(), hash: try walk.bytes(), person: try walk.integer(), kind: try walk.word(),
            session: try walk.textIfAny(), sid: try walk.textIfAny(), code: try walk.bytesIfAny(),
            parent: try walk.textIfAny(), scopes: try walk.document { try Column.texts($0) },
            note: try walk.text(), createdAt: try walk.instant(), expiresAt: try walk.instantIfAny(),
            lastUsed: try walk.instantIfAny())
    }

    /// The tokens that meet `condition`, which may go on with ORDER BY.
    fileprivate static func fetch(
        _ db: GRDB.Database, where condition: String, _ arguments: StatementArguments
    ) throws -> [TokenRecord] {
        try db.walk(selection + condition, arguments) { row in
            var walk = row
            return try TokenRecord(&walk)
        }
    }
}
