package import FoundationEssentials
internal import GRDB
package import OrreryModel

extension Database: CredentialStore {
    package func keep(_ credential: CredentialRecord) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO credential (person, issuer, subject, sealed, login_at, checked_at, ended_at)
                    VALUES (:person, :issuer, :subject, :sealed, :login_at, :checked_at, :ended_at)
                    ON CONFLICT (person, issuer) DO UPDATE SET subject = :subject, sealed = :sealed,
                        login_at = :login_at, checked_at = :checked_at, ended_at = :ended_at
                    """,
                arguments: [
                    "person": credential.person, "issuer": credential.issuer, "subject": credential.subject,
                    "sealed": credential.sealed.map { Data($0) }, "login_at": Column.milliseconds(credential.loginAt),
                    "checked_at": Column.milliseconds(credential.checkedAt),
                    "ended_at": credential.endedAt.map(Column.milliseconds),
                ])
        }
    }

    package func credential(person: Int64, issuer: String) async throws(StoreError) -> CredentialRecord? {
        try await credentials("person = :person AND issuer = :issuer", ["person": person, "issuer": issuer]).first
    }

    package func latestCredential(person: Int64) async throws(StoreError) -> CredentialRecord? {
        try await credentials("person = :person", ["person": person]).first
    }

    package func allCredentials() async throws(StoreError) -> [CredentialRecord] { try await credentials("1 = 1", [:]) }

    private func credentials(
        _ condition: String, _ arguments: StatementArguments
    ) async throws(StoreError) -> [CredentialRecord] {
        try look { db in try Self.credentials(condition, arguments, db) }
    }

    /// Those that meet `condition`, the last login's first.
    private static func credentials(
        _ condition: String, _ arguments: StatementArguments, _ db: GRDB.Database
    ) throws -> [CredentialRecord] {
        let sql = "SELECT \(CredentialRecord.columns) FROM credential WHERE \(condition) ORDER BY login_at DESC"
        return try db.walk(sql, arguments) { try CredentialRecord($0) }
    }

    package func renew(_ credential: CredentialRecord, sealed: [UInt8]) async throws(StoreError) -> Bool {
        let now = credential.sealed.map { Data($0) }
        return try await change(
            credential, "sealed = :new", "sealed = :old AND ended_at IS NULL", ["new": Data(sealed), "old": now])
    }

    package func end(_ credential: CredentialRecord, at now: Date) async throws(StoreError) -> Bool {
        try await change(
            credential, "sealed = NULL, ended_at = :now", "ended_at IS NULL", ["now": Column.milliseconds(now)])
    }

    package func markChecked(_ credential: CredentialRecord, at now: Date) async throws(StoreError) {
        let instant = Column.milliseconds(now)
        _ = try await change(credential, "checked_at = :now", "checked_at < :now", ["now": instant])
    }

    package func regroup(
        by credential: CredentialRecord, _ groups: Set<Group>, isAdmin: Bool
    ) async throws(StoreError) -> PersonRecord? {
        try await write { db in
            let latest = try Self.credentials("person = :person", ["person": credential.person], db).first
            guard latest?.issuer == credential.issuer, latest?.loginAt == credential.loginAt else { return nil }
            return try PersonRecord.regroup(credential.person, groups, isAdmin: isAdmin, db)
        }
    }

    /// Whether the credential is still that of the same login, and was changed.
    private func change(
        _ credential: CredentialRecord, _ assignment: String, _ condition: String, _ values: StatementArguments
    ) async throws(StoreError) -> Bool {
        try await write { db in
            let same: StatementArguments = [
                "person": credential.person, "issuer": credential.issuer,
                "login_at": Column.milliseconds(credential.loginAt),
            ]
            try db.execute(
                sql: """
                    UPDATE credential SET \(assignment)
                    WHERE person = :person AND issuer = :issuer AND login_at = :login_at AND \(condition)
                    """, arguments: same &+ values)
            return db.changesCount > 0
        }
    }

    package func removeCredential(person: Int64, issuer: String) async throws(StoreError) -> CredentialRecord? {
        try await remove("person = :person AND issuer = :issuer", ["person": person, "issuer": issuer]).first
    }

    package func removeCredentials(person: Int64) async throws(StoreError) -> [CredentialRecord] {
        try await remove("person = :person", ["person": person])
    }

    private func remove(
        _ condition: String, _ arguments: StatementArguments
    ) async throws(StoreError) -> [CredentialRecord] {
        try await write { db in
            try db.walk("DELETE FROM credential WHERE \(condition) RETURNING \(CredentialRecord.columns)", arguments) {
                try CredentialRecord($0)
            }
        }
    }
}

extension Database {
    package func dueForRecheck(
        seenAfter seen: Date, checkedBefore checked: Date, at now: Date
    ) async throws(StoreError) -> [Int64] {
        try await read { db in
            try Int64.fetchAll(
                db,
                sql: """
                    SELECT person FROM credential
                    WHERE (person IN (SELECT person FROM login WHERE last_seen > :seen AND expires_at > :now)
                        OR person IN (SELECT person FROM token WHERE last_used > :seen
                            AND (kind = 'personal' OR (kind = 'oauth' AND sid IS NOT NULL))))
                    GROUP BY person HAVING max(checked_at) <= :checked AND count(sealed) > 0
                    """,
                arguments: [
                    "seen": Column.milliseconds(seen), "checked": Column.milliseconds(checked),
                    "now": Column.milliseconds(now),
                ])
        }
    }

    package func removeIdleCredentials(before instant: Date) async throws(StoreError) -> Int {
        try await write { db in
            try db.execute(
                sql: """
                    DELETE FROM credential WHERE login_at < :instant
                        AND person NOT IN (SELECT person FROM login)
                        AND person NOT IN (SELECT person FROM session WHERE ended_at IS NULL)
                        AND person NOT IN (SELECT person FROM token WHERE kind = 'personal')
                    """, arguments: ["instant": Column.milliseconds(instant)])
            return db.changesCount
        }
    }
}

extension CredentialRecord {
    /// The columns as `init` reads them.
    fileprivate static let columns = names.joined(separator: ", ")
    private static let names = ["person", "issuer", "subject", "sealed", "login_at", "checked_at", "ended_at"]

    fileprivate init(_ row: ColumnWalk) throws {
        var walk = row
        self.init(
            person: try walk.integer(), issuer: try walk.text(), subject: try walk.text(),
            sealed: try walk.bytesIfAny(), loginAt: try walk.instant(), checkedAt: try walk.instant(),
            endedAt: try walk.instantIfAny())
    }
}
