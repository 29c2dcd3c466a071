/// JSON whose members stand in the order of their names' bytes, byte for byte as `JSONEncoder` writes it with sorted keys and without
/// escaped slashes. Hashes of such texts are stored, so it may never change.
///
/// `JSONEncoder` itself takes a tenth of a millisecond for a plan, and every start of a session writes one.
struct CanonicalText {
    fileprivate(set) var bytes: [UInt8] = []

    init(_ value: some CanonicallyWritten) {
        bytes.reserveCapacity(4096)
        value.write(to: &self)
    }

    /// `members` writes them in alphabetical order.
    mutating func object(_ members: (inout CanonicalText) -> Void) {
        bytes.append(UInt8(ascii: "{"))
        members(&self)
        bytes.append(UInt8(ascii: "}"))
    }

    /// Nothing, where there is no value.
    mutating func member<Value: CanonicallyWritten>(_ name: String, _ value: Value?) {
        guard let value else { return }
        separate()
        name.write(to: &self)
        bytes.append(UInt8(ascii: ":"))
        value.write(to: &self)
    }

    mutating func array(_ values: [some CanonicallyWritten]) {
        bytes.append(UInt8(ascii: "["))
        for value in values {
            separate()
            value.write(to: &self)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    // No value ends in a bracket that opens one.
    private mutating func separate() {
        guard let last = bytes.last, last != UInt8(ascii: "{"), last != UInt8(ascii: "[") else { return }
        bytes.append(UInt8(ascii: ","))
    }
}

/// What has one text in JSON.
protocol CanonicallyWritten {
    func write(to text: inout CanonicalText)
}

extension String: CanonicallyWritten {
    func write(to text: inout CanonicalText) {
        text.bytes.append(UInt8(ascii: "\""))
        text.append(escaping: self)
        text.bytes.append(UInt8(ascii: "\""))
    }
}

extension CanonicalText {
    fileprivate mutating func append(escaping text: String) {
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        // Nearly always there is nothing to escape, and bytes in a row are looked through at once.
        guard bytes[start...].contains(where: \.isEscaped) else { return }
        bytes.removeSubrange(start...)
        for byte in text.utf8 { append(escaping: byte) }
    }

    private mutating func append(escaping byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case 0x08: bytes += "\\b".utf8
        case 0x09: bytes += "\\t".utf8
        case 0x0A: bytes += "\\n".utf8
        case 0x0C: bytes += "\\f".utf8
        case 0x0D: bytes += "\\r".utf8
        case ..<0x20: bytes += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
        default: bytes.append(byte)
        }
    }
}

extension UInt8 {
    fileprivate var isEscaped: Bool { self < 0x20 || self == UInt8(ascii: "\"") || self == UInt8(ascii: "\\") }
}

extension CanonicallyWritten where Self: BinaryInteger {
    func write(to text: inout CanonicalText) { text.bytes.append(contentsOf: String(self).utf8) }
}

extension Int: CanonicallyWritten {}
extension Int64: CanonicallyWritten {}
extension UInt16: CanonicallyWritten {}
extension UInt32: CanonicallyWritten {}
extension UInt64: CanonicallyWritten {}

extension Bool: CanonicallyWritten {
    func write(to text: inout CanonicalText) { text.bytes.append(contentsOf: (self ? "true" : "false").utf8) }
}

extension Duration: CanonicallyWritten {
    /// The two halves of its attoseconds.
    func write(to text: inout CanonicalText) {
        text.bytes.append(UInt8(ascii: "["))
        Int64(truncatingIfNeeded: attoseconds >> 64).write(to: &text)
        text.bytes.append(UInt8(ascii: ","))
        UInt64(truncatingIfNeeded: attoseconds).write(to: &text)
        text.bytes.append(UInt8(ascii: "]"))
    }
}

extension Array: CanonicallyWritten where Element: CanonicallyWritten {
    func write(to text: inout CanonicalText) { text.array(self) }
}

extension Dictionary: CanonicallyWritten where Key == String, Value: CanonicallyWritten {
    func write(to text: inout CanonicalText) {
        // By their bytes; `<` would compare them as Unicode composes them.
        let members = sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        text.object { text in for (name, value) in members { text.member(name, value) } }
    }
}
