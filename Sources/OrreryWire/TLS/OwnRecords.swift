internal import CLinux
internal import COpenSSL

/// Records that we make ourselves once a connection sends much: OpenSSL's TLS copies what it encrypts twice, before and after
/// (docs/benchmarks.md, "Through an agent"). Its handshake and all that comes from the other side stay with it.
///
/// From the first such record on OpenSSL must not send: it would use their numbers again.
extension TLSStream {
    /// We encrypt what is sent.
    var hasOwnRecords: Bool {
        guard let sending = unsafe sending else { return false }
        return unsafe sending.pointee.cipher != nil
    }

    /// Makes the records ourselves from now on. False when the keys are not known, and then nothing has changed.
    func beginOwnRecords() -> Bool {
        guard isEstablished, let keys = RecordKeys(of: self), let sending = unsafe sending else { return false }
        let kind = unsafe RecordKeys.Cipher(rawValue: CInt(keys.raw.pointee.cipher))?.kind
        return unsafe withUnsafeBytes(of: &keys.raw.pointee.key) { key in
            unsafe withUnsafeBytes(of: &keys.raw.pointee.nonce) { nonce in
                // As long as the cipher wants them, which is what RecordKeys has filled.
                unsafe orrery_begin_sealing(
                    sending, kind, key.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    nonce.baseAddress?.assumingMemoryBound(to: UInt8.self)) == 1
            }
        }
    }

    /// Appends the records of all of `plain` to `sealed`, which must have room for `TLSEngine.sealedSize` of it. False when
    /// the connection can send no more.
    func sealOwn(_ plain: borrowing Buffer, as kind: RecordKind, into sealed: inout Buffer) -> Bool {
        guard let sending = unsafe sending else { return false }
        precondition(sealed.roomAfter >= TLSEngine.sealedSize(plain.count))
        var next = plain.start
        while next < plain.end {
            let count = min(TLSEngine.record, plain.end - next)
            // Room was checked: a record takes 22 bytes more than what is in it.
            let written = unsafe orrery_seal(
                sending, kind.rawValue, (plain.base + next).assumingMemoryBound(to: UInt8.self), count,
                (sealed.base + sealed.end).assumingMemoryBound(to: UInt8.self))
            guard written > 0 else {
                ERR_clear_error()
                return false
            }
            sealed.grow(by: written)
            next += count
        }
        return true
    }

    /// Appends the word that no more comes (RFC 8446 6.1), once.
    func endOwn(into sealed: inout Buffer) {
        let said = unsafe SSL_get_shutdown(ssl)
        guard said & SSL_SENT_SHUTDOWN == 0 else { return }
        unsafe SSL_set_shutdown(ssl, said | SSL_SENT_SHUTDOWN)
        var word = Buffer(capacity: 2)
        word.append(1)
        word.append(0)
        _ = sealOwn(word, as: .alert, into: &sealed)
    }
}

/// What is in a record (RFC 8446 B.1).
enum RecordKind: UInt8 {
    case alert = 21
    case data = 23
}

extension RecordKeys.Cipher {
    /// OpenSSL's, which are never freed.
    var kind: OpaquePointer? {
        switch self {
        case .aes128: unsafe EVP_aes_128_gcm()
        case .aes256: unsafe EVP_aes_256_gcm()
        case .chaCha20: unsafe EVP_chacha20_poly1305()
        }
    }
}
