package import FoundationEssentials

/// Identifiers of sessions, spawns and tokens: 26 characters of `0-9a-z`, unique without asking anybody, and sorted as
/// text in the order of their milliseconds. They are valid in a Kubernetes name and in a URL. They are not secrets.
package enum RecordID {
    /// A new identifier: 48 bits of `instant` in milliseconds and 80 random bits.
    package static func fresh(at instant: Date) -> String {
        var random = SystemRandomNumberGenerator()
        var text: [UInt8] = []
        text.reserveCapacity(26)
        append(UInt64((max(0, instant.timeIntervalSince1970) * 1000).rounded()), digits: 10, to: &text)
        append(random.next() & 0xFF_FFFF_FFFF, digits: 8, to: &text)
        append(random.next() & 0xFF_FFFF_FFFF, digits: 8, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether `text` could be one.
    package static func isPlausible(_ text: String) -> Bool {
        text.utf8.count == 26 && text.utf8.allSatisfy(alphabet.contains)
    }

    private static func append(_ value: UInt64, digits: Int, to text: inout [UInt8]) {
        for place in stride(from: (digits - 1) * 5, through: 0, by: -5) {
            text.append(alphabet[Int((value >> UInt64(place)) & 31)])
        }
    }

    // Crockford's: without i, l, o and u, so that nobody misreads one on the telephone.
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
}
