extension Migration {
    /// What programs of people are given: a code that is shown twice takes its token with it, and a program on a machine
    /// without a browser waits until its person has allowed it at another one.
    static let programs = Migration(
        number: 11, name: "programs",
        sql: """
            ALTER TABLE code ADD COLUMN shown BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE token ADD COLUMN code BYTEA;
            CREATE INDEX token_of_code ON token (code);
            CREATE TABLE device_grant (
                device_hash BYTEA PRIMARY KEY CHECK (length(device_hash) = 32),
                user_hash BYTEA NOT NULL UNIQUE CHECK (length(user_hash) = 32),
                host TEXT NOT NULL,
                address TEXT NOT NULL,
                rights TEXT NOT NULL,
                state TEXT NOT NULL,
                person BIGINT REFERENCES person (id) ON DELETE CASCADE,
                pause BIGINT NOT NULL,
                asked_at BIGINT,
                created_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL
            );
            CREATE INDEX device_grant_of_person ON device_grant (person);
            CREATE INDEX device_grant_expiry ON device_grant (expires_at);
            """)
}
