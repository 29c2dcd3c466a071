/// A text with at most one hole, `{name}`.
struct GroupPattern {
    let before: String
    /// The hole's name; nil for a text without one.
    let hole: String?
    let after: String

    /// Nil for two holes, an empty one, or a brace without its partner.
    init?(_ text: String) {
        let parts = text.split(separator: "{", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            guard parts.count == 1, !text.contains("}") else { return nil }
            (before, hole, after) = (text, nil, "")
            return
        }
        let rest = parts[1].split(separator: "}", omittingEmptySubsequences: false)
        guard rest.count == 2, !rest[0].isEmpty, !parts[0].contains("}") else { return nil }
        (before, hole, after) = (String(parts[0]), String(rest[0]), String(rest[1]))
    }

    /// What stands in the hole when `value` is this pattern, byte for byte from end to end; the empty text when there is
    /// no hole. Nil otherwise.
    func match(_ value: String) -> String? {
        // Bytes, not characters: two spellings of `ä` are equal as Swift strings and two groups at the issuer.
        let (bytes, head, tail) = (Array(value.utf8), Array(before.utf8), Array(after.utf8))
        guard hole != nil else { return bytes == head ? "" : nil }
        guard bytes.count > head.count + tail.count, bytes.starts(with: head),
            bytes.suffix(tail.count).elementsEqual(tail)
        else { return nil }
        let name = bytes[head.count..<(bytes.count - tail.count)]
        guard Self.isName(name) else { return nil }
        return String(decoding: name, as: UTF8.self)
    }

    func filled(with name: String) -> String { hole == nil ? before : before + name + after }

    /// `[a-zA-Z0-9][a-zA-Z0-9_.-]*`, at most 64: the WLCG profile's name of one group, and safe as a directory.
    static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, isLetterOrDigit(first), bytes.count <= 64 else { return false }
        return bytes.allSatisfy { isLetterOrDigit($0) || "_.-".utf8.contains($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
