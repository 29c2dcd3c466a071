import Foundation
import OrreryModel
import Testing

@testable import OrreryStore

@Suite struct SessionStoreTests {
    let test: TestDatabase
    let database: Database

    init() throws {
        test = try TestDatabase()
        database = try test.open()
    }

    private func person(_ name: String = "ada") async throws -> PersonRecord {
        try await database.register(Sample.person(name), isAdmin: false, at: Sample.now)
    }

    @Test func sessionComesBackAsItWasStored() async throws {
        let session = Sample.session(of: try await person())
        try await database.create(session)
        #expect(try await database.session(id: session.id) == session)
        #expect(try await database.active(person: session.person) == [session])
        #expect(try await database.allActive() == [session])
    }

    @Test func sessionsAreCountedByTheirState() async throws {
        for name in ["ada", "ann"] { try await database.create(Sample.session(of: try await person(name))) }
        let ended = Sample.session(of: try await person("eve"))
        try await database.create(ended)
        _ = try await database.update(ended.id) {
            ($0.state, $0.endReason, $0.endedAt) = (.ended, .crashed, Sample.now)
        }
        #expect(try await database.activeByState() == [.queued: 2])
    }

    @Test func oneOfManyClicksStartsTheSession() async throws {
        let ada = try await person()
        let database = database
        let outcomes = await withTaskGroup(of: StoreError?.self) { group in
            for _ in 1...10 {
                group.addTask {
                    do throws(StoreError) {
                        try await database.create(Sample.session(of: ada))
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 == nil }.count == 1)
        #expect(outcomes.compactMap { $0 }.allSatisfy { $0.kind == .conflict && $0.contested == .liveSession })
        #expect(try await database.allActive().count == 1)
    }

    @Test func otherServersAndEndedSessionsAreNoConflict() async throws {
        let ada = try await person()
        let first = Sample.session(of: ada)
        try await database.create(first)
        try await database.create(Sample.session(of: ada, server: "second"))
        _ = try await database.update(first.id) { $0.end(.stoppedByPerson, "you stopped it", at: Sample.now) }
        try await database.create(Sample.session(of: ada))
        let active = try await database.active(person: ada.id)
        #expect(Set(active.map(\.server)) == ["second", ""])
    }

    @Test func prefixOfALiveSessionIsNotGivenToAnother() async throws {
        try await database.create(Sample.session(of: try await person()))
        let other = Sample.session(of: try await person("eve"), prefix: "/user/ada/")
        let error = await #expect(throws: StoreError.self) { try await database.create(other) }
        #expect(error?.kind == .conflict)
    }

    @Test func sessionOfNobodyIsRefused() async throws {
        let nobody = PersonRecord(
            id: 99, person: Sample.person("ada"), isAdmin: false, isSuspended: false, createdAt: Sample.now,
            lastLogin: Sample.now)
        let error = await #expect(throws: StoreError.self) {
            try await database.create(Sample.session(of: nobody))
        }
        #expect(error?.kind == .missing)
    }

    @Test func updatesAtOnceLoseNothing() async throws {
        let session = Sample.session(of: try await person())
        try await database.create(session)
        let database = database
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 1...20 {
                group.addTask { _ = try await database.update(session.id) { $0.message += "x" } }
            }
            try await group.waitForAll()
        }
        #expect(try await database.session(id: session.id)?.message.count == 20)
    }

    @Test func endedSessionStaysEnded() async throws {
        let session = Sample.session(of: try await person())
        try await database.create(session)
        let ended = try await database.update(session.id) { $0.end(.crashed, "out of memory", at: Sample.now) }
        #expect(ended.state == .ended && ended.endReason == .crashed && ended.endedAt == Sample.now)
        let error = await #expect(throws: StoreError.self) {
            try await database.update(session.id) { $0.state = .ready }
        }
        #expect(error?.contested == .ended)
        #expect(try await database.session(id: session.id) == ended)
    }

    @Test func halfAnEndIsRefused() async throws {
        let session = Sample.session(of: try await person())
        try await database.create(session)
        let error = await #expect(throws: StoreError.self) {
            try await database.update(session.id) { $0.state = .ended }
        }
        #expect(error?.kind == .conflict)
        #expect(try await database.session(id: session.id)?.state == .queued)
    }

    @Test func theReasonIsKeptFromTheMomentItIsDecided() async throws {
        let session = Sample.session(of: try await person())
        try await database.create(session)
        _ = try await database.update(session.id) {
            $0.state = .stopping
            $0.endReason = .lifetime
        }
        #expect(try await database.session(id: session.id)?.endReason == .lifetime)
        await #expect(throws: StoreError.self) { try await database.update(session.id) { $0.state = .ready } }
    }

    @Test func unknownSessionIsMissing() async throws {
        let calls: [@Sendable (Database) async throws -> Void] = [
            { _ = try await $0.update("unknown") { $0.message = "" } },
            { _ = try await $0.appendEvent(session: "unknown", at: Sample.now, state: .queued, message: "") },
            { _ = try await $0.advance("unknown", at: Sample.now) { $0.message = "" } },
        ]
        for call in calls {
            let error = await #expect(throws: StoreError.self) { try await call(database) }
            #expect(error?.kind == .missing)
        }
    }

    @Test func activityNeverGoesBackAndUpdatesLeaveIt() async throws {
        let session = Sample.session(of: try await person())
        try await database.create(session)
        let active = Sample.now + 30
        try await database.touch([(session.id, active), ("unknown", active), (session.id, Sample.now)])
        let updated = try await database.update(session.id) { $0.state = .creating }
        #expect(updated.lastActivity == active)
        #expect(try await database.session(id: session.id)?.lastActivity == active)
    }

    @Test func ofThoseThatEndedTheOneWithTheLongestPrefixOfAPathIsMeant() async throws {
        let ada = try await person()
        var ids: [String] = []
        for (minute, server) in ["gpu", "gpu", "", "g_u"].enumerated() {
            let session = Sample.session(of: ada, server: server, at: Sample.now + Double(minute))
            try await database.create(session)
            let end = Sample.now + Double(minute * 60)
            _ = try await database.update(session.id) { $0.end(.finished, "done", at: end) }
            ids.append(session.id)
        }
        for (path, id) in [
            ("/user/ada/gpu/lab/", ids[1]), ("/user/ada/gpu/", ids[1]), ("/user/ada/lab/", ids[2]),
            ("/user/ada/gpus/", ids[2]), ("/user/ada/g_u/x/", ids[3]), ("/user/adam/", nil), ("/user/ad", nil),
        ] { #expect(try await database.lastEnded(person: ada.id, under: path)?.id == id, "\(path)") }
        #expect(try await database.lastEnded(person: ada.id + 1, under: "/user/ada/lab/") == nil)
    }

    @Test func historyBeginsWithTheNewestEnd() async throws {
        let ada = try await person()
        var ids: [String] = []
        for minute in 0..<3 {
            let session = Sample.session(of: ada, at: Sample.now + Double(minute))
            try await database.create(session)
            let end = Sample.now + Double(minute * 60)
            _ = try await database.update(session.id) { $0.end(.finished, "done", at: end) }
            ids.append(session.id)
        }
        #expect(try await database.lastEnded(person: ada.id)?.id == ids[2])
        #expect(try await database.history(person: ada.id, limit: 2).map(\.id) == [ids[2], ids[1]])
        #expect(try await database.lastEnded(person: ada.id + 1) == nil)
        #expect(try await database.removeEnded(before: Sample.now + 61, atMost: 1) == 1)
        #expect(try await database.history(person: ada.id, limit: 9).map(\.id) == [ids[2], ids[1]])
        // The newest of all says how far the database knows; it stays.
        #expect(try await database.removeEnded(before: Sample.now + 600, atMost: 9) == 1)
        #expect(try await database.history(person: ada.id, limit: 9).map(\.id) == [ids[2]])
    }
}
