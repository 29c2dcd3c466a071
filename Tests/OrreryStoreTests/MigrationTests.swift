import OrreryModel
import Testing

@testable import OrreryStore

@Suite struct MigrationTests {
    /// A step behind all known ones.
    private func next(_ sql: String) -> Migration {
        Migration(number: Migration.all.count + 1, name: "of tomorrow", sql: sql)
    }

    @Test func emptyFileGetsEveryTable() throws {
        let tables = [
            "person", "given_name", "given_uid", "login", "login_transaction", "session", "session_event", "token",
            "code", "seed", "ended_login", "identity", "credential", "audit", "audit_removed",
            "audit_key", "device_grant",
        ]
        let test = try TestDatabase()
        try test.open().close()
        // Dropping a table that is not there would fail.
        let drops = next(tables.reversed().map { "DROP TABLE \($0);" }.joined())
        try Database(path: test.path, migrations: Migration.all + [drops]).close()
    }

    /// The first step with somebody who logged in before there were other steps.
    private var withPerson: Migration {
        Migration(
            number: 1, name: "people",
            sql: Migration.people.sql + """
                INSERT INTO given_name VALUES ('ada', 1);
                INSERT INTO person VALUES (1, 'https://issuer.test', 'subject of ada', 'ada', NULL, NULL, '[]', TRUE, FALSE,
                    1795264313250, 1795264313250);
                """)
    }

    @Test func databaseOfAnOlderVersionGoesOn() async throws {
        let test = try TestDatabase()
        try Database(path: test.path, migrations: [withPerson]).close()
        let database = try test.open()
        let ada = try #require(try await database.person(id: 1))
        #expect(ada.person == Sample.person("ada") && ada.isAdmin && ada.createdAt == Sample.now)
        #expect(try await database.person(identity: ada.person.identity) == ada)
        #expect(try await database.identities(person: 1) == [ada.person.identity])
        try await database.create(Sample.session(of: ada))
    }

    @Test func databaseOfANewerVersionIsRefusedAndStaysAsItIs() async throws {
        let test = try TestDatabase()
        let newer = Migration.all + [next("CREATE TABLE tomorrow (id BIGINT PRIMARY KEY);")]
        var database = try Database(path: test.path, migrations: newer)
        let ada = try await database.register(Sample.person("ada"), isAdmin: true, at: Sample.now)
        try database.close()
        let error = #expect(throws: StoreError.self) { try test.open() }
        #expect(error?.kind == .unavailable)
        let known = Migration.all.count
        #expect(
            error?.message
                == "the database \(test.path) was written by a newer Orrery (schema \(known + 1), this one knows up to \(known))"
        )
        database = try Database(path: test.path, migrations: newer)
        #expect(try await database.allPersons() == [ada])
    }

    @Test func stepThatFailsLeavesTheDatabaseAsItWas() throws {
        let test = try TestDatabase()
        try test.open().close()
        let half = "CREATE TABLE half (id BIGINT PRIMARY KEY);"
        let broken = next(half + "CREATE TABLE person (id BIGINT);")
        #expect(throws: StoreError.self) { try Database(path: test.path, migrations: Migration.all + [broken]) }
        try test.open().close()
        try Database(path: test.path, migrations: Migration.all + [next(half)]).close()
    }
}
