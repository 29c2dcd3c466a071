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
            // The row stays until it expires, so that a second showing is known for one even while the first is being answered.
            let sql = "UPDATE code SET shown = shown + 1 WHERE hash = :hash RETURNING *"
            let row = try Row.fetchOne(db, sql: sql, arguments: ["hash": Data(hash)])
            guard let row, try row.integer("shown") == 1 else {
                try db.execute(sql: "DELETE FROM token WHERE code = :hash", arguments: ["hash": Data(hash)])
                return nil
            }
            let code = try CodeRecord(row)
            return code.expiresAt > now ? code : nil
        }
    }
}

/// Whether a code has been shown once and not more often.
enum ShownCode {
    static func isGood(_ hash: [UInt8], _ db: GRDB.Database) throws -> Bool {
        let sql = "SELECT shown FROM code WHERE hash = :hash"
        return try Int64.fetchOne(db, sql: sql, arguments: ["hash": Data(hash)]) == 1
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
