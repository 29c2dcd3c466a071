extension Migration {
    /// What the gate's keys are made with, and the logins whose tickets must not open any more.
    static let gate = Migration(
        number: 5, name: "gate",
        sql: """
            CREATE TABLE seed (
                name TEXT PRIMARY KEY,
                bytes BYTEA NOT NULL
            );
            CREATE TABLE ended_login (
                sid TEXT PRIMARY KEY,
                expires_at BIGINT NOT NULL
            );
            CREATE INDEX ended_login_expiry ON ended_login (expires_at);
            """)
}
