extension StrictJSONReader {
    mutating func string() throws(CryptoError) -> String {
        position += 1
        let plain = plainBytes()
        if next == UInt8(ascii: "\"") { return try text(of: plain) }
        var text = Array(plain)
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""): return try self.text(of: text[...])
            case UInt8(ascii: "\\"):
                position += 1
                try escape(into: &text)
            case 0..<0x20: throw offence("a control character stands in a string")
            default: text.append(contentsOf: plainBytes())
            }
        }
        throw offence("the text ends inside a string")
    }

    /// Everything before the next quote, backslash or control character.
    private mutating func plainBytes() -> ArraySlice<UInt8> {
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            guard byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else { break }
            position += 1
        }
        return bytes[start..<position]
    }

    /// The string whose quote is next.
    private mutating func text(of bytes: ArraySlice<UInt8>) throws(CryptoError) -> String {
        guard let string = String(validating: bytes, as: UTF8.self) else { throw offence("a string is not UTF-8") }
        position += 1
        return string
    }

    private mutating func escape(into text: inout [UInt8]) throws(CryptoError) {
        guard let byte = next else { throw offence("the text ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: String(Character(try scalar())).utf8)
        default: throw offence("an unknown escape")
        }
    }

    /// What follows `\u`: four digits, or eight in two escapes for a character beyond the first plane.
    private mutating func scalar() throws(CryptoError) -> Unicode.Scalar {
        var code = try fourDigits()
        if (0xd800..<0xdc00).contains(code), takes(UInt8(ascii: "\\")), takes(UInt8(ascii: "u")) {
            let low = try fourDigits()
            guard (0xdc00..<0xe000).contains(low) else { throw offence("half of a surrogate pair") }
            code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
        }
        // C code that sees the text after us would end it at a NUL.
        guard let scalar = Unicode.Scalar(code), code != 0 else { throw offence("half of a surrogate pair, or a NUL") }
        return scalar
    }

    private mutating func fourDigits() throws(CryptoError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw offence("four hexadecimal digits follow `\\u`")
            }
            position += 1
            code = code << 4 | UInt32(digit)
        }
        return code
    }
}
