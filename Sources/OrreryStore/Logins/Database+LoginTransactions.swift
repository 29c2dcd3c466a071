package import FoundationEssentials
internal import GRDB

extension Database {
    package func insert(_ transaction: TransactionRecord) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO login_transaction (state_hash, issuer, nonce, verifier, next, link_to, created_at,
                        expires_at)
                    VALUES (:state_hash, :issuer, :nonce, :verifier, :next, :link_to, :created_at, :expires_at)
                    """,
                arguments: [
                    "state_hash": Data(transaction.stateHash), "issuer": transaction.issuer,
                    "nonce": transaction.nonce, "verifier": transaction.verifier, "next": transaction.next,
                    "link_to": transaction.linkTo, "created_at": Column.milliseconds(transaction.createdAt),
                    "expires_at": Column.milliseconds(transaction.expiresAt),
                ])
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
            stateHash: try row.bytes("state_hash"), issuer: try row.text("issuer"), nonce: try row.text("nonce"),
            verifier: try row.text("verifier"), next: try row.text("next"),
            linkTo: try row.integerIfAny("link_to"),
            createdAt: try row.instant("created_at"), expiresAt: try row.instant("expires_at"))
    }
}
