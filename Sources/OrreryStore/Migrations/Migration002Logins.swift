extension Migration {
    /// Browsers that are logged in, and logins under way at an issuer.
    static let logins = Migration(
        number: 2, name: "logins",
        sql: """
            CREATE TABLE login (
                hash BYTEA PRIMARY KEY CHECK (length(hash) = 32),
                person BIGINT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
                sid TEXT NOT NULL UNIQUE,
                created_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                last_seen BIGINT NOT NULL
            );
            CREATE INDEX login_of_person ON login (person);
            CREATE INDEX login_expiry ON login (expires_at);
            CREATE TABLE login_transaction (
                state_hash BYTEA PRIMARY KEY CHECK (length(state_hash) = 32),
                issuer TEXT NOT NULL,
                nonce TEXT NOT NULL,
                verifier TEXT NOT NULL,
                next TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL
            );
            CREATE INDEX login_transaction_expiry ON login_transaction (expires_at);
            """)
}
