import COpenSSL

/// The key by which a registered cluster's agent is known: ECDSA on P-256, made by the agent and never seen by anybody
/// else. It has no description.
package struct AgentKey: Sendable {
    /// What the hub and the proxies know.
    package let publicKey: AgentPublicKey
    private let handle: KeyHandle
    private let pem: [UInt8]

    /// SHA-256 of the SubjectPublicKeyInfo, 64 small hexadecimal digits.
    package var id: String { publicKey.id }

    /// A key that nobody has seen.
    package static func fresh() throws(CryptoError) -> AgentKey {
        guard let key = unsafe orrery_generate_curve_key("P-256") else { throw failure("OpenSSL made no key") }
        let memory = unsafe BIO_new(BIO_s_mem())
        defer { unsafe BIO_free(memory) }
        let handle = unsafe KeyHandle(owning: key)
        // Safe, here and below: OpenSSL copies what it reads and writes no more than the length it is told.
        guard unsafe PEM_write_bio_PrivateKey(memory, handle.pointer, nil, nil, 0, nil, nil) == 1 else {
            throw failure("OpenSSL wrote no key")
        }
        var text = [UInt8](repeating: 0, count: 1024)
        let count = unsafe BIO_read(memory, &text, CInt(text.count))
        return try AgentKey(pem: Array(text.prefix(max(0, Int(count)))))
    }

    /// The key that `revealPEM` gave. Throws when the text is no private key, or one of another kind.
    package init(pem: [UInt8]) throws(CryptoError) {
        guard let handle = KeyHandle(privatePEM: pem) else {
            throw CryptoError(.key, "the agent's key is not a private key in PEM, or it is encrypted")
        }
        self.handle = handle
        publicKey = try AgentPublicKey(handle)
        self.pem = pem
    }

    /// The private half, for the call that stores it and the one that sets up TLS with it.
    package func revealPEM() -> [UInt8] { pem }

    /// A signature over `text`: ECDSA with SHA-256, in DER.
    package func sign(_ text: String) throws(CryptoError) -> [UInt8] {
        guard let signature = handle.sign(Array(text.utf8)) else { throw Self.failure("OpenSSL signed nothing") }
        return signature
    }

    /// A certificate in PEM that holds the key and says nothing else, signed with it. It never expires.
    package func certificate() throws(CryptoError) -> [UInt8] {
        guard let certificate = unsafe orrery_self_signed(handle.pointer, "orrery agent \(id.prefix(12))") else {
            throw Self.failure("OpenSSL made no certificate")
        }
        defer { unsafe X509_free(certificate) }
        let memory = unsafe BIO_new(BIO_s_mem())
        defer { unsafe BIO_free(memory) }
        guard unsafe PEM_write_bio_X509(memory, certificate) == 1 else {
            throw Self.failure("OpenSSL wrote no certificate")
        }
        var text = [UInt8](repeating: 0, count: 4096)
        let count = unsafe BIO_read(memory, &text, CInt(text.count))
        return Array(text.prefix(max(0, Int(count))))
    }

    private static func failure(_ message: String) -> CryptoError {
        ERR_clear_error()
        return CryptoError(.key, message)
    }
}

extension AgentKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "agent key \(id)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}
