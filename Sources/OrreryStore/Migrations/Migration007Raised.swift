extension Migration {
    /// Groups that one login holds because of how it was made; another browser of the same person does not have them.
    static let raised = Migration(
        number: 7, name: "raised", sql: "ALTER TABLE login ADD COLUMN raised TEXT NOT NULL DEFAULT '[]';")
}
