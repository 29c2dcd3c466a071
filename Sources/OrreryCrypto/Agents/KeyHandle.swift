import COpenSSL

/// A key as OpenSSL has it, public or private. OpenSSL counts references to it under a lock of its own and never writes
/// into it when it signs or verifies, so any thread may use it.
@safe final class KeyHandle: Sendable {
    nonisolated(unsafe) let pointer: OpaquePointer

    /// `pointer` is this object's from here on.
    init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { unsafe EVP_PKEY_free(pointer) }

    /// The private key of a PEM text without a passphrase. Nil when that is none.
    convenience init?(privatePEM pem: [UInt8]) {
        // OpenSSL reads what it is given and keeps nothing of it.
        let source = unsafe BIO_new_mem_buf(pem, CInt(clamping: pem.count))
        defer { unsafe BIO_free(source) }
        // Without a text OpenSSL would ask at the terminal for the passphrase.
        var nothing: [CChar] = [0]
        let key = unsafe nothing.withUnsafeMutableBytes {
            unsafe PEM_read_bio_PrivateKey(source, nil, nil, $0.baseAddress)
        }
        guard let key = unsafe key else {
            ERR_clear_error()
            return nil
        }
        unsafe self.init(owning: key)
    }

    /// The public key of a SubjectPublicKeyInfo in DER (RFC 5280 4.1). Nil when that is none, or when bytes follow it.
    convenience init?(publicKey der: [UInt8]) {
        let key = unsafe der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var next = bytes.baseAddress
            let key = unsafe d2i_PUBKEY(nil, &next, bytes.count)
            guard unsafe next != bytes.baseAddress.map({ unsafe $0 + bytes.count }) else { return unsafe key }
            unsafe EVP_PKEY_free(key)
            return nil
        }
        guard let key = unsafe key else {
            ERR_clear_error()
            return nil
        }
        unsafe self.init(owning: key)
    }

    /// Its SubjectPublicKeyInfo in DER.
    var publicKey: [UInt8] { unsafe Self.bytes { unsafe i2d_PUBKEY(pointer, $0) } }

    /// Whether it lies on the curve that agents' keys are of, and is a sound one.
    var isP256: Bool {
        var name = [CChar](repeating: 0, count: 32)
        guard unsafe EVP_PKEY_get_group_name(pointer, &name, name.count, nil) == 1 else {
            ERR_clear_error()
            return false
        }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) == "prime256v1"
    }

    /// A signature over the SHA-256 of `text`: on a curve ECDSA in DER, else RSA with PKCS #1.
    func sign(_ text: [UInt8]) -> [UInt8]? {
        guard let context = unsafe EVP_MD_CTX_new() else { return nil }
        defer { unsafe EVP_MD_CTX_free(context) }
        defer { ERR_clear_error() }
        var count = 0
        guard unsafe EVP_DigestSignInit(context, nil, EVP_sha256(), nil, pointer) == 1,
            unsafe EVP_DigestSign(context, nil, &count, text, text.count) == 1
        else { return nil }
        var signature = [UInt8](repeating: 0, count: count)
        guard unsafe EVP_DigestSign(context, &signature, &count, text, text.count) == 1 else { return nil }
        return Array(signature.prefix(count))
    }

    /// Whether `signature` is this key's over the SHA-256 of `text`.
    func verifies(_ signature: [UInt8], of text: [UInt8]) -> Bool {
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        // A wrong signature leaves entries in the thread's queue of errors.
        defer { ERR_clear_error() }
        return unsafe EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, pointer) == 1
            && EVP_DigestVerify(context, signature, signature.count, text, text.count) == 1
    }

    /// What one of OpenSSL's encoders writes; empty when it cannot.
    static func bytes(_ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> CInt) -> [UInt8] {
        let count = encode(nil)
        guard count > 0 else { return [] }
        return unsafe [UInt8](unsafeUninitializedCapacity: Int(count)) { room, written in
            // As many bytes as it said, which OpenSSL counts off at `next`.
            var next = room.baseAddress
            written = max(0, Int(unsafe encode(&next)))
        }
    }
}
