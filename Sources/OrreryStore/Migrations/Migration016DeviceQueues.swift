extension Migration {
    /// Anybody may ask for a place among the programs that wait, and each time the oldest are looked for on the only
    /// connection that writes.
    static let deviceQueues = Migration(
        number: 16, name: "device queues",
        sql: """
            CREATE INDEX device_grant_of_address ON device_grant (address, created_at) WHERE state = 'waiting';
            CREATE INDEX device_grant_waiting ON device_grant (expires_at) WHERE state = 'waiting';
            """)
}
