internal import FoundationEssentials
internal import GRDB

/// How values lie in columns: instants as milliseconds since 1970, hashes as bytes, documents as JSON. An instant keeps
/// its milliseconds and loses what is finer.
enum Column {
    /// The nearest of `instants`: a date may come from outside.
    static func milliseconds(_ instant: Date) -> Int64 {
        let milliseconds = (instant.timeIntervalSince1970 * 1000).rounded()
        guard milliseconds > Double(instants.lowerBound) else { return instants.lowerBound }
        return milliseconds < Double(instants.upperBound) ? Int64(milliseconds) : instants.upperBound
    }

    static func instant(_ milliseconds: Int64) -> Date {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    }

    /// An instant as it is read after it was written.
    static func stored(_ instant: Date) -> Date { self.instant(milliseconds(instant)) }

    /// From the year 1 to 9999: what every calendar and every format can write.
    static let instants: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        // Sorted, so that equal values are equal texts.
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func document<Value: Decodable>(_ text: String, as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }
}

/// Reading a row where every column may be wrong: the file outlives this program, and other hands reach it. A value of
/// another type or an unknown word is an error, never a crash.
extension Row {
    func text(_ column: String) throws -> String { try decode(String.self, forColumn: column) }
    func textIfAny(_ column: String) throws -> String? { try decode(String?.self, forColumn: column) }
    func integer(_ column: String) throws -> Int64 { try decode(Int64.self, forColumn: column) }
    func integerIfAny(_ column: String) throws -> Int64? { try decode(Int64?.self, forColumn: column) }
    func flag(_ column: String) throws -> Bool { try decode(Bool.self, forColumn: column) }
    func bytes(_ column: String) throws -> [UInt8] { Array(try decode(Data.self, forColumn: column)) }
    func bytesIfAny(_ column: String) throws -> [UInt8]? { try decode(Data?.self, forColumn: column).map(Array.init) }

    func instant(_ column: String) throws -> Date {
        guard let instant = try instantIfAny(column) else { throw damaged(column) }
        return instant
    }

    func instantIfAny(_ column: String) throws -> Date? {
        guard let milliseconds = try integerIfAny(column) else { return nil }
        guard Column.instants.contains(milliseconds) else { throw damaged(column) }
        return Column.instant(milliseconds)
    }

    func number(_ column: String) throws -> UInt32? {
        guard let value = try decode(Int64?.self, forColumn: column) else { return nil }
        guard let number = UInt32(exactly: value) else { throw damaged(column) }
        return number
    }

    func word<Word: RawRepresentable<String>>(_ column: String, as type: Word.Type = Word.self) throws -> Word {
        guard let word = Word(rawValue: try text(column)) else { throw damaged(column) }
        return word
    }

    func document<Value: Decodable>(_ column: String, as type: Value.Type = Value.self) throws -> Value {
        let text = try text(column)
        do { return try Column.document(text) } catch { throw damaged(column) }
    }

    private func damaged(_ column: String) -> StoreError { .damaged(column) }
}

extension StoreError {
    static func damaged(_ column: String) -> StoreError {
        StoreError(
            .corrupt, "a stored record has a value in the column \(column) that this version cannot read",
            next: "restore the database from a backup, or report this with the version of Orrery")
    }
}
