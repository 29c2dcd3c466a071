import COpenSSL

/// The public half of an agent's key, as it comes over a connection.
package struct AgentPublicKey: Sendable {
    /// Its SubjectPublicKeyInfo in DER.
    package let info: [UInt8]
    /// SHA-256 of that, 64 small hexadecimal digits: the name of the key everywhere.
    package let id: String
    private let handle: KeyHandle

    /// Throws `.key` for what is no public key of ECDSA on P-256 in the one form that DER has for it: else a key could
    /// have two ids.
    package init(info: [UInt8]) throws(CryptoError) {
        guard info.count == Self.size, let handle = KeyHandle(publicKey: info) else {
            throw CryptoError(.key, "the agent's public key is not a SubjectPublicKeyInfo")
        }
        self = try AgentPublicKey(handle)
        guard self.info == info else { throw CryptoError(.key, "the agent's public key is not in its usual form") }
    }

    init(_ handle: KeyHandle) throws(CryptoError) {
        guard handle.isP256 else { throw CryptoError(.key, "an agent's key is of ECDSA on P-256, and this one is not") }
        self.handle = handle
        info = handle.publicKey
        // 4: both coordinates follow (SEC 1 2.3.3).
        guard info.count == Self.size, info[Self.size - 65] == 4 else {
            throw CryptoError(.key, "the agent's public key is not in its usual form")
        }
        id = Self.id(ofInfo: info)
    }

    /// Whether `signature` (ECDSA with SHA-256, in DER) is this key's over `text`.
    package func verifies(_ signature: [UInt8], of text: String) -> Bool {
        handle.verifies(signature, of: Array(text.utf8))
    }

    /// The id of a SubjectPublicKeyInfo of any kind of key: of a proxy's certificate, too.
    package static func id(ofInfo info: [UInt8]) -> String { Digest.sha256.of(info).hexadecimal }

    /// In bytes, of which the last 65 are the point.
    private static let size = 91
}

extension AgentPublicKey: Equatable {
    package static func == (left: AgentPublicKey, right: AgentPublicKey) -> Bool { left.info == right.info }
}
