package import OrreryModel

/// Why a text is not JSON, in the words of a real API server's decoder.
package struct JSONSyntaxError: Error, Equatable, CustomStringConvertible {
    package let description: String

    static let end = JSONSyntaxError(description: "unexpected end of JSON input")
}

extension JSON {
    /// The value that `bytes` spell. A member named twice keeps its last value.
    package init(parsing bytes: [UInt8]) throws(JSONSyntaxError) {
        var parser = JSONParser(bytes: bytes)
        self = try parser.document()
    }
}

/// A parser of RFC 8259 that also notes where a member was named twice, as strict field validation wants to know.
package struct JSONParser {
    /// The paths of doubled members: `metadata.name`, `spec.containers[0].image`.
    package private(set) var doubled: [String] = []

    private let bytes: [UInt8]
    private var index = 0
    private var path: [String] = []
    /// A text nested deeper than this is refused before it can exhaust the stack.
    private static let deepest = 200

    package init(bytes: [UInt8]) { self.bytes = bytes }

    package mutating func document() throws(JSONSyntaxError) -> JSON {
        let value = try value()
        skipSpace()
        guard index == bytes.count else { throw unexpected("after top-level value") }
        return value
    }

    private mutating func value() throws(JSONSyntaxError) -> JSON {
        guard path.count < Self.deepest else { throw JSONSyntaxError(description: "exceeded max depth") }
        skipSpace()
        switch try peek() {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw unexpected("looking for beginning of value")
        }
    }

    private mutating func object() throws(JSONSyntaxError) -> JSON {
        var members: [String: JSON] = [:]
        index += 1
        if try closes(with: "}") { return .object(members) }
        while true {
            skipSpace()
            guard try peek() == UInt8(ascii: "\"") else {
                throw unexpected("looking for beginning of object key string")
            }
            let name = try string()
            skipSpace()
            guard try peek() == UInt8(ascii: ":") else { throw unexpected("after object key") }
            index += 1
            path.append(path.isEmpty ? name : "." + name)
            if members.updateValue(try value(), forKey: name) != nil { doubled.append(path.joined()) }
            path.removeLast()
            if try closes(with: "}") { return .object(members) }
            guard try peek() == UInt8(ascii: ",") else { throw unexpected("after object key:value pair") }
            index += 1
        }
    }

    private mutating func array() throws(JSONSyntaxError) -> JSON {
        var values: [JSON] = []
        index += 1
        if try closes(with: "]") { return .array(values) }
        while true {
            path.append("[\(values.count)]")
            values.append(try value())
            path.removeLast()
            if try closes(with: "]") { return .array(values) }
            guard try peek() == UInt8(ascii: ",") else { throw unexpected("after array element") }
            index += 1
        }
    }

    private mutating func string() throws(JSONSyntaxError) -> String {
        var text: [UInt8] = []
        index += 1
        while true {
            let byte = try peek()
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                // Bytes that are not UTF-8 become U+FFFD, as Go's decoder has it.
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text += try escape().utf8
            case 0..<0x20: throw unexpected("in string literal")
            default:
                text.append(byte)
                index += 1
            }
        }
    }

    private mutating func escape() throws(JSONSyntaxError) -> String {
        index += 1
        let byte = try peek()
        guard byte == UInt8(ascii: "u") else {
            guard let plain = Self.escapes[byte] else { throw unexpected("in string escape code") }
            index += 1
            return plain
        }
        let unit = try codeUnit()
        guard UTF16.isLeadSurrogate(unit), index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"),
            bytes[index + 1] == UInt8(ascii: "u")
        else { return String(decoding: [unit], as: UTF16.self) }
        index += 1
        return String(decoding: [unit, try codeUnit()], as: UTF16.self)
    }

    /// The four digits after `\u`; `index` stands on the `u`.
    private mutating func codeUnit() throws(JSONSyntaxError) -> UInt16 {
        guard index + 4 < bytes.count else { throw .end }
        let digits = String(decoding: bytes[(index + 1)...(index + 4)], as: UTF8.self)
        guard digits.allSatisfy(\.isHexDigit), let unit = UInt16(digits, radix: 16) else {
            throw unexpected("in \\u hexadecimal character escape")
        }
        index += 5
        return unit
    }

    private mutating func number() throws(JSONSyntaxError) -> JSON {
        let start = index
        if try peek() == UInt8(ascii: "-") { index += 1 }
        if try peek() == UInt8(ascii: "0") { index += 1 } else { try digits("in numeric literal") }
        var isWhole = true
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            isWhole = false
            index += 1
            try digits("after decimal point in numeric literal")
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            index += 1
            if let sign = bytes[safe: index], sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { index += 1 }
            try digits("in exponent of numeric literal")
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isWhole, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else {
            throw JSONSyntaxError(description: "cannot unmarshal number \(text)")
        }
        return .number(value)
    }

    private mutating func digits(_ place: String) throws(JSONSyntaxError) {
        guard case UInt8(ascii: "0")...UInt8(ascii: "9") = try peek() else { throw unexpected(place) }
        while let byte = bytes[safe: index], case UInt8(ascii: "0")...UInt8(ascii: "9") = byte { index += 1 }
    }

    private mutating func word(_ word: String, _ value: JSON) throws(JSONSyntaxError) -> JSON {
        for byte in word.utf8 {
            guard try peek() == byte else { throw unexpected("in literal \(word)") }
            index += 1
        }
        return value
    }

    private mutating func closes(with mark: Unicode.Scalar) throws(JSONSyntaxError) -> Bool {
        skipSpace()
        guard try peek() == UInt8(ascii: mark) else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = bytes[safe: index], byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    private func peek() throws(JSONSyntaxError) -> UInt8 {
        guard let byte = bytes[safe: index] else { throw .end }
        return byte
    }

    private func unexpected(_ place: String) -> JSONSyntaxError {
        guard let byte = bytes[safe: index] else { return .end }
        let digits = String(byte, radix: 16)
        let isPrintable = (0x20...0x7E).contains(byte)
        let shown = isPrintable ? "\(Unicode.Scalar(byte))" : "\\x\(digits.count == 1 ? "0" : "")\(digits)"
        return JSONSyntaxError(description: "invalid character '\(shown)' \(place)")
    }

    private static let escapes: [UInt8: String] = [
        UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/", UInt8(ascii: "b"): "\u{8}",
        UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "n"): "\n", UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
    ]
}

extension Array {
    /// The element at `index`, or nil beyond the end.
    fileprivate subscript(safe index: Int) -> Element? { index < count ? self[index] : nil }
}
