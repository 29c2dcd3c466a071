extension Migration {
    /// What waits for room, and for whom a session counts when places are shared out.
    static let queue = Migration(
        number: 13, name: "queue",
        sql: """
            ALTER TABLE session ADD COLUMN account TEXT NOT NULL DEFAULT '';
            ALTER TABLE session ADD COLUMN wish TEXT;
            CREATE INDEX session_ended_at ON session (ended_at) WHERE ended_at IS NOT NULL;
            CREATE INDEX session_of_person ON session (person, id);
            """)
}
