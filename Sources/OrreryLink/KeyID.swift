internal import OrreryCrypto

/// The name of an agent's key: SHA-256 of its SubjectPublicKeyInfo in DER, as 64 small hexadecimal digits.
package struct KeyID: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    /// The id of the key whose SubjectPublicKeyInfo this is.
    package init(subjectPublicKeyInfo: [UInt8]) { text = Digest.sha256.of(subjectPublicKeyInfo).hexadecimal }

    /// Nil for what is no id.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 64, text.utf8.allSatisfy(\.isSmallHexadecimal) else { return nil }
        self.text = String(text)
    }

    package var description: String { text }

    /// What the old key and the new one both sign when the new one takes the old one's place.
    package static func rotation(from old: KeyID, to new: KeyID) -> [UInt8] {
        Array("orrery-rotate 1\n\(old.text)\n\(new.text)".utf8)
    }
}

/// What tells one run of an agent from the next and from its replicas: eight bytes that it draws when it starts.
package struct AgentID: Hashable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init(number: UInt64) { self.number = number }

    /// One that nobody has.
    package static func random() -> AgentID {
        AgentID(number: RandomToken.bytes(8).reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// Nil unless these are 16 small hexadecimal digits.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 16, text.utf8.allSatisfy(\.isSmallHexadecimal), let number = UInt64(text, radix: 16)
        else { return nil }
        self.number = number
    }

    /// 16 small hexadecimal digits.
    package var text: String { bytes.hexadecimal }
    package var description: String { text }
    var bytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(56 - $0 * 8)) } }
}

extension UInt8 {
    var isSmallHexadecimal: Bool { self &- 48 < 10 || self &- 97 < 6 }
}

extension KeyID {
    /// Whether this SubjectPublicKeyInfo is of a key such as agents have: a point of P-256, not compressed (RFC 5480). Every
    /// other kind costs more to check, and none is ever let in.
    package static func isAgentKey(_ info: [UInt8]) -> Bool {
        info.count == beginning.count + 64 && info.starts(with: beginning)
    }

    private static let beginning: [UInt8] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
        0xce,
        0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ]
}
