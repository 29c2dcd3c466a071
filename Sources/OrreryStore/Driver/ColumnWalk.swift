internal import FoundationEssentials
internal import GRDB

/// Reads the columns of the row at which a statement stands, one after the other, in the order in which they were asked for.
/// GRDB's `Row` would make a dictionary of the columns' names for every answer. Good until the statement's next step.
struct ColumnWalk {
    private let statement: Statement
    private var next = 0

    init(_ statement: Statement) { self.statement = statement }

    // The way by which nothing is made to fit: SQLite itself would read the text "yesterday" as the number 0.
    private mutating func takeIfAny<Value: DatabaseValueConvertible>(_ type: Value.Type = Value.self) throws -> Value? {
        defer { next += 1 }
        // Safe: the statement is alive and stands at a row, of which SQLite gives nothing for a column that is not there.
        let column = unsafe DatabaseValue(sqliteStatement: statement.sqliteStatement, index: CInt(next))
        guard !column.isNull else { return nil }
        guard let value = Value.fromDatabaseValue(column) else { throw damaged(next) }
        return value
    }

    private mutating func take<Value: DatabaseValueConvertible>(_ type: Value.Type = Value.self) throws -> Value {
        guard let value: Value = try takeIfAny() else { throw damaged(next - 1) }
        return value
    }

    /// Passes over a column, which is then not even fetched.
    mutating func skip() { next += 1 }

    mutating func text() throws -> String { try take() }
    mutating func textIfAny() throws -> String? { try takeIfAny() }
    mutating func integer() throws -> Int64 { try take() }
    mutating func flag() throws -> Bool { try take() }
    mutating func bytes() throws -> [UInt8] { Array(try take(Data.self)) }
    mutating func bytesIfAny() throws -> [UInt8]? { try takeIfAny(Data.self).map { Array($0) } }

    /// A number of 32 bits, if any.
    mutating func number() throws -> UInt32? {
        guard let value: Int64 = try takeIfAny() else { return nil }
        guard let number = UInt32(exactly: value) else { throw damaged(next - 1) }
        return number
    }

    mutating func instant() throws -> Date {
        guard let instant = try instantIfAny() else { throw damaged(next - 1) }
        return instant
    }

    mutating func instantIfAny() throws -> Date? {
        guard let milliseconds: Int64 = try takeIfAny() else { return nil }
        guard Column.instants.contains(milliseconds) else { throw damaged(next - 1) }
        return Column.instant(milliseconds)
    }

    mutating func word<Word: RawRepresentable<String>>(as type: Word.Type = Word.self) throws -> Word {
        guard let word = Word(rawValue: try text()) else { throw damaged(next - 1) }
        return word
    }

    mutating func wordIfAny<Word: RawRepresentable<String>>(as type: Word.Type = Word.self) throws -> Word? {
        guard let text = try textIfAny() else { return nil }
        guard let word = Word(rawValue: text) else { throw damaged(next - 1) }
        return word
    }

    /// A document as `read` understands it.
    mutating func document<Value>(_ read: (String) throws -> Value) throws -> Value {
        let text = try text()
        do { return try read(text) } catch { throw damaged(next - 1) }
    }

    mutating func documentIfAny<Value>(_ read: (String) throws -> Value) throws -> Value? {
        guard let text = try textIfAny() else { return nil }
        do { return try read(text) } catch { throw damaged(next - 1) }
    }

    private func damaged(_ column: Int) -> StoreError { .damaged(statement.columnNames[column]) }
}

/// What a cursor gives for each row that a `ColumnWalk` reads.
struct Step: DatabaseValueConvertible, StatementColumnConvertible {
    var databaseValue: DatabaseValue { .null }

    private init() {}

    init?(sqliteStatement: SQLiteStatement, index: CInt) { self.init() }

    static func fromStatement(_ sqliteStatement: SQLiteStatement, atUncheckedIndex index: CInt) -> Step? { Step() }

    static func fromDatabaseValue(_ value: DatabaseValue) -> Step? { Step() }
}
