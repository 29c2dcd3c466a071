import COpenSSL

/// A sealed text is: number of the key (4 bytes, big-endian), random nonce (12), content, tag (16).
extension SealingKey {
    static let idSize = 4
    private static let nonceSize = 12
    private static let tagSize = 16
    static let frameSize = idSize + nonceSize + tagSize

    /// The number of the key that `sealed` names; nil when it is too short to be a sealed text.
    static func id(of sealed: [UInt8]) -> UInt32? {
        guard sealed.count >= frameSize else { return nil }
        return sealed.prefix(idSize).reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// `plain` sealed under a nonce of its own. Only the same `bound` opens it.
    func seal(_ plain: [UInt8], bound: [UInt8]) -> [UInt8] {
        let context = CipherContext()
        let nonce = RandomToken.bytes(Self.nonceSize)
        var body = [UInt8](repeating: 0, count: plain.count)
        var tag = [UInt8](repeating: 0, count: Self.tagSize)
        var written: CInt = 0
        // Every pointer is to an array of the length that is passed with it; the tag's is the one that GCM writes.
        let isSealed =
            unsafe EVP_CipherInit_ex(context.pointer, EVP_aes_256_gcm(), nil, bytes, nonce, 1) == 1
            && EVP_CipherUpdate(context.pointer, nil, &written, bound, CInt(bound.count)) == 1
            && (plain.isEmpty || EVP_CipherUpdate(context.pointer, &body, &written, plain, CInt(plain.count)) == 1)
            && EVP_CipherFinal_ex(context.pointer, nil, &written) == 1
            && EVP_CIPHER_CTX_ctrl(context.pointer, EVP_CTRL_AEAD_GET_TAG, CInt(Self.tagSize), &tag) == 1
        precondition(isSealed, "OpenSSL sealed nothing: its provider is missing")
        return (0..<4).map { UInt8(truncatingIfNeeded: id >> (24 - 8 * $0)) } + nonce + body + tag
    }

    /// What `sealed` holds; nil when it was not sealed with this key for `bound`.
    func open(_ sealed: [UInt8], bound: [UInt8]) -> [UInt8]? {
        guard Self.id(of: sealed) == id else { return nil }
        let context = CipherContext()
        let nonce = Array(sealed[Self.idSize..<Self.idSize + Self.nonceSize])
        let body = Array(sealed[(Self.idSize + Self.nonceSize)..<(sealed.count - Self.tagSize)])
        var tag = Array(sealed.suffix(Self.tagSize))
        var plain = [UInt8](repeating: 0, count: body.count)
        var written: CInt = 0
        // As above. Nothing of `plain` is given out before the tag was found right.
        let isOpen =
            unsafe EVP_CipherInit_ex(context.pointer, EVP_aes_256_gcm(), nil, bytes, nonce, 0) == 1
            && EVP_CIPHER_CTX_ctrl(context.pointer, EVP_CTRL_AEAD_SET_TAG, CInt(Self.tagSize), &tag) == 1
            && EVP_CipherUpdate(context.pointer, nil, &written, bound, CInt(bound.count)) == 1
            && (body.isEmpty || EVP_CipherUpdate(context.pointer, &plain, &written, body, CInt(body.count)) == 1)
            && EVP_CipherFinal_ex(context.pointer, nil, &written) == 1
        return isOpen ? plain : nil
    }
}

/// A cipher's state, which wipes and frees itself.
@safe private struct CipherContext: ~Copyable {
    let pointer: OpaquePointer

    init() {
        guard let context = unsafe EVP_CIPHER_CTX_new() else { fatalError("no memory left for a cipher") }
        unsafe pointer = context
    }

    deinit { unsafe EVP_CIPHER_CTX_free(pointer) }
}
