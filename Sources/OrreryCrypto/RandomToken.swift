import COpenSSL

/// Texts that nobody can guess.
package enum RandomToken {
    /// Random bytes in base64url: 32 bytes, 43 characters, unless told otherwise. For states, nonces, cookies, tokens.
    package static func make(bytes count: Int = 32) -> String { Base64URL.encode(bytes(count)) }

    /// Cryptographically random bytes from OpenSSL's generator.
    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let code = unsafe RAND_bytes(&bytes, CInt(count))
        precondition(code == 1, "OpenSSL gave no random bytes; going on would make tokens that can be guessed")
        return bytes
    }
}

/// Proof Key for Code Exchange (RFC 7636) with the method S256.
package enum ProofKey {
    /// A fresh verifier of 32 random bytes.
    package static func makeVerifier() -> String { RandomToken.make() }

    package static func challenge(of verifier: String) -> String { Base64URL.encode(Digest.sha256.of(verifier)) }
}
