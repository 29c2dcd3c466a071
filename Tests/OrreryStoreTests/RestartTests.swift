import Foundation
import OrreryModel
import Testing

@testable import OrreryStore

@Suite struct RestartTests {
    @Test func everythingIsThereAfterARestart() async throws {
        let test = try TestDatabase()
        var database = try test.open()
        let ada = try await database.register(
            Sample.person("ada", uid: 20001, groups: [Group(name: "project:photoz", gid: 5001)]), isAdmin: true,
            at: Sample.now)
        let session = Sample.session(of: ada)
        let token = Sample.token(1, person: ada.id, session: session.id)
        try await database.create(session)
        try await database.insert(token)
        let (running, event) = try await database.advance(session.id, at: Sample.now + 5) {
            $0.state = .ready
            $0.readyAt = Sample.now + 5
            $0.podUID = "0b5e"
            $0.address = "127.21.0.4:8888"
        }
        try database.close()

        database = try test.open()
        #expect(try await database.person(named: "ada") == ada)
        #expect(try await database.allActive() == [running])
        #expect(try await database.session(id: session.id)?.plan == Sample.plan)
        #expect(try await database.token(hash: token.hash, at: Sample.now) == token)
        #expect(try await database.events(session: session.id, after: 0) == [event])
    }

    @Test func whatWasCommittedIsThereForAnotherProcessAtOnce() async throws {
        let test = try TestDatabase()
        let first = try test.open()
        let ada = try await first.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        let second = try test.open()
        #expect(try await second.allPersons() == [ada])
    }

    @Test(arguments: [
        "state = 'dreaming'", "plan = '{'", "created_at = 'yesterday'",
        "end_reason = 'sleep', state = 'ended', ended_at = 1",
    ])
    func valueThatNobodyHereWroteIsCorruptAndNotACrash(_ change: String) async throws {
        let test = try TestDatabase()
        var database = try test.open()
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        let session = Sample.session(of: ada)
        try await database.create(session)
        try database.close()
        let damage = Migration(number: Migration.all.count + 1, name: "damage", sql: "UPDATE session SET \(change);")
        database = try Database(path: test.path, migrations: Migration.all + [damage])
        let error = await #expect(throws: StoreError.self) { try await database.session(id: session.id) }
        #expect(error?.kind == .corrupt && error?.doing == .operator)
    }
}
