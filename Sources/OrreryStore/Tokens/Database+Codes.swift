package import FoundationEssentials
internal import GRDB

extension Database {
    package func insert(_ code: CodeRecord) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO code (hash, client, person, sid, redirect_uri, challenge, scopes, expires_at)
                    VALUES (:hash, :client, :person, :sid, :redirect_uri, :challenge, :scopes, :expires_at)
                    """,
                arguments: [
                    "hash": Data(code.hash), "client": code.client, "person": code.person, "sid": code.sid,
                    "redirect_uri": code.redirectURI, "challenge": code.challenge,
                    "scopes": try Column.json(code.scopes), "expires_at": Column.milliseconds(code.expiresAt),
                ])
        }
    }

    package func takeCode(hash: [UInt8], at now: Date) async throws(StoreError) -> CodeRecord? {
        try await write { db in
            // One statement: whoever deletes the row has it. A read first would let two exchanges see it.
            let taken = try Row.fetchOne(
                db, sql: "DELETE FROM code WHERE hash = :hash RETURNING *", arguments: ["hash": Data(hash)]
            ).map(CodeRecord.init)
            return taken.flatMap { $0.expiresAt > now ? $0 : nil }
        }
    }
}

extension CodeRecord {
    init(_ row: Row) throws {
        self.init(
            hash: try row.bytes("hash"), client: try row.text("client"), person: try row.integer("person"),
            sid: try row.text("sid"), redirectURI: try row.text("redirect_uri"),
            challenge: try row.text("challenge"), scopes: try row.document("scopes"),
            expiresAt: try row.instant("expires_at"))
    }
}
