package import FoundationEssentials
internal import GRDB
internal import OrreryModel

extension Database: LoginStore {
    package func insert(_ login: LoginRecord, hint: [UInt8]?) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO login (hash, person, sid, raised, issuer, subject, issuer_session, hint, created_at,
                        expires_at, last_seen)
                    VALUES (:hash, :person, :sid, :raised, :issuer, :subject, :issuer_session, :hint, :created_at,
                        :expires_at, :last_seen)
                    """,
                arguments: [
                    "hash": Data(login.hash), "person": login.person, "sid": login.sid,
                    "raised": try Column.json(login.raised),
                    "issuer": login.origin?.issuer, "subject": login.origin?.subject,
                    "issuer_session": login.origin?.session, "hint": hint.map { Data($0) },
                    "created_at": Column.milliseconds(login.createdAt),
                    "expires_at": Column.milliseconds(login.expiresAt),
                    "last_seen": Column.milliseconds(login.lastSeen),
                ])
        }
    }

    package func login(hash: [UInt8], at now: Date) async throws(StoreError) -> LoginRecord? {
        try await read { db in
            try Row.fetchOne(
                db, sql: "SELECT \(LoginRecord.columns) FROM login WHERE hash = :hash AND expires_at > :now",
                arguments: ["hash": Data(hash), "now": Column.milliseconds(now)]
            ).map(LoginRecord.init)
        }
    }

    package func logins(person: Int64, at now: Date) async throws(StoreError) -> [LoginRecord] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT \(LoginRecord.columns) FROM login WHERE person = :person AND expires_at > :now
                    ORDER BY created_at DESC
                    """,
                arguments: ["person": person, "now": Column.milliseconds(now)]
            ).map(LoginRecord.init)
        }
    }

    package func hint(of login: LoginRecord) async throws(StoreError) -> [UInt8]? {
        try await read { db in
            try Row.fetchOne(
                db, sql: "SELECT hint FROM login WHERE hash = :hash", arguments: ["hash": Data(login.hash)]
            )?.bytesIfAny("hint")
        }
    }

    package func logins(
        issuer: String, subject: String?, session: String?, at now: Date
    ) async throws(StoreError) -> [LoginRecord] {
        guard subject != nil || session != nil else { return [] }
        return try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT \(LoginRecord.columns) FROM login WHERE issuer = :issuer AND expires_at > :now
                        AND (:subject IS NULL OR subject = :subject)
                        AND (:session IS NULL OR issuer_session = :session)
                    """,
                arguments: [
                    "issuer": issuer, "subject": subject, "session": session, "now": Column.milliseconds(now),
                ]
            ).map(LoginRecord.init)
        }
    }

    package func keepRaised(_ names: Set<String>, of login: LoginRecord) async throws(StoreError) {
        let kept = login.raised.filter { names.contains($0.group.name) }
        guard kept.count < login.raised.count else { return }
        try await write { db in
            try db.execute(
                sql: "UPDATE login SET raised = :raised WHERE hash = :hash",
                arguments: ["raised": try Column.json(kept), "hash": Data(login.hash)])
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
                db, sql: "DELETE FROM login WHERE hash = :hash RETURNING \(LoginRecord.columns)",
                arguments: ["hash": Data(hash)]
            ).map(LoginRecord.init)
        }
    }

    package func removeLogins(person: Int64) async throws(StoreError) -> [LoginRecord] {
        try await write { db in
            try Row.fetchAll(
                db, sql: "DELETE FROM login WHERE person = :person RETURNING \(LoginRecord.columns)",
                arguments: ["person": person]
            ).map(LoginRecord.init)
        }
    }

    package func removeExpiredLogins(at now: Date) async throws(StoreError) -> Int {
        let ended = "sid IN (SELECT sid FROM login WHERE expires_at <= :now)"
        return try await write { db in
            try [
                "token WHERE \(ended)", "code WHERE \(ended)", "login WHERE expires_at <= :now",
                "login_transaction WHERE expires_at <= :now",
            ].reduce(0) { count, rows in
                try db.execute(sql: "DELETE FROM \(rows)", arguments: ["now": Column.milliseconds(now)])
                return count + db.changesCount
            }
        }
    }
}

extension LoginRecord {
    /// All but `hint`, which is large and wanted once.
    static let columns = "hash, person, sid, raised, issuer, subject, issuer_session, created_at, expires_at, last_seen"

    private static func origin(_ row: Row) throws -> Origin? {
        guard let issuer = try row.textIfAny("issuer"), let subject = try row.textIfAny("subject") else { return nil }
        return Origin(issuer: issuer, subject: subject, session: try row.textIfAny("issuer_session"))
    }

    init(_ row: Row) throws {
        self.init(
            hash: try row.bytes("hash"), person: try row.integer("person"), sid: try row.text("sid"),
            raised: try row.document("raised"), origin: try Self.origin(row),
            createdAt: try row.instant("created_at"), expiresAt: try row.instant("expires_at"),
            lastSeen: try row.instant("last_seen"))
    }
}
