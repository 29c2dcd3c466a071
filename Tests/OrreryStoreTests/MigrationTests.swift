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
            "code", "seed", "ended_login",
        ]
        let test = try TestDatabase()
        try test.open().close()
        // Dropping a table that is not there would fail.
        let drops = next(tables.reversed().map { "DROP TABLE \($0);" }.joined())
        try Database(path: test.path, migrations: Migration.all + [drops]).close()
    }

    @Test func databaseOfAnOlderVersionGoesOn() async throws {
        let test = try TestDatabase()
        let old = try Database(path: test.path, migrations: Array(Migration.all.prefix(1)))
        let ada = try await old.register(Sample.person("ada"), isAdmin: true, at: Sample.now)
        try old.close()
        let database = try test.open()
        #expect(try await database.person(id: ada.id) == ada)
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
