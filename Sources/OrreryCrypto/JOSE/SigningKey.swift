import COpenSSL
package import OrreryModel

/// A private RSA key of the hub's own, and what others need to verify what it signs. The private half is text to be sealed
/// and stored; it has no description.
package struct SigningKey: Sendable {
    /// Names the key in tokens and key sets: its thumbprint (RFC 7638), so equal names mean equal keys.
    package let id: String
    /// The public half as a JSON Web Key for RS256, fit to be published.
    package let published: JSON
    private let pem: [UInt8]

    /// A key that nobody has seen: 2048 bits, made within a fraction of a second.
    package static func fresh() throws(CryptoError) -> SigningKey {
        let key = unsafe orrery_generate_rsa_key(2048)
        defer { unsafe EVP_PKEY_free(key) }
        let memory = unsafe BIO_new(BIO_s_mem())
        defer { unsafe BIO_free(memory) }
        // Safe, here and below: OpenSSL copies what it reads and writes no more than the length it is told.
        guard unsafe PEM_write_bio_PrivateKey(memory, key, nil, nil, 0, nil, nil) == 1 else {
            throw failure("OpenSSL made no RSA key")
        }
        var text = [UInt8](repeating: 0, count: 8192)
        let count = unsafe BIO_read(memory, &text, CInt(text.count))
        return try SigningKey(pem: Array(text.prefix(max(0, Int(count)))))
    }

    /// The key that `revealPEM` gave.
    package init(pem: [UInt8]) throws(CryptoError) {
        let memory = unsafe BIO_new_mem_buf(pem, CInt(pem.count))
        defer { unsafe BIO_free(memory) }
        guard let key = unsafe PEM_read_bio_PrivateKey(memory, nil, { _, _, _, _ in -1 }, nil) else {
            throw Self.failure("a stored signing key is not a private key")
        }
        defer { unsafe EVP_PKEY_free(key) }
        guard let modulus = unsafe Self.number("n", of: key), let exponent = unsafe Self.number("e", of: key) else {
            throw Self.failure("a stored signing key is not an RSA key")
        }
        // RFC 7638 3.3: these members alone, in this order, without spaces.
        let thumbprint = "{\"e\":\"\(exponent)\",\"kty\":\"RSA\",\"n\":\"\(modulus)\"}"
        id = Base64URL.encode(Digest.sha256.of(thumbprint))
        published = [
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": .string(id), "n": .string(modulus),
            "e": .string(exponent),
        ]
        self.pem = pem
    }

    /// The private half, for the call that seals it and the one that signs with it.
    package func revealPEM() -> [UInt8] { pem }

    /// One of the key's public numbers in base64url, without leading zeros.
    private static func number(_ name: String, of key: OpaquePointer) -> String? {
        var number: OpaquePointer?
        guard unsafe EVP_PKEY_get_bn_param(key, name, &number) == 1 else { return nil }
        defer { unsafe BN_free(number) }
        var octets = [UInt8](repeating: 0, count: (Int(unsafe BN_num_bits(number)) + 7) / 8)
        return unsafe Int(BN_bn2bin(number, &octets)) == octets.count ? Base64URL.encode(octets) : nil
    }

    private static func failure(_ message: String) -> CryptoError {
        ERR_clear_error()
        return CryptoError(.key, message)
    }
}

extension SigningKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "signing key \(id)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}
