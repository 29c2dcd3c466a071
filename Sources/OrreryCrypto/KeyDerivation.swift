/// Keys made from a secret (HKDF with SHA-256, RFC 5869): one that is known says nothing about the secret or the
/// others.
package enum KeyDerivation {
    /// 32 bytes for the use that `purpose` names. `salt` makes a secret that can be guessed worth nothing to somebody
    /// who does not know it.
    package static func key(from secret: [UInt8], salt: [UInt8], purpose: [UInt8]) -> [UInt8] {
        let extracted = Digest.sha256.code(of: secret, key: salt)
        // The first block of the expansion is as long as a key.
        return Digest.sha256.code(of: purpose + [1], key: extracted)
    }
}
