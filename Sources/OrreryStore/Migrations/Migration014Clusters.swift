extension Migration {
    /// The clusters of the site, the keys of their agents, and who asks to join. A name stays taken by whoever had it.
    /// `cluster_revision` counts every change, so that a hub notices what a command beside it has done.
    static let clusters = Migration(
        number: 14, name: "clusters",
        sql: """
            CREATE TABLE cluster (
                name TEXT PRIMARY KEY,
                kind TEXT NOT NULL,
                title TEXT NOT NULL,
                uid TEXT,
                owner TEXT,
                namespace TEXT NOT NULL,
                admission TEXT NOT NULL,
                facets TEXT NOT NULL,
                inventory TEXT,
                inventory_at BIGINT,
                rotation_asked_at BIGINT,
                health TEXT,
                health_at BIGINT
            );
            CREATE TABLE cluster_key (
                id TEXT PRIMARY KEY CHECK (length(id) = 64),
                cluster TEXT NOT NULL REFERENCES cluster (name) ON DELETE CASCADE,
                spki BYTEA NOT NULL,
                since BIGINT NOT NULL,
                ends_at BIGINT
            );
            CREATE INDEX cluster_key_of_cluster ON cluster_key (cluster);
            CREATE TABLE cluster_invite (
                id TEXT PRIMARY KEY,
                secret_hash BYTEA NOT NULL CHECK (length(secret_hash) = 32),
                owner TEXT,
                name TEXT,
                made_by TEXT NOT NULL,
                uses BIGINT NOT NULL,
                created_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL
            );
            CREATE TABLE cluster_join (
                key_id TEXT PRIMARY KEY CHECK (length(key_id) = 64),
                spki BYTEA NOT NULL,
                code_hash BYTEA UNIQUE,
                state TEXT NOT NULL,
                reason TEXT NOT NULL,
                address TEXT NOT NULL,
                hello TEXT NOT NULL,
                evidence TEXT NOT NULL,
                first_at BIGINT NOT NULL,
                last_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL
            );
            CREATE INDEX cluster_join_of_address ON cluster_join (address);
            CREATE TABLE proxy_pin (
                pin TEXT PRIMARY KEY,
                seen_at BIGINT NOT NULL
            );
            CREATE TABLE cluster_revision (
                number BIGINT NOT NULL
            );
            INSERT INTO cluster_revision (number) VALUES (0);
            """)
}
