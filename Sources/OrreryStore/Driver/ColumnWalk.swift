internal import FoundationEssentials
internal import GRDB

/// Reads a row's columns one after the other, in the order in which they were asked for. A third of the time of finding each
/// by its name.
struct ColumnWalk {
    private let row: Row
    private let names: [String]
    private var next = 0

    /// `names` are the columns as the statement has them.
    init(_ row: Row, _ names: [String]) {
        self.row = row
        self.names = names
    }

    // The way by which nothing is made to fit: SQLite itself would read the text "yesterday" as the number 0.
    private mutating func take<Value: DatabaseValueConvertible>(
        _ type: Value.Type = Value.self
    ) throws -> Value {
        defer { next += 1 }
        return try row.decode(Value.self, atIndex: next)
    }

    private mutating func takeIfAny<Value: DatabaseValueConvertible>(
        _ type: Value.Type = Value.self
    ) throws -> Value? {
        defer { next += 1 }
        return try row.decode(Value?.self, atIndex: next)
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
        guard let number = UInt32(exactly: value) else { throw damaged() }
        return number
    }

    mutating func instant() throws -> Date {
        guard let instant = try instantIfAny() else { throw damaged() }
        return instant
    }

    mutating func instantIfAny() throws -> Date? {
        guard let milliseconds: Int64 = try takeIfAny() else { return nil }
        guard Column.instants.contains(milliseconds) else { throw damaged() }
        return Column.instant(milliseconds)
    }

    mutating func word<Word: RawRepresentable<String>>(as type: Word.Type = Word.self) throws -> Word {
        guard let word = Word(rawValue: try text()) else { throw damaged() }
        return word
    }

    mutating func wordIfAny<Word: RawRepresentable<String>>(as type: Word.Type = Word.self) throws -> Word? {
        guard let text = try textIfAny() else { return nil }
        guard let word = Word(rawValue: text) else { throw damaged() }
        return word
    }

    /// A document as `read` understands it.
    mutating func document<Value>(_ read: (String) throws -> Value) throws -> Value {
        let text = try text()
        do { return try read(text) } catch { throw damaged() }
    }

    mutating func documentIfAny<Value>(_ read: (String) throws -> Value) throws -> Value? {
        guard let text = try textIfAny() else { return nil }
        do { return try read(text) } catch { throw damaged() }
    }

    /// About the column that was read last.
    private func damaged() -> StoreError { .damaged(names[next - 1]) }
}
