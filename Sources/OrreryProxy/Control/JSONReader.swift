internal import OrreryModel
internal import OrreryWire

/// Reads one JSON document (RFC 8259) in one pass over its bytes.
///
/// A route is a small document and there may be a hundred thousand of them: the general decoder took 40 µs for each, since it
/// finds out by failing what a value is.
struct JSONReader {
    private let bytes: [UInt8]
    private var index = 0
    private var depth = 0
    private static let depthLimit = 128

    /// The value of the document. Nil for what is not JSON, is nested deeper than anybody means, or has a number that no
    /// `Double` holds. Of two members with one name the last counts.
    static func read(_ bytes: [UInt8]) -> JSON? {
        var reader = JSONReader(bytes: bytes)
        reader.skipBlanks()
        guard let value = reader.value() else { return nil }
        reader.skipBlanks()
        // Not as a choice of `value` or nil: that would be JSON's own null.
        guard reader.index == bytes.count else { return nil }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipBlanks() {
        while let next, next == 32 || next == 10 || next == 13 || next == 9 { index += 1 }
    }

    /// Goes past `byte` and the blanks around it, if it is the next one.
    private mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard next == byte else { return false }
        index += 1
        skipBlanks()
        return true
    }

    private mutating func value() -> JSON? {
        switch next {
        case UInt8(ascii: "\""): string().map(JSON.string)
        case UInt8(ascii: "{"): nested { reader in reader.object() }
        case UInt8(ascii: "["): nested { reader in reader.array() }
        case UInt8(ascii: "t"): word("true", .bool(true))
        case UInt8(ascii: "f"): word("false", .bool(false))
        case UInt8(ascii: "n"): word("null", .null)
        default: number()
        }
    }

    private mutating func nested(_ read: (inout JSONReader) -> JSON?) -> JSON? {
        guard depth < Self.depthLimit else { return nil }
        depth += 1
        defer { depth -= 1 }
        return read(&self)
    }

    private mutating func object() -> JSON? {
        guard take(UInt8(ascii: "{")) else { return nil }
        var members: [String: JSON] = [:]
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            guard let name = string(), take(UInt8(ascii: ":")), let value = value() else { return nil }
            members[name] = value
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { return nil }
        return .object(members)
    }

    private mutating func array() -> JSON? {
        guard take(UInt8(ascii: "[")) else { return nil }
        var values: [JSON] = []
        if take(UInt8(ascii: "]")) { return .array(values) }
        repeat {
            guard let value = value() else { return nil }
            values.append(value)
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { return nil }
        return .array(values)
    }

    private mutating func word(_ word: StaticString, _ value: JSON) -> JSON? {
        let end = index + word.utf8CodeUnitCount
        guard end <= bytes.count, "\(word)".utf8.elementsEqual(bytes[index..<end]) else { return nil }
        index = end
        return value
    }

    // MARK: Numbers

    private mutating func number() -> JSON? {
        let start = index
        if next == UInt8(ascii: "-") { index += 1 }
        let first = next
        guard digits() > 0, first != UInt8(ascii: "0") || index - start <= (bytes[start] == first ? 1 : 2) else {
            return nil
        }
        var isWhole = true
        if next == UInt8(ascii: ".") {
            index += 1
            isWhole = false
            guard digits() > 0 else { return nil }
        }
        if let next, next | 0x20 == UInt8(ascii: "e") {
            index += 1
            isWhole = false
            if self.next == UInt8(ascii: "+") || self.next == UInt8(ascii: "-") { index += 1 }
            guard digits() > 0 else { return nil }
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isWhole, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { return nil }
        return Int64(exactly: value).map(JSON.integer) ?? .number(value)
    }

    private mutating func digits() -> Int {
        let start = index
        while let next, next &- 48 < 10 { index += 1 }
        return index - start
    }

    // MARK: Strings

    private mutating func string() -> String? {
        guard next == UInt8(ascii: "\"") else { return nil }
        index += 1
        let start = index
        while let next, next != UInt8(ascii: "\""), next != UInt8(ascii: "\\"), next >= 32 { index += 1 }
        guard let end = next, end >= 32 else { return nil }
        guard end == UInt8(ascii: "\\") else {
            index += 1
            return String(validating: bytes[start..<index - 1], as: UTF8.self)
        }
        return escapedString(Array(bytes[start..<index]))
    }

    /// The rest of a string that has escapes, after its beginning.
    private mutating func escapedString(_ beginning: [UInt8]) -> String? {
        var text = beginning
        while let byte = next, byte >= 32 {
            index += 1
            if byte == UInt8(ascii: "\"") { return String(validating: text, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            guard let scalar = escape() else { return nil }
            text.append(contentsOf: String(scalar).utf8)
        }
        return nil
    }

    /// What stands behind a backslash.
    private mutating func escape() -> Unicode.Scalar? {
        guard let byte = next else { return nil }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return codePoint()
        default: return nil
        }
    }

    /// Four digits, or twice four for what lies beyond sixteen bits. Half of such a pair alone is no character.
    private mutating func codePoint() -> Unicode.Scalar? {
        guard let high = fourDigits() else { return nil }
        guard (0xd800..<0xdc00).contains(high) else { return Unicode.Scalar(high) }
        guard next == UInt8(ascii: "\\") else { return nil }
        index += 1
        guard next == UInt8(ascii: "u") else { return nil }
        index += 1
        guard let low = fourDigits(), (0xdc00..<0xe000).contains(low) else { return nil }
        return Unicode.Scalar(0x10000 + (high - 0xd800) << 10 + (low - 0xdc00))
    }

    private mutating func fourDigits() -> UInt32? {
        guard index + 4 <= bytes.count else { return nil }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = bytes[index].hexValue else { return nil }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }
}
