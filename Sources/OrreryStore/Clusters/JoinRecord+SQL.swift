internal import FoundationEssentials
internal import GRDB

extension JoinRecord {
    init(_ row: Row) throws {
        self.init(
            key: try row.text("key_id"), spki: try row.bytes("spki"), codeHash: try row.bytesIfAny("code_hash"),
            state: try row.word("state"), reason: try row.text("reason"), address: try row.text("address"),
            hello: try row.document("hello"), evidence: try row.document("evidence"),
            firstAt: try row.instant("first_at"), lastAt: try row.instant("last_at"),
            expiresAt: try row.instant("expires_at"))
    }

    func replace(_ db: GRDB.Database) throws {
        try db.execute(sql: "DELETE FROM cluster_join WHERE key_id = :key", arguments: ["key": key])
        do {
            try db.execute(
                sql: """
                    INSERT INTO cluster_join (key_id, spki, code_hash, state, reason, address, hello, evidence,
                        first_at, last_at, expires_at)
                    VALUES (:key_id, :spki, :code_hash, :state, :reason, :address, :hello, :evidence, :first_at,
                        :last_at, :expires_at)
                    """, arguments: try arguments())
        } catch let error as GRDB.DatabaseError where error.isUniqueViolation {
            throw StoreError.taken(.userCode)
        }
    }

    private func arguments() throws -> StatementArguments {
        [
            "key_id": key, "spki": Data(spki), "code_hash": codeHash.map { Data($0) }, "state": state.rawValue,
            "reason": reason, "address": address, "hello": try Column.json(hello),
            "evidence": try Column.json(evidence), "first_at": Column.milliseconds(firstAt),
            "last_at": Column.milliseconds(lastAt), "expires_at": Column.milliseconds(expiresAt),
        ]
    }
}

extension InviteRecord {
    init(_ row: Row) throws {
        self.init(
            id: try row.text("id"), secretHash: try row.bytes("secret_hash"), owner: try row.textIfAny("owner"),
            name: try row.textIfAny("name"), madeBy: try row.text("made_by"), uses: try row.integer("uses"),
            createdAt: try row.instant("created_at"), expiresAt: try row.instant("expires_at"))
    }

    func insert(_ db: GRDB.Database) throws {
        try db.execute(
            sql: """
                INSERT INTO cluster_invite (id, secret_hash, owner, name, made_by, uses, created_at, expires_at)
                VALUES (:id, :secret_hash, :owner, :name, :made_by, :uses, :created_at, :expires_at)
                """,
            arguments: [
                "id": id, "secret_hash": Data(secretHash), "owner": owner, "name": name, "made_by": madeBy,
                "uses": uses, "created_at": Column.milliseconds(createdAt),
                "expires_at": Column.milliseconds(expiresAt),
            ])
    }
}
