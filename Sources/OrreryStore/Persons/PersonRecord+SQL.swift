internal import GRDB
internal import OrreryModel

extension PersonRecord {
    /// The columns as `init` reads them.
    private static let columns = [
        "id", "issuer", "subject", "name", "uid", "gid", "member_of", "is_admin", "is_suspended", "created_at",
        "last_login",
    ]
    /// The same for a statement with more tables than this one.
    static let selected = columns.map { "person.\($0)" }.joined(separator: ", ")
    private static let selection = "SELECT \(selected) FROM person WHERE "

    init(_ walk: inout ColumnWalk) throws {
        self.init(
            id: try walk.integer(),
            person: Person(
                identity: Identity(issuer: try walk.text(), subject: try walk.text()), name: try walk.text(),
                uid: try walk.number(), gid: try walk.number(),
                groups: try walk.document { try Column.groups($0) }),
            isAdmin: try walk.flag(), isSuspended: try walk.flag(), createdAt: try walk.instant(),
            lastLogin: try walk.instant())
    }

    static func fetch(
        _ db: GRDB.Database, where condition: String, _ arguments: StatementArguments
    ) throws -> [PersonRecord] {
        try db.walk("\(selection)\(condition) ORDER BY name", arguments) { row in
            var walk = row
            return try PersonRecord(&walk)
        }
    }

    static func find(_ db: GRDB.Database, _ identity: Identity) throws -> PersonRecord? {
        guard let owner = try IdentityOwner.find(identity, db) else { return nil }
        return try fetch(db, where: "id = :id", ["id": owner]).first
    }

    static func require(_ id: Int64, _ db: GRDB.Database) throws -> PersonRecord {
        guard let record = try fetch(db, where: "id = :id", ["id": id]).first else { throw StoreError.noPerson }
        return record
    }

    static func regroup(
        _ id: Int64, _ groups: Set<Group>, isAdmin: Bool, _ db: GRDB.Database
    ) throws -> PersonRecord {
        try db.execute(
            sql: "UPDATE person SET member_of = :member_of, is_admin = :is_admin WHERE id = :id",
            arguments: ["member_of": try Column.json(sorted(groups)), "is_admin": isAdmin, "id": id])
        return try require(id, db)
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
