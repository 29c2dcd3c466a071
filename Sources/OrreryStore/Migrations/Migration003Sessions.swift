extension Migration {
    /// Sessions and their events. The two partial indexes are the wall against a person who clicks in two tabs and
    /// against two sessions behind one route; no code before them has to be right for that.
    static let sessions = Migration(
        number: 3, name: "sessions",
        sql: """
            CREATE TABLE session (
                id TEXT PRIMARY KEY,
                person BIGINT NOT NULL REFERENCES person (id),
                person_name TEXT NOT NULL,
                server TEXT NOT NULL,
                profile TEXT NOT NULL,
                environment TEXT NOT NULL,
                size TEXT NOT NULL,
                cluster TEXT NOT NULL,
                plan TEXT NOT NULL,
                plan_hash TEXT NOT NULL,
                spawn TEXT NOT NULL UNIQUE,
                namespace TEXT NOT NULL,
                pod TEXT NOT NULL,
                pod_uid TEXT,
                address TEXT,
                prefix TEXT NOT NULL,
                state TEXT NOT NULL,
                message TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                ready_at BIGINT,
                ended_at BIGINT,
                end_reason TEXT,
                last_activity BIGINT NOT NULL,
                CHECK ((state = 'ended') = (ended_at IS NOT NULL)),
                CHECK (state <> 'ended' OR end_reason IS NOT NULL),
                CHECK (state IN ('stopping', 'ended') OR end_reason IS NULL)
            );
            CREATE UNIQUE INDEX session_live ON session (person, server) WHERE ended_at IS NULL;
            CREATE UNIQUE INDEX session_live_prefix ON session (prefix) WHERE ended_at IS NULL;
            CREATE INDEX session_ended ON session (person, ended_at) WHERE ended_at IS NOT NULL;
            CREATE TABLE session_event (
                session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
                number INTEGER NOT NULL,
                at BIGINT NOT NULL,
                state TEXT NOT NULL,
                message TEXT NOT NULL,
                PRIMARY KEY (session, number)
            );
            """)
}
