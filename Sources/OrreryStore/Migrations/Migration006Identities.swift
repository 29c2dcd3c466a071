extension Migration {
    /// Every identity that opens a person's account. `identity` does not refer to `person`: its rows outlive it, so that
    /// somebody who was removed does not come back as a new person.
    static let identities = Migration(
        number: 6, name: "identities",
        sql: """
            CREATE TABLE identity (
                issuer TEXT NOT NULL,
                subject TEXT NOT NULL,
                person BIGINT NOT NULL,
                linked_at BIGINT NOT NULL,
                PRIMARY KEY (issuer, subject)
            );
            CREATE INDEX identity_of_person ON identity (person);
            INSERT INTO identity (issuer, subject, person, linked_at)
                SELECT issuer, subject, id, created_at FROM person;
            ALTER TABLE login_transaction ADD COLUMN link_to BIGINT;
            """)
}
