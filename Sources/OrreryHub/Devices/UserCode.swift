import OrreryCrypto

/// What a person types to say which program is meant: eight letters in two groups, such as `BCDF-GHJK`. No vowels, so that no
/// words come up, and nothing that looks like something else (RFC 8628 6.1): 34 bits, which nobody guesses within ten
/// minutes and a handful of tries.
struct UserCode: Hashable, Sendable {
    /// The eight letters.
    private let letters: String

    private static let alphabet = Array("BCDFGHJKLMNPQRSTVWXZ".utf8)
    private static let length = 8

    /// A fresh one.
    init() {
        var letters: [UInt8] = []
        while letters.count < Self.length {
            // 240 is the largest multiple of twenty that a byte can have: no letter is likelier than another.
            letters += RandomToken.bytes(16).filter { $0 < 240 }.map { Self.alphabet[Int($0) % Self.alphabet.count] }
        }
        self.letters = String(decoding: letters.prefix(Self.length), as: UTF8.self)
    }

    /// What somebody typed, in whatever case and with whatever hyphens and spaces; nil when it can be none.
    init?(_ text: String) {
        let letters = text.uppercased().utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: " ") }
        guard letters.count == Self.length, letters.allSatisfy(Self.alphabet.contains) else { return nil }
        self.letters = String(decoding: letters, as: UTF8.self)
    }

    /// What is stored instead.
    var hash: [UInt8] { Fingerprint.of("device\n\(letters)") }

    var text: String { "\(letters.prefix(4))-\(letters.suffix(4))" }
}
