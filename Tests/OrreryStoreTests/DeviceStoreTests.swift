import Foundation
import Testing

import class GRDB.Row

@testable import OrreryStore

@Suite struct DeviceStoreTests {
    let test: TestDatabase
    let database: Database

    init() throws {
        test = try TestDatabase()
        database = try test.open()
    }

    private func waiting(_ seed: UInt8 = 1, user: UInt8 = 101, at second: TimeInterval = 0) -> DeviceRecord {
        DeviceRecord(
            deviceHash: Sample.hash(seed), userHash: Sample.hash(user), host: "laptop", address: "192.0.2.7",
            rights: ["servers"], pause: 5, createdAt: Sample.now + second, expiresAt: Sample.now + 600)
    }

    private func ask(_ second: TimeInterval) async throws -> DeviceAnswer? {
        try await database.ask(deviceHash: Sample.hash(1), more: 5, at: Sample.now + second)
    }

    private func ada() async throws -> Int64 {
        try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now).id
    }

    @Test func whoAsksTooSoonWaitsLonger() async throws {
        try await database.insert(waiting(), most: 3, altogether: 100)
        let answers: [(TimeInterval, DeviceAnswer)] = [
            (0, .waiting), (5, .waiting), (9, .tooSoon), (15, .tooSoon), (30, .waiting), (44, .tooSoon),
            (600, .expired),
        ]
        for (second, answer) in answers { #expect(try await ask(second) == answer, "\(second)") }
        #expect(try await ask(601) == nil)
    }

    @Test func whatWasAllowedIsToldOnce() async throws {
        let person = try await ada()
        try await database.insert(waiting(), most: 3, altogether: 100)
        #expect(try await database.device(userHash: Sample.hash(101), at: Sample.now) == waiting())
        #expect(try await database.decide(.allowed, userHash: Sample.hash(101), person: person, at: Sample.now))
        #expect(try await !database.decide(.denied, userHash: Sample.hash(101), person: person, at: Sample.now))
        #expect(try await database.device(userHash: Sample.hash(101), at: Sample.now) == nil)
        let database = database
        let answers = try await withThrowingTaskGroup(of: DeviceAnswer?.self) { group in
            for _ in 1...8 {
                group.addTask { try await database.ask(deviceHash: Sample.hash(1), more: 5, at: Sample.now) }
            }
            return try await group.reduce(into: []) { told, answer in told += answer.map { [$0] } ?? [] }
        }
        guard case .allowed(let device)? = answers.first, answers.count == 1 else {
            Issue.record("\(answers)")
            return
        }
        #expect(device.person == person && device.rights == ["servers"])
    }

    @Test func ofTooManyAltogetherTheOldestAreForgottenToo() async throws {
        for seed in 1...5 as ClosedRange<UInt8> {
            let device = DeviceRecord(
                deviceHash: Sample.hash(seed), userHash: Sample.hash(100 + seed), host: "laptop",
                address: "192.0.2.\(seed)", rights: ["servers"], pause: 5, createdAt: Sample.now,
                expiresAt: Sample.now + 600 + Double(seed))
            try await database.insert(device, most: 3, altogether: 2)
        }
        var known: [UInt8] = []
        for seed in 1...5 as ClosedRange<UInt8> {
            let answer = try await database.ask(deviceHash: Sample.hash(seed), more: 5, at: Sample.now)
            if answer != nil { known.append(seed) }
        }
        #expect(known == [4, 5])
    }

    @Test func ofTooManyFromOneAddressTheOldestAreForgotten() async throws {
        let person = try await ada()
        for seed in 1...5 as ClosedRange<UInt8> {
            try await database.insert(waiting(seed, user: 100 + seed, at: Double(seed)), most: 3, altogether: 100)
            if seed == 1 {
                _ = try await database.decide(.allowed, userHash: Sample.hash(101), person: person, at: Sample.now)
            }
        }
        var known: [UInt8] = []
        for seed in 1...5 as ClosedRange<UInt8> {
            let answer = try await database.ask(deviceHash: Sample.hash(seed), more: 5, at: Sample.now)
            if answer != nil { known.append(seed) }
        }
        #expect(known == [1, 3, 4, 5])
    }

    // Nobody in particular may ask, and nothing else is written meanwhile.
    @Test(
        arguments: [
            (Database.forgettingThoseOfAddress, "device_grant_of_address (address=?)"),
            (Database.forgettingThoseOfAll, "device_grant_waiting"),
        ])
    func theOldestAreFoundByAnIndex(_ statement: String, _ index: String) async throws {
        let filled = statement.replacing(":address", with: "'192.0.2.7'").replacing(":most", with: "1000")
        let plan = try await database.read { db in
            try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(filled)").map { $0["detail"] as String }
        }
        #expect(plan.contains { $0.contains("USING INDEX \(index)") }, "\(plan)")
        #expect(!plan.contains { $0.contains("TEMP B-TREE") || $0 == "SCAN device_grant" }, "\(plan)")
    }

    @Test func whatWasDeniedIsToldOnce() async throws {
        try await database.insert(waiting(), most: 3, altogether: 100)
        #expect(try await database.decide(.denied, userHash: Sample.hash(101), person: ada(), at: Sample.now))
        #expect(try await ask(0) == .denied)
        #expect(try await ask(0) == nil)
    }

    @Test func nothingIsDecidedAfterTheEnd() async throws {
        let person = try await ada()
        try await database.insert(waiting(), most: 3, altogether: 100)
        let end = Sample.now + 600
        #expect(try await !database.decide(.allowed, userHash: Sample.hash(101), person: person, at: end))
        #expect(try await database.device(userHash: Sample.hash(101), at: end) == nil)
        #expect(try await database.removeExpiredTokens(at: end) == 1)
    }

    @Test func noTwoProgramsWaitWithOneCode() async throws {
        try await database.insert(waiting(), most: 3, altogether: 100)
        let error = await #expect(throws: StoreError.self) {
            try await database.insert(waiting(2), most: 3, altogether: 100)
        }
        #expect(error?.contested == .userCode)
        try await database.insert(waiting(2, user: 102), most: 3, altogether: 100)
    }

    @Test func whatSomebodyAllowedEndsWithThatPersonsTokens() async throws {
        let person = try await ada()
        try await database.insert(waiting(), most: 3, altogether: 100)
        _ = try await database.decide(.allowed, userHash: Sample.hash(101), person: person, at: Sample.now)
        #expect(try await database.removeTokens(person: person) == 1)
        #expect(try await ask(1) == nil)
    }
}
