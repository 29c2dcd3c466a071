import COpenSSL

/// The hash functions of SHA-2 that signatures, tokens and plans use.
package enum Digest: Sendable {
    case sha256
    case sha384
    case sha512

    package func of(_ bytes: [UInt8]) -> [UInt8] {
        var hash = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        let code = unsafe EVP_Digest(bytes, bytes.count, &hash, &count, algorithm, nil)
        precondition(code == 1, "OpenSSL computed no hash: no memory, or its provider is missing")
        return Array(hash.prefix(Int(count)))
    }

    package func of(_ text: String) -> [UInt8] { of(Array(text.utf8)) }

    /// The message authentication code (HMAC) of `bytes` under `key`.
    package func code(of bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        // A null key would mean "the key of the call before".
        let isComputed = unsafe HMAC(algorithm, key + [0], CInt(key.count), bytes, bytes.count, &code, &count) != nil
        precondition(isComputed, "OpenSSL computed no HMAC: no memory, or its provider is missing")
        return Array(code.prefix(Int(count)))
    }

    var algorithm: OpaquePointer? {
        switch self {
        case .sha256: unsafe Self.fetched.sha256
        case .sha384: unsafe Self.fetched.sha384
        case .sha512: unsafe Self.fetched.sha512
        }
    }

    // Fetched once: with the functions of OpenSSL 1 each use looks for its provider anew, which takes longer than a short hash.
    private nonisolated(unsafe) static let fetched = unsafe (
        sha256: EVP_MD_fetch(nil, "SHA256", nil), sha384: EVP_MD_fetch(nil, "SHA384", nil),
        sha512: EVP_MD_fetch(nil, "SHA512", nil)
    )
}

extension [UInt8] {
    /// Lower-case hexadecimal digits, two per byte.
    package var hexadecimal: String {
        let digits: StaticString = "0123456789abcdef"
        return unsafe String(unsafeUninitializedCapacity: 2 * count) { text in
            for (index, byte) in enumerated() {
                unsafe text[2 * index] = digits.utf8Start[Int(byte >> 4)]
                unsafe text[2 * index + 1] = digits.utf8Start[Int(byte & 15)]
            }
            return 2 * count
        }
    }

    /// Whether both are equal, in a time that depends only on their lengths.
    package func equalsInConstantTime(_ other: [UInt8]) -> Bool {
        unsafe count == other.count && CRYPTO_memcmp(self, other, count) == 0
    }
}

extension String {
    /// Whether both have the same bytes, in a time that depends only on their lengths.
    package func equalsInConstantTime(_ other: String) -> Bool {
        Array(utf8).equalsInConstantTime(Array(other.utf8))
    }
}
