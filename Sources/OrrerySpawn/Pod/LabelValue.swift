/// Values of Kubernetes labels: at most 63 letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit.
enum LabelValue {
    static func isValid(_ text: String) -> Bool {
        text.utf8.count <= 63 && text.utf8.allSatisfy { isAlphanumeric($0) || "-_.".utf8.contains($0) }
            && (text.utf8.first.map(isAlphanumeric) ?? true) && (text.utf8.last.map(isAlphanumeric) ?? true)
    }

    /// `text` itself where it is a valid value, else one made from it: other bytes become `_` and two digits, and what is
    /// too long ends in a hash of the whole. For finding and grouping only; the text itself stands in an annotation.
    static func from(_ text: String) -> String {
        guard !isValid(text) else { return text }
        var value = "x"
        for byte in text.utf8 {
            if isAlphanumeric(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") {
                value.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16)
                value += "_" + (digits.count == 1 ? "0" + digits : digits)
            }
        }
        return value.utf8.count < 62 ? value + "x" : "\(value.prefix(48))-\(String(hash(text), radix: 36))"
    }

    // FNV-1a: the same in every process, which Hasher is not. Nobody is kept out by it.
    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
