extension Migration {
    /// People, and what was given to them for ever. `given_name` and `given_uid` do not refer to `person`: their rows
    /// outlive it, so that a name, a uid or an id never comes to a second person.
    static let people = Migration(
        number: 1, name: "people",
        sql: """
            CREATE TABLE given_name (
                name TEXT PRIMARY KEY,
                person BIGINT NOT NULL UNIQUE
            );
            CREATE TABLE given_uid (
                uid BIGINT PRIMARY KEY CHECK (uid > 0),
                person BIGINT NOT NULL
            );
            CREATE TABLE person (
                id BIGINT PRIMARY KEY,
                issuer TEXT NOT NULL,
                subject TEXT NOT NULL,
                name TEXT NOT NULL UNIQUE REFERENCES given_name (name),
                uid BIGINT REFERENCES given_uid (uid),
                gid BIGINT CHECK (gid > 0),
                member_of TEXT NOT NULL,
                is_admin BOOLEAN NOT NULL,
                is_suspended BOOLEAN NOT NULL,
                created_at BIGINT NOT NULL,
                last_login BIGINT NOT NULL,
                UNIQUE (issuer, subject)
            );
            """)
}
