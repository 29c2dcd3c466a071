internal import GRDB
internal import OrreryModel

extension PersonRecord {
    init(_ row: Row) throws {
        self.init(
            id: try row.integer("id"),
            person: Person(
                identity: Identity(issuer: try row.text("issuer"), subject: try row.text("subject")),
                name: try row.text("name"), uid: try row.number("uid"), gid: try row.number("gid"),
                groups: try row.document("member_of")),
            isAdmin: try row.flag("is_admin"), isSuspended: try row.flag("is_suspended"),
            createdAt: try row.instant("created_at"), lastLogin: try row.instant("last_login"))
    }

    static func fetch(
        _ db: GRDB.Database, where condition: String, _ arguments: StatementArguments
    ) throws -> [PersonRecord] {
        try db.all("SELECT * FROM person WHERE \(condition) ORDER BY name", arguments).map(PersonRecord.init)
    }

    static func find(_ db: GRDB.Database, _ identity: Identity) throws -> PersonRecord? {
        guard let owner = try IdentityOwner.find(identity, db) else { return nil }
        return try fetch(db, where: "id = :id", ["id": owner]).first
    }

    static func require(_ id: Int64, _ db: GRDB.Database) throws -> PersonRecord {
        guard let record = try fetch(db, where: "id = :id", ["id": id]).first else { throw StoreError.noPerson }
        return record
    }

    func insert(_ db: GRDB.Database) throws {
        try db.execute(
            sql: """
                INSERT INTO person (id, issuer, subject, name, uid, gid, member_of, is_admin, is_suspended, created_at,
                    last_login)
                VALUES (:id, :issuer, :subject, :name, :uid, :gid, :member_of, :is_admin, :is_suspended, :created_at,
                    :last_login)
                """,
            arguments: [
                "id": id, "issuer": person.identity.issuer, "subject": person.identity.subject, "name": person.name,
                "uid": person.uid, "gid": person.gid, "member_of": try Column.json(sorted(person.groups)),
                "is_admin": isAdmin, "is_suspended": isSuspended, "created_at": Column.milliseconds(createdAt),
                "last_login": Column.milliseconds(lastLogin),
            ])
    }
}

func sorted(_ groups: Set<Group>) -> [Group] { groups.sorted { $0.name < $1.name } }
