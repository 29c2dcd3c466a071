extension JSONReader {
    /// What the inside of a string means; nil when it means nothing.
    static func unescaped(_ text: ArraySlice<UInt8>) -> String? {
        var plain: [UInt8] = []
        plain.reserveCapacity(text.count)
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                plain.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "\"")?: plain.append(UInt8(ascii: "\""))
            case UInt8(ascii: "\\")?: plain.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "/")?: plain.append(UInt8(ascii: "/"))
            case UInt8(ascii: "b")?: plain.append(0x08)
            case UInt8(ascii: "f")?: plain.append(0x0c)
            case UInt8(ascii: "n")?: plain.append(0x0a)
            case UInt8(ascii: "r")?: plain.append(0x0d)
            case UInt8(ascii: "t")?: plain.append(0x09)
            case UInt8(ascii: "u")?:
                guard let scalar = scalar(&rest) else { return nil }
                plain.append(contentsOf: String(Character(scalar)).utf8)
            default: return nil
            }
        }
        return String(validating: plain, as: UTF8.self)
    }

    /// What follows `\u`: four digits, or eight in two escapes for a character beyond the first plane.
    private static func scalar(_ rest: inout ArraySlice<UInt8>) -> Unicode.Scalar? {
        guard let high = fourDigits(&rest) else { return nil }
        guard (0xd800..<0xdc00).contains(high) else { return Unicode.Scalar(high) }
        guard rest.popFirst() == UInt8(ascii: "\\"), rest.popFirst() == UInt8(ascii: "u"),
            let low = fourDigits(&rest), (0xdc00..<0xe000).contains(low)
        else { return nil }
        return Unicode.Scalar(0x10000 + (high - 0xd800) << 10 + (low - 0xdc00))
    }

    private static func fourDigits(_ rest: inout ArraySlice<UInt8>) -> UInt32? {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = rest.popFirst(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                return nil
            }
            code = code << 4 | UInt32(digit)
        }
        return code
    }
}
