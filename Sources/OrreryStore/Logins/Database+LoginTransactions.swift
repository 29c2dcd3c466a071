package import FoundationEssentials
internal import GRDB

extension Database {
    package func insert(_ transaction: TransactionRecord, most: Int) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO login_transaction (state_hash, issuer, browser, nonce, verifier, next, link_to,
                        created_at, expires_at)
                    VALUES (:state_hash, :issuer, :browser, :nonce, :verifier, :next, :link_to, :created_at, :expires_at)
                    """,
                arguments: [
                    "state_hash": Data(transaction.stateHash), "issuer": transaction.issuer,
                    "browser": Data(transaction.browser), "nonce": transaction.nonce, "verifier": transaction.verifier,
                    "next": transaction.next,
                    "link_to": transaction.linkTo, "created_at": Column.milliseconds(transaction.createdAt),
                    "expires_at": Column.milliseconds(transaction.expiresAt),
                ])
            try Self.forgetOldest(of: transaction.browser, db)
            try Self.forgetOldest(beyond: most, db)
        }
    }

    /// One browser fills nobody's disk: what it began before its last twenty logins is forgotten.
    private static func forgetOldest(of browser: [UInt8], _ db: GRDB.Database) throws {
        try db.execute(
            sql: """
                DELETE FROM login_transaction WHERE browser = :browser AND state_hash NOT IN (
                    SELECT state_hash FROM login_transaction WHERE browser = :browser
                    ORDER BY created_at DESC, expires_at DESC LIMIT 20)
                """, arguments: ["browser": Data(browser)])
    }

    /// Whoever leaves the cookie out is another browser every time. All live equally long, so that the index of their ends has them
    /// in order.
    private static func forgetOldest(beyond most: Int, _ db: GRDB.Database) throws {
        try db.execute(
            sql: """
                DELETE FROM login_transaction WHERE state_hash IN (
                    SELECT state_hash FROM login_transaction ORDER BY expires_at DESC LIMIT 1000 OFFSET :most)
                """, arguments: ["most": most])
    }

    package func transactions(at now: Date) async throws(StoreError) -> Int {
        try look { db in
            try Int.fetchOne(
                db, sql: "SELECT count(*) FROM login_transaction WHERE expires_at > ?",
                arguments: [Column.milliseconds(now)]) ?? 0
        }
    }

    package func takeTransaction(stateHash: [UInt8], at now: Date) async throws(StoreError) -> TransactionRecord? {
        try await write { db in
            // One statement: whoever deletes the row has it. A read first would let two callbacks see it.
            let taken = try Row.fetchOne(
                db, sql: "DELETE FROM login_transaction WHERE state_hash = :hash RETURNING *",
                arguments: ["hash": Data(stateHash)]
            ).map(TransactionRecord.init)
            return taken.flatMap { $0.expiresAt > now ? $0 : nil }
        }
    }
}

extension TransactionRecord {
    init(_ row: Row) throws {
        self.init(
            stateHash: try row.bytes("state_hash"), issuer: try row.text("issuer"),
            browser: try row.bytes("browser"), nonce: try row.text("nonce"),
            verifier: try row.text("verifier"), next: try row.text("next"),
            linkTo: try row.integerIfAny("link_to"),
            createdAt: try row.instant("created_at"), expiresAt: try row.instant("expires_at"))
    }
}
