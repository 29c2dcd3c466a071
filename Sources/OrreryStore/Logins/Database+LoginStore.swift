package import FoundationEssentials
internal import GRDB

extension Database: LoginStore {
    package func insert(_ login: LoginRecord) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO login (hash, person, sid, raised, created_at, expires_at, last_seen)
                    VALUES (:hash, :person, :sid, :raised, :created_at, :expires_at, :last_seen)
                    """,
                arguments: [
                    "hash": Data(login.hash), "person": login.person, "sid": login.sid,
                    "raised": try Column.json(login.raised),
                    "created_at": Column.milliseconds(login.createdAt),
                    "expires_at": Column.milliseconds(login.expiresAt),
                    "last_seen": Column.milliseconds(login.lastSeen),
                ])
        }
    }

    package func login(hash: [UInt8], at now: Date) async throws(StoreError) -> LoginRecord? {
        try await read { db in
            try Row.fetchOne(
                db, sql: "SELECT * FROM login WHERE hash = :hash AND expires_at > :now",
                arguments: ["hash": Data(hash), "now": Column.milliseconds(now)]
            ).map(LoginRecord.init)
        }
    }

    package func logins(person: Int64, at now: Date) async throws(StoreError) -> [LoginRecord] {
        try await read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM login WHERE person = :person AND expires_at > :now ORDER BY created_at DESC",
                arguments: ["person": person, "now": Column.milliseconds(now)]
            ).map(LoginRecord.init)
        }
    }

    package func touchLogins(_ seen: [(hash: [UInt8], at: Date)]) async throws(StoreError) {
        guard !seen.isEmpty else { return }
        try await write { db in
            let sql = "UPDATE login SET last_seen = :at WHERE hash = :hash AND last_seen < :at"
            let statement = try db.cachedStatement(sql: sql)
            for (hash, at) in seen {
                try statement.execute(arguments: ["hash": Data(hash), "at": Column.milliseconds(at)])
            }
        }
    }

    package func removeLogin(hash: [UInt8]) async throws(StoreError) -> LoginRecord? {
        try await write { db in
            try Row.fetchOne(
                db, sql: "DELETE FROM login WHERE hash = :hash RETURNING *", arguments: ["hash": Data(hash)]
            ).map(LoginRecord.init)
        }
    }

    package func removeLogins(person: Int64) async throws(StoreError) -> [LoginRecord] {
        try await write { db in
            try Row.fetchAll(
                db, sql: "DELETE FROM login WHERE person = :person RETURNING *", arguments: ["person": person]
            ).map(LoginRecord.init)
        }
    }

    package func removeExpiredLogins(at now: Date) async throws(StoreError) -> Int {
        try await write { db in
            try ["login", "login_transaction"].reduce(0) { count, table in
                try db.execute(
                    sql: "DELETE FROM \(table) WHERE expires_at <= :now",
                    arguments: ["now": Column.milliseconds(now)])
                return count + db.changesCount
            }
        }
    }
}

extension LoginRecord {
    init(_ row: Row) throws {
        self.init(
            hash: try row.bytes("hash"), person: try row.integer("person"), sid: try row.text("sid"),
            raised: try row.document("raised"),
            createdAt: try row.instant("created_at"), expiresAt: try row.instant("expires_at"),
            lastSeen: try row.instant("last_seen"))
    }
}
