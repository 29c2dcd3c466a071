import Foundation
import OrreryModel
import Testing

@testable import OrreryStore

@Suite struct SessionEventTests {
    @Test func eventsAreNumberedPerSessionWithoutAGap() async throws {
        let test = try TestDatabase()
        let database = try test.open()
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        let first = Sample.session(of: ada)
        let second = Sample.session(of: ada, server: "second")
        try await database.create(first)
        try await database.create(second)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 1...10 {
                group.addTask {
                    _ = try await database.appendEvent(
                        session: first.id, at: Sample.now, state: .image, message: "event \(index)")
                }
            }
            try await group.waitForAll()
        }
        let other = try await database.appendEvent(
            session: second.id, at: Sample.now, state: .queued, message: "asked for")
        #expect(other.number == 1)
        #expect(try await database.events(session: first.id, after: 0).map(\.number) == Array(1...10))
        #expect(try await database.events(session: first.id, after: 8).map(\.number) == [9, 10])
    }

    @Test func advanceWritesStateAndEventTogether() async throws {
        let test = try TestDatabase()
        let database = try test.open()
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        let session = Sample.session(of: ada)
        try await database.create(session)
        let (record, event) = try await database.advance(session.id, at: Sample.now + 1) {
            $0.state = .scheduled
            $0.message = "placed on node-1"
        }
        #expect(record.state == .scheduled)
        let expected = SessionEventRecord(
            session: session.id, number: 1, at: Sample.now + 1, state: .scheduled, message: "placed on node-1")
        #expect(event == expected)
        #expect(try await database.events(session: session.id, after: 0) == [expected])
    }

    @Test func whatFollowsAtOnceIsStoredWithTheSession() async throws {
        let test = try TestDatabase()
        let database = try test.open()
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        let session = Sample.session(of: ada)
        let events = try await database.open(
            session, planText: nil, then: [.advance { ($0.state, $0.message) = (.creating, "asking north") }])
        #expect(events.map(\.number) == [1, 2] && events.map(\.state) == [session.state, .creating])
        #expect(try await database.events(session: session.id, after: 0) == events)
        var stored = session
        (stored.state, stored.message) = (.creating, "asking north")
        #expect(try await database.session(id: session.id) == stored)
    }
}
