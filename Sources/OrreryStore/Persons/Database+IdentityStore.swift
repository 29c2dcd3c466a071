package import FoundationEssentials
internal import GRDB
package import OrreryModel

extension Database: IdentityStore {
    package func identities(person id: Int64) async throws(StoreError) -> [Identity] {
        try await read { db in
            let sql = "SELECT issuer, subject FROM identity WHERE person = :id ORDER BY linked_at, issuer, subject"
            return try Row.fetchAll(db, sql: sql, arguments: ["id": id]).map { row in
                Identity(issuer: try row.text("issuer"), subject: try row.text("subject"))
            }
        }
    }

    package func isRemoved(_ identity: Identity) async throws(StoreError) -> Bool {
        try await read { db in
            guard let owner = try IdentityOwner.find(identity, db) else { return false }
            return try PersonRecord.fetch(db, where: "id = :id", ["id": owner]).isEmpty
        }
    }

    package func link(_ identity: Identity, to id: Int64, at now: Date) async throws(StoreError) {
        try await write { db in
            _ = try PersonRecord.require(id, db)
            if let owner = try IdentityOwner.find(identity, db) {
                guard owner == id else { throw StoreError.taken(.identity) }
                return
            }
            try IdentityOwner.insert(identity, of: id, at: now, db)
        }
    }

    package func unlink(_ identity: Identity, from id: Int64) async throws(StoreError) {
        try await write { db in
            let person = try PersonRecord.require(id, db).person
            guard person.identity != identity else { throw StoreError.firstIdentity }
            guard try IdentityOwner.find(identity, db) == id else { throw StoreError.noIdentity }
            try db.execute(
                sql: "DELETE FROM identity WHERE issuer = :issuer AND subject = :subject",
                arguments: ["issuer": identity.issuer, "subject": identity.subject])
        }
    }
}

/// Whose an identity is, or was.
enum IdentityOwner {
    static func find(_ identity: Identity, _ db: GRDB.Database) throws -> Int64? {
        try Int64.fetchOne(
            db, sql: "SELECT person FROM identity WHERE issuer = :issuer AND subject = :subject",
            arguments: ["issuer": identity.issuer, "subject": identity.subject])
    }

    static func insert(_ identity: Identity, of person: Int64, at now: Date, _ db: GRDB.Database) throws {
        try db.execute(
            sql: """
                INSERT INTO identity (issuer, subject, person, linked_at)
                VALUES (:issuer, :subject, :person, :linked_at)
                """,
            arguments: [
                "issuer": identity.issuer, "subject": identity.subject, "person": person,
                "linked_at": Column.milliseconds(now),
            ])
    }
}
