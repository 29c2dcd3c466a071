extension Migration {
    /// What the hub as an issuer for workloads keeps: its keys, and when the tokens in pods have to be renewed.
    static let workload = Migration(
        number: 9, name: "workload",
        sql: """
            CREATE TABLE signing_key (
                id TEXT PRIMARY KEY,
                published TEXT NOT NULL,
                sealed BYTEA NOT NULL,
                made_at BIGINT NOT NULL
            );
            CREATE TABLE token_file (
                session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
                person BIGINT NOT NULL,
                source TEXT NOT NULL,
                is_default BOOLEAN NOT NULL,
                due_at BIGINT NOT NULL,
                ends_at BIGINT,
                failures INTEGER NOT NULL,
                PRIMARY KEY (session, source)
            );
            CREATE INDEX token_file_due ON token_file (source, due_at);
            """)
}
