import Foundation
import OrreryModel
import Testing

@testable import OrreryStore

/// What holds when many write at the same time, and so go to the disk together.
@Suite struct WriteQueueTests {
    private struct Upset: Error {}

    @Test func everyWriteThatReturnsIsThereForAnotherProcess() async throws {
        let test = try TestDatabase()
        let database = try test.open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<60 {
                group.addTask {
                    _ = try await database.register(Sample.person("p\(number)"), isAdmin: false, at: Sample.now)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await test.open().allPersons().count == 60)
    }

    @Test func aWriteThatFailsLeavesNothingAndTheOthersAlone() async throws {
        let test = try TestDatabase()
        // Connections for readers are opened later, so the file has to stay.
        defer { withExtendedLifetime(test) {} }
        let database = try test.open()
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<60 {
                group.addTask {
                    do {
                        try await database.write { db in
                            try db.run(
                                "INSERT INTO seed (name, bytes) VALUES ('seed \(number)', x'00')")
                            if number % 3 == 0 { throw Upset() }
                        }
                        return true
                    } catch { return false }
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(outcomes == 40)
        let stored = try await database.read { db in try db.all("SELECT name FROM seed").count }
        #expect(stored == 40)
    }

    @Test func readersAndWritersInCrowdsDoNotWaitForEachOtherForEver() async throws {
        let test = try TestDatabase()
        // Connections for readers are opened later, so the file has to stay.
        defer { withExtendedLifetime(test) {} }
        let database = try test.open()
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        let session = Sample.session(of: ada)
        try await database.create(session)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask { _ = try await database.session(id: session.id) }
                group.addTask { _ = try await database.allActive() }
                group.addTask { _ = try await database.update(session.id) { $0.message = "\(number)" } }
            }
            try await group.waitForAll()
        }
        #expect(try await database.session(id: session.id)?.message.isEmpty == false)
    }

    @Test func severalStepsAreStoredTogetherInTheirOrder() async throws {
        let test = try TestDatabase()
        // Connections for readers are opened later, so the file has to stay.
        defer { withExtendedLifetime(test) {} }
        let database = try test.open()
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        let session = Sample.session(of: ada)
        try await database.create(session)
        let events = try await database.keep(
            [
                .change { $0.podUID = "u" },
                .advance { ($0.state, $0.message) = (.scheduled, "placed") },
                .note(.scheduled, "beside"),
                .advance { ($0.state, $0.message) = (.starting, "starts") },
            ], of: session.id, at: Sample.now)
        #expect(events.map(\.message) == ["placed", "beside", "starts"])
        #expect(events.map(\.number) == [1, 2, 3])
        #expect(try await database.events(session: session.id, after: 0) == events)
        let stored = try await database.session(id: session.id)
        #expect((stored?.state, stored?.message, stored?.podUID) == (.starting, "starts", "u"))
    }

    @Test func thePlanOfASessionThatEndsIsForgottenWithIt() async throws {
        let test = try TestDatabase()
        let database = try test.open()
        let session = Sample.session(
            of: try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now))
        try await database.create(session)
        _ = try await database.advance(session.id, at: Sample.now) { $0.state = .stopping }
        #expect(database.plans.plan(hash: session.planHash, of: session.id) == Sample.plan)
        _ = try await database.advance(session.id, at: Sample.now) {
            $0.end(.stoppedByPerson, "over", at: Sample.now)
        }
        #expect(database.plans.plan(hash: session.planHash, of: session.id) == nil)
    }

    @Test func aPlanIsKnownByItsHashAlone() async throws {
        let memory = PlanMemory(limit: 2)
        memory.keep(Sample.plan, hash: "a", of: "s")
        #expect(memory.plan(hash: "a", of: "s") == Sample.plan)
        #expect(memory.plan(hash: "b", of: "s") == nil && memory.plan(hash: "a", of: "t") == nil)
        for id in ["t", "u", "v"] { memory.keep(Sample.plan, hash: "a", of: id) }
        #expect(memory.plan(hash: "a", of: "v") == Sample.plan && memory.plan(hash: "a", of: "s") == nil)
    }
}
