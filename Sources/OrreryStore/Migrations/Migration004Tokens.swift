extension Migration {
    /// Tokens and OAuth codes, by hash only.
    static let tokens = Migration(
        number: 4, name: "tokens",
        sql: """
            CREATE TABLE token (
                id TEXT PRIMARY KEY,
                hash BYTEA NOT NULL UNIQUE CHECK (length(hash) = 32),
                person BIGINT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
                kind TEXT NOT NULL,
                session TEXT REFERENCES session (id) ON DELETE CASCADE,
                sid TEXT,
                scopes TEXT NOT NULL,
                note TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                expires_at BIGINT,
                last_used BIGINT
            );
            CREATE INDEX token_of_person ON token (person);
            CREATE INDEX token_of_session ON token (session);
            CREATE INDEX token_of_login ON token (sid);
            CREATE INDEX token_expiry ON token (expires_at);
            CREATE TABLE code (
                hash BYTEA PRIMARY KEY CHECK (length(hash) = 32),
                client TEXT NOT NULL,
                person BIGINT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
                sid TEXT NOT NULL,
                redirect_uri TEXT NOT NULL,
                challenge TEXT NOT NULL,
                scopes TEXT NOT NULL,
                expires_at BIGINT NOT NULL
            );
            CREATE INDEX code_of_login ON code (sid);
            CREATE INDEX code_expiry ON code (expires_at);
            """)
}
