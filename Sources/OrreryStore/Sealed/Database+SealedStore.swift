internal import FoundationEssentials
internal import GRDB

extension Database: SealedStore {
    package func sealedValues() async throws(StoreError) -> [UInt32: Int] {
        try await read { db in
            try SealedColumn.all.reduce(into: [:]) { counts, column in
                let sql = """
                    SELECT substr(\(column.column), 1, 4) AS id, count(*) AS count FROM \(column.table)
                    WHERE \(column.column) IS NOT NULL GROUP BY 1
                    """
                for row in try Row.fetchAll(db, sql: sql) {
                    let id = try row.bytes("id").reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                    counts[id, default: 0] += Int(try row.integer("count"))
                }
            }
        }
    }

    package func sealedValues(
        unopened opens: @escaping @Sendable ([UInt8], [String]) -> Bool
    ) async throws(StoreError) -> [UInt32: Int] {
        try await read { db in
            try SealedColumn.all.flatMap { try $0.values(db) }.reduce(into: [:]) { counts, value in
                guard !opens(value.sealed, value.binding) else { return }
                counts[value.sealed.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }, default: 0] += 1
            }
        }
    }

    package func reseal(
        to key: UInt32, _ reseal: @escaping @Sendable ([UInt8], [String]) -> [UInt8]?
    ) async throws(StoreError) -> Int {
        var changed = 0
        for column in SealedColumn.all {
            let old = try await read { db in try column.values(exceptOf: key, db) }
            // A few at a time: other writers wait for as long as a transaction lasts.
            for start in stride(from: 0, to: old.count, by: 200) {
                let some = old[start..<min(start + 200, old.count)]
                changed += try await write { db in
                    try some.reduce(0) { try $0 + column.replace($1, by: reseal($1.sealed, $1.binding), db) }
                }
            }
        }
        return changed
    }

    package func forgetSealed(under key: UInt32) async throws(StoreError) -> Int {
        try await write { db in
            try SealedColumn.all.reduce(0) { count, column in
                let change =
                    column.isOptional
                    ? "UPDATE \(column.table) SET \(column.column) = NULL" : "DELETE FROM \(column.table)"
                try db.execute(
                    sql: "\(change) WHERE substr(\(column.column), 1, 4) = :id",
                    arguments: ["id": SealedColumn.prefix(key)])
                return count + db.changesCount
            }
        }
    }
}

extension SealedColumn {
    fileprivate struct Value: Sendable {
        let owner: [DatabaseValue]
        let sealed: [UInt8]
        let binding: [String]
    }

    /// The bytes with which a value begins that names `key`.
    fileprivate static func prefix(_ key: UInt32) -> Data {
        Data((0..<4).map { UInt8(truncatingIfNeeded: key >> (24 - 8 * $0)) })
    }

    /// All, or all but those that name `key`.
    fileprivate func values(exceptOf key: UInt32? = nil, _ db: GRDB.Database) throws -> [Value] {
        let names = owner.enumerated().map { "\($1) AS owner\($0)" }.joined(separator: ", ")
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT \(column) AS sealed, \(names) FROM \(table)
                WHERE \(column) IS NOT NULL AND (:id IS NULL OR substr(\(column), 1, 4) <> :id)
                """, arguments: ["id": key.map(Self.prefix)])
        return try rows.map { row in
            let values: [DatabaseValue] = owner.indices.map { row["owner\($0)"] }
            // A number is written in decimal, and whatever is no text and no number names no row of ours.
            let texts = values.map {
                Int64.fromDatabaseValue($0).map(String.init) ?? String.fromDatabaseValue($0) ?? ""
            }
            return Value(owner: values, sealed: try row.bytes("sealed"), binding: [purpose] + texts)
        }
    }

    /// How many rows were changed: none when there is nothing to put there, or when the value is another one by now.
    fileprivate func replace(_ value: Value, by fresh: [UInt8]?, _ db: GRDB.Database) throws -> Int {
        guard let fresh else { return 0 }
        let row = owner.enumerated().map { "\($1) = :owner\($0)" }.joined(separator: " AND ")
        var arguments: StatementArguments = ["fresh": Data(fresh), "old": Data(value.sealed)]
        for (index, name) in value.owner.enumerated() { arguments += ["owner\(index)": name] }
        try db.execute(
            sql: "UPDATE \(table) SET \(column) = :fresh WHERE \(row) AND \(column) = :old", arguments: arguments)
        return db.changesCount
    }
}
