import Foundation
import OrreryModel
import Testing

@testable import OrreryStore

/// The audit log in the database: it grows, and nothing else is done to it.
@Suite struct AuditStoreTests {
    /// Record 1 was removed; 2, which says so, 3 and 4 are there.
    private static func fill(_ database: Database) async throws {
        let append: @Sendable (Int) async throws -> Void = { count in
            let records = (1...count).map { _ in AuditRecord(at: Date(timeIntervalSince1970: 1), act: "login") }
            _ = try await database.append(records) { _, _ in [UInt8](repeating: 7, count: 32) }
        }
        try await append(1)
        _ = try await database.trimAudit(
            before: Date(timeIntervalSince1970: 2), at: Date(timeIntervalSince1970: 3),
            saying: { _ in AuditRecord(at: Date(timeIntervalSince1970: 3), act: "trimmed") },
            mark: { _, _ in [UInt8](repeating: 8, count: 32) })
        try await append(2)
    }

    @Test(arguments: [
        "UPDATE audit SET why = 'nothing happened' WHERE number = 3", "UPDATE audit SET mark = mark",
        "DELETE FROM audit WHERE number = 2", "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE number = 3",
        "INSERT INTO audit (number, at, act, mark) SELECT 1, at, act, mark FROM audit WHERE number = 2",
        "UPDATE audit_removed SET last = 0", "DELETE FROM audit_removed",
    ])
    func nothingIsChangedOrTakenAway(_ sql: String) async throws {
        let test = try TestDatabase()
        var database = try test.open()
        try await Self.fill(database)
        let before = try await database.entries(AuditQuery(), after: 0, limit: 10)
        #expect(before.map(\.number) == [2, 3, 4])
        try database.close()
        let step = Migration(number: Migration.all.count + 1, name: "of a thief", sql: sql)
        #expect(throws: StoreError.self) { try Database(path: test.path, migrations: Migration.all + [step]) }
        database = try test.open()
        #expect(try await database.entries(AuditQuery(), after: 0, limit: 10) == before)
        #expect(try await database.auditStart().number == 1)
    }

    @Test func everyFieldComesBackAsItWas() async throws {
        let test = try TestDatabase()
        let database = try test.open()
        var record = AuditRecord(at: Sample.now, act: "stop")
        (record.person, record.name, record.identity) = (7, "ada", Sample.person("ada").identity)
        (record.orderedBy, record.address, record.cluster) = ("root", "192.0.2.7", "north")
        (record.object, record.why, record.request) = ("session", "", "request")
        let bare = AuditRecord(at: Sample.now, act: "login")
        let end = try await database.append([record, bare]) { _, place in
            [UInt8](repeating: UInt8(place.number), count: 32)
        }
        #expect(end == AuditPlace(number: 2, mark: [UInt8](repeating: 1, count: 32)))
        #expect(try await database.entries(AuditQuery(), after: 0, limit: 10).map(\.record) == [record, bare])
        #expect(try await database.entries(AuditQuery(), after: 1, limit: 10).map(\.number) == [2])
        #expect(try await database.entries(AuditQuery(), after: 0, limit: 1).map(\.number) == [1])
    }
}
