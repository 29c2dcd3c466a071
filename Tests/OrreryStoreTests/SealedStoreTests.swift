import Foundation
import Testing

@testable import OrreryStore

/// Sealed values: all of them are known, and all change to a new key.
@Suite struct SealedStoreTests {
    private static func value(under key: UInt8) -> [UInt8] { [0, 0, 0, key] + [UInt8](repeating: 9, count: 40) }

    @Test func everySealedColumnIsListed() throws {
        for migration in Migration.all {
            for match in migration.sql.matches(of: /(?:TABLE|TABLE IF NOT EXISTS) (\w+) (?:ADD COLUMN|\()([^;]*)/) {
                for column in match.2.matches(of: /\b(sealed\w*) BYTEA/) {
                    let isListed = SealedColumn.all.contains { $0.table == match.1 && $0.column == column.1 }
                    #expect(
                        isListed,
                        "\(match.1).\(column.1) is missing in SealedColumn.all: a change of keys would lose it")
                }
            }
        }
        #expect(SealedColumn.all.contains(.auditKey))
    }

    @Test func valuesAreResealedWithWhatTheyAreBoundTo() async throws {
        let test = try TestDatabase()
        let database = try test.open()
        _ = try await database.auditKey(orKeep: Self.value(under: 1))
        #expect(try await database.sealedValues() == [1: 1])
        let asked = try await database.reseal(to: 2) { sealed, binding in
            sealed == Self.value(under: 1) && binding == ["audit key", "1"] ? Self.value(under: 2) : nil
        }
        #expect(asked == 1)
        #expect(try await database.auditKey(orKeep: nil) == Self.value(under: 2))
        #expect(try await database.sealedValues() == [2: 1])
        #expect(try await database.reseal(to: 2) { _, _ in Self.value(under: 3) } == 0)
    }

    @Test func aValueThatDoesNotOpenStays() async throws {
        let test = try TestDatabase()
        let database = try test.open()
        _ = try await database.auditKey(orKeep: Self.value(under: 1))
        #expect(try await database.reseal(to: 2) { _, _ in nil } == 0)
        #expect(try await database.sealedValues() == [1: 1])
        #expect(try await database.forgetSealed(under: 3) == 0)
        #expect(try await database.forgetSealed(under: 1) == 1)
        #expect(try await database.sealedValues().isEmpty)
    }
}
