import Foundation
import Testing

@testable import OrreryStore

@Suite struct DatabaseFileTests {
    @Test func newFileIsForItsOwnerAlone() throws {
        let test = try TestDatabase()
        let database = try test.open()
        for suffix in ["", "-wal", "-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: test.path + suffix)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(suffix)")
        }
        try database.close()
    }

    @Test func pathThatCannotBeWrittenIsOneSentence() throws {
        let test = try TestDatabase()
        let cases = [
            (test.path + "/missing/orrery.sqlite", "no such file or directory; make its directory"),
            ("/dev/null/orrery.sqlite", "not a directory; let the account"),
            ("/", "is a directory; let the account"),
        ]
        for (path, words) in cases {
            let error = #expect(throws: StoreError.self) { try Database(path: path) }
            #expect(error?.kind == .unavailable)
            #expect(error?.doing == .operator)
            #expect(error?.description.hasPrefix("the database \(path) cannot be written: \(words)") == true)
        }
    }

    @Test func fileThatIsNoDatabaseIsCorruptAndStaysAsItIs() throws {
        let test = try TestDatabase()
        let text = Data(String(repeating: "not a database\n", count: 100).utf8)
        try text.write(to: URL(filePath: test.path))
        let error = #expect(throws: StoreError.self) { try test.open() }
        #expect(error?.kind == .corrupt)
        #expect(try Data(contentsOf: URL(filePath: test.path)) == text)
    }

    @Test func closedDatabaseIsUnavailable() async throws {
        let database = try TestDatabase().open()
        try database.close()
        let error = await #expect(throws: StoreError.self) { try await database.allActive() }
        #expect(error?.kind == .unavailable)
    }

    @Test func cancelledCallChangesNothingAndSaysSo() async throws {
        let test = try TestDatabase()
        let database = try test.open()
        let task = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        }
        let error = await #expect(throws: StoreError.self) { try await task.value }
        #expect(error?.kind == .cancelled)
        #expect(try await database.allPersons().isEmpty)
    }

    /// Root may look into every directory, so no permission stands in the way here.
    @Test func aFileThatCannotBeLookedForIsNotTakenForMissing() throws {
        let unseen = #expect(throws: StoreError.self) { try Database(beside: "/dev/null/orrery.sqlite") }
        #expect(unseen?.message.hasSuffix("cannot be looked for: not a directory") == true)
        let missing = try TestDatabase().path
        #expect { try Database(beside: missing) } throws: { "\($0)".hasPrefix("there is no database at ") }
    }
}
