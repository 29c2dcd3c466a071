import Foundation
import Glibc
import Testing

@testable import OrreryStore

struct DatabaseLockTests {
    @Test func oneHubAtATimeHasADatabase() throws {
        let test = try TestDatabase()
        var first: DatabaseLock? = try DatabaseLock(besides: test.path)
        let refusal = #expect(throws: StoreError.self) { try DatabaseLock(besides: test.path) }
        #expect(refusal?.kind == .unavailable)
        #expect(refusal?.message.hasPrefix("a hub runs on the database \(test.path): process \(getpid()) on ") == true)
        withExtendedLifetime(first) {}
        first = nil
        #expect(throws: Never.self) { try DatabaseLock(besides: test.path) }
    }

    @Test func commandsBesideAHubDoNotNeedIt() async throws {
        let test = try TestDatabase()
        let lock = try DatabaseLock(besides: test.path)
        let (hub, command) = (try test.open(), try Database(beside: test.path))
        _ = try await hub.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        #expect(try await command.allPersons().count == 1)
        withExtendedLifetime(lock) {}
    }

    @Test func aFileThatCannotBeMadeIsOneSentence() throws {
        #expect { try DatabaseLock(besides: "/dev/null/orrery.sqlite") } throws: {
            "\($0)".hasPrefix("the database /dev/null/orrery.sqlite cannot be written: not a directory")
        }
    }
}
