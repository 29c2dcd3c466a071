extension Migration {
    /// With which token a token was made: it ends with that one.
    static let descent = Migration(
        number: 12, name: "descent",
        sql: """
            ALTER TABLE token ADD COLUMN parent TEXT REFERENCES token (id) ON DELETE CASCADE;
            CREATE INDEX token_of_parent ON token (parent);
            """)
}
