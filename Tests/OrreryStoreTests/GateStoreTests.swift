import Foundation
import Testing

@testable import OrreryStore

@Suite struct GateStoreTests {
    @Test func aSeedIsKeptFromItsFirstUse() async throws {
        let test = try TestDatabase()
        var database = try test.open()
        #expect(try await database.seed("gate", orKeep: [1, 2]) == [1, 2])
        #expect(try await database.seed("gate", orKeep: [3, 4]) == [1, 2])
        #expect(try await database.seed("other", orKeep: [5]) == [5])
        try database.close()
        database = try test.open()
        #expect(try await database.seed("gate", orKeep: [6]) == [1, 2])
    }

    @Test func endedLoginsAreRememberedUntilTheirEnd() async throws {
        let test = try TestDatabase()
        let database = try test.open()
        try await database.rememberEnded(sid: "a", until: Sample.now + 60)
        try await database.rememberEnded(sid: "b", until: Sample.now + 60)
        try await database.rememberEnded(sid: "b", until: Sample.now + 120)
        let both = ["a": Sample.now + 60, "b": Sample.now + 120]
        #expect(try await database.endedLogins(at: Sample.now + 59) == both)
        #expect(try await database.endedLogins(at: Sample.now + 60) == ["b": Sample.now + 120])
        #expect(try await database.removeEndedLogins(at: Sample.now + 60) == 1)
        #expect(try await database.endedLogins(at: Sample.now) == ["b": Sample.now + 120])
    }
}
