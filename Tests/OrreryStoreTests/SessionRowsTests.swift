import Foundation
import OrreryModel
import Testing

@testable import OrreryStore

/// What the writer remembers of sessions is what is stored, whoever writes.
@Suite struct SessionRowsTests {
    private let test: TestDatabase
    private let database: Database
    private let session: SessionRecord

    init() async throws {
        test = try TestDatabase()
        database = try test.open()
        session = Sample.session(of: try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now))
        _ = try await database.open(session, planText: nil, then: [])
    }

    private func numbers() async throws -> [Int] {
        try await database.events(session: session.id, after: 0).map(\.number)
    }

    @Test func whatAnotherProcessWritesIsNotOverwritten() async throws {
        _ = try await database.advance(session.id, at: Sample.now) { $0.podUID = "u" }
        let other = try test.open()
        _ = try await other.advance(session.id, at: Sample.now) { ($0.address, $0.message) = ("127.0.0.9:1", "theirs") }
        let (now, event) = try await database.advance(session.id, at: Sample.now) { $0.state = .starting }
        #expect((now.podUID, now.address, now.message, event.number) == ("u", "127.0.0.9:1", "theirs", 4))
        #expect(try await database.session(id: session.id) == now)
    }

    @Test func whatIsTakenBackIsForgotten() async throws {
        let unknown = Sample.session(of: try #require(try await database.person(named: "ada")), server: "other")
        // Some of these go to the disk with one that fails, and are taken back with it before they are written again.
        await withTaskGroup(of: Void.self) { [database, session] group in
            for number in 0..<40 {
                group.addTask {
                    _ = try? await database.advance(session.id, at: Sample.now) { $0.message = "\(number)" }
                }
                group.addTask { _ = try? await database.advance(unknown.id, at: Sample.now) { $0.message = "" } }
            }
        }
        #expect(try await numbers() == Array(1...41))
        let (now, event) = try await database.advance(session.id, at: Sample.now) { $0.podUID = "u" }
        #expect(event.number == 42)
        #expect(try await database.session(id: session.id) == now)
    }

    @Test func whatAWriteByItselfTakesBackIsForgottenToo() async throws {
        let never = SessionRows.Known(session: session, last: 100)
        await #expect(throws: StoreError.self) {
            try await database.write { [rows = database.rows] _ in
                rows.keep(never)
                throw StoreError.noSession
            }
        }
        let (_, event) = try await database.advance(session.id, at: Sample.now) { $0.podUID = "u" }
        #expect(event.number == 2)
    }

    @Test func useAndNotesOfOthersAreSeen() async throws {
        _ = try await database.advance(session.id, at: Sample.now) { $0.podUID = "u" }
        try await database.touch([(session: session.id, at: Sample.now + 60)])
        _ = try await database.appendEvent(session: session.id, at: Sample.now, state: .queued, message: "a note")
        let (now, event) = try await database.advance(session.id, at: Sample.now) { $0.message = "next" }
        #expect(now.lastActivity == Sample.now + 60 && event.number == 4)
    }

    @Test func itIsKnownAsItIsRead() async throws {
        let (fine, _) = try await database.advance(session.id, at: Sample.now) {
            ($0.state, $0.readyAt) = (.ready, Sample.now + 0.123_456)
        }
        let known = try await database.update(session.id) { $0.message = "ready" }
        #expect(fine.readyAt != known.readyAt)
        #expect(try await database.session(id: session.id) == known)
    }

    @Test func onlySoManyAreKnownAndNoneThatHasEnded() {
        let rows = SessionRows(limit: 1)
        rows.keep(SessionRows.Known(session: session, last: 1))
        #expect(rows.known(session.id)?.last == 1)
        var ended = session
        ended.end(.stoppedByPerson, "over", at: Sample.now)
        rows.keep(SessionRows.Known(session: ended, last: 2))
        #expect(rows.known(session.id) == nil)
    }
}
