/// Texts that nobody can guess.
package enum RandomToken {
    /// Random bytes in base64url: 32 bytes, 43 characters, unless told otherwise. For states, nonces, cookies, tokens.
    package static func make(bytes count: Int = 32) -> String { Base64URL.encode(bytes(count)) }

    /// Cryptographically random bytes from the system's generator, getrandom(2): OpenSSL's takes a dozen times as long for the
    /// few that a token has.
    package static func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 7)
        while bytes.count < count {
            let word = generator.next()
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}

/// Proof Key for Code Exchange (RFC 7636) with the method S256.
package enum ProofKey {
    /// A fresh verifier of 32 random bytes.
    package static func makeVerifier() -> String { RandomToken.make() }

    package static func challenge(of verifier: String) -> String { Base64URL.encode(Digest.sha256.of(verifier)) }
}
