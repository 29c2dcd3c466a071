import OrreryModel

/// The reader behind `JSON.init(strict:)`: one pass over the bytes, one method per production of RFC 8259.
struct StrictJSONReader {
    let bytes: [UInt8]
    var depth: Int
    var position = 0

    mutating func document() throws(CryptoError) -> JSON {
        let value = try value()
        guard position == bytes.count else { throw offence("something follows the value") }
        return value
    }

    func offence(_ what: String) -> CryptoError { CryptoError(.json, "not strict JSON at byte \(position): \(what)") }

    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipWhiteSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    mutating func takes(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    /// A value with the white space around it.
    mutating func value() throws(CryptoError) -> JSON {
        skipWhiteSpace()
        let value: JSON
        switch next {
        case UInt8(ascii: "{"): value = try nested { reader throws(CryptoError) in try reader.object() }
        case UInt8(ascii: "["): value = try nested { reader throws(CryptoError) in try reader.array() }
        case UInt8(ascii: "\""): value = .string(try string())
        case UInt8(ascii: "t"): value = try word("true", .bool(true))
        case UInt8(ascii: "f"): value = try word("false", .bool(false))
        case UInt8(ascii: "n"): value = try word("null", .null)
        case nil: throw offence("the text ends where a value should be")
        case let byte? where byte == UInt8(ascii: "-") || isDigit(byte): value = try number()
        default: throw offence("no value begins like this")
        }
        skipWhiteSpace()
        return value
    }

    private mutating func nested(
        _ read: (inout StrictJSONReader) throws(CryptoError) -> JSON
    ) throws(CryptoError) -> JSON {
        guard depth > 0 else { throw offence("nested too deeply") }
        depth -= 1
        let value = try read(&self)
        depth += 1
        return value
    }

    private mutating func word(_ word: String, _ value: JSON) throws(CryptoError) -> JSON {
        guard bytes[position...].starts(with: word.utf8) else { throw offence("no value begins like this") }
        position += word.utf8.count
        return value
    }

    private mutating func array() throws(CryptoError) -> JSON {
        position += 1
        skipWhiteSpace()
        var values: [JSON] = []
        guard !takes(UInt8(ascii: "]")) else { return .array([]) }
        repeat { values.append(try value()) } while takes(UInt8(ascii: ","))
        guard takes(UInt8(ascii: "]")) else { throw offence("an array goes on with `,` or ends with `]`") }
        return .array(values)
    }

    private mutating func object() throws(CryptoError) -> JSON {
        position += 1
        skipWhiteSpace()
        var members: [String: JSON] = [:]
        guard !takes(UInt8(ascii: "}")) else { return .object([:]) }
        repeat {
            skipWhiteSpace()
            guard next == UInt8(ascii: "\"") else { throw offence("a member begins with a name in quotes") }
            let name = try string()
            skipWhiteSpace()
            guard takes(UInt8(ascii: ":")) else { throw offence("`:` follows a name") }
            // Readers differ in which of two equal names they keep (RFC 8259 4), so we keep neither.
            guard members.updateValue(try value(), forKey: name) == nil else { throw offence("a name stands twice") }
        } while takes(UInt8(ascii: ","))
        guard takes(UInt8(ascii: "}")) else { throw offence("an object goes on with `,` or ends with `}`") }
        return .object(members)
    }
}
