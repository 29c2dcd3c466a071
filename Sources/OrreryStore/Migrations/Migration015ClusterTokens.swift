extension Migration {
    /// The hub's own tokens for clusters, as it renewed them last, sealed by whoever stores them.
    static let clusterTokens = Migration(
        number: 15, name: "cluster tokens",
        sql: """
            CREATE TABLE cluster_token (
                cluster TEXT PRIMARY KEY,
                sealed BYTEA NOT NULL
            );
            """)
}
