import OrreryCrypto

/// What is stored instead of a cookie, a token, a code or a state.
enum Fingerprint {
    /// SHA-256 of the text's UTF-8.
    static func of(_ text: String) -> [UInt8] { Digest.sha256.of(text) }
}
