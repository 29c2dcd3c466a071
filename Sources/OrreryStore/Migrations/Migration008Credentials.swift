extension Migration {
    /// What issuers gave at logins, sealed by whoever stores it; and through which issuer each login came, so that the issuer
    /// can end it.
    static let credentials = Migration(
        number: 8, name: "credentials",
        sql: """
            CREATE TABLE credential (
                person BIGINT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
                issuer TEXT NOT NULL,
                subject TEXT NOT NULL,
                sealed BYTEA,
                login_at BIGINT NOT NULL,
                checked_at BIGINT NOT NULL,
                ended_at BIGINT,
                PRIMARY KEY (person, issuer)
            );
            ALTER TABLE login ADD COLUMN issuer TEXT;
            ALTER TABLE login ADD COLUMN subject TEXT;
            ALTER TABLE login ADD COLUMN issuer_session TEXT;
            ALTER TABLE login ADD COLUMN hint BYTEA;
            CREATE INDEX login_of_identity ON login (issuer, subject);
            CREATE INDEX login_of_issuer_session ON login (issuer, issuer_session);
            ALTER TABLE login_transaction ADD COLUMN browser BYTEA NOT NULL DEFAULT '';
            CREATE INDEX login_transaction_of_browser ON login_transaction (browser, created_at);
            """)
}
