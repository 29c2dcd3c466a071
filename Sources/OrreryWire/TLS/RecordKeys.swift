internal import CLinux
internal import COpenSSL

/// With what the next records of a connection are encrypted (RFC 8446 5.2 to 5.4): all that a kernel must know which goes
/// on where OpenSSL stops. The memory is wiped in the end.
@safe public struct RecordKeys: ~Copyable {
    let raw: UnsafeMutablePointer<linux_record_keys>

    private init() {
        unsafe raw = UnsafeMutablePointer.allocate(capacity: 1)
        unsafe raw.initialize(to: linux_record_keys())
    }

    deinit {
        unsafe OPENSSL_cleanse(raw, MemoryLayout<linux_record_keys>.size)
        unsafe raw.deallocate()
    }

    /// Those of what `stream` sends next. Nil when they are not known: the connection has none yet or is not of TLS 1.3,
    /// nobody kept its secret, or the keys have been changed since.
    init?(of stream: borrowing TLSStream) {
        self.init()
        guard let sending = unsafe stream.sending, let cipher = Cipher(rawValue: unsafe orrery_cipher(stream.ssl)),
            unsafe Self.fill(&raw.pointee.key, "key", cipher.keySize, sending, cipher),
            unsafe Self.fill(&raw.pointee.nonce, "iv", Self.nonceSize, sending, cipher)
        else { return nil }
        unsafe raw.pointee.cipher = UInt16(cipher.rawValue)
        unsafe raw.pointee.number = sending.pointee.records
    }

    @unsafe private static func fill<Place>(
        _ place: inout Place, _ label: String, _ count: Int, _ sending: UnsafeMutablePointer<orrery_sending>,
        _ cipher: Cipher
    ) -> Bool {
        unsafe withUnsafeMutableBytes(of: &place) { bytes in
            precondition(count <= bytes.count)
            return unsafe orrery_expand(sending, cipher.digest, label, bytes.baseAddress, count) == 1
        }
    }

    /// The ciphers of TLS 1.3 that kernels know, by their numbers in RFC 8446 B.4.
    enum Cipher: CInt {
        case aes128 = 0x1301
        case aes256 = 0x1302
        case chaCha20 = 0x1303

        var digest: String { self == .aes256 ? "SHA384" : "SHA256" }
        /// In bytes.
        var keySize: Int { self == .aes128 ? 16 : 32 }
    }

    static let nonceSize = 12
}

extension TLSStream {
    /// Where what we know of the sending keys hangs at a connection, until it is freed.
    static let sendingSlot = unsafe orrery_connection_slot { _, sending, _, _, _, _ in
        // Put there by `orrery_keep_secret`, and the connection's alone.
        unsafe orrery_forget_sending(sending?.assumingMemoryBound(to: orrery_sending.self))
    }

    /// Nil when the keys are not known. Belongs to the connection.
    @unsafe var sending: UnsafeMutablePointer<orrery_sending>? {
        unsafe ssl == nil ? nil : orrery_sending(ssl, Self.sendingSlot)
    }

    /// Forgets the keys of what is sent: they are not these any more, or nobody has a use for them.
    package func forgetSending() {
        guard let sending = unsafe sending else { return }
        unsafe SSL_set_ex_data(ssl, Self.sendingSlot, nil)
        unsafe orrery_forget_sending(sending)
    }

    /// Counts the records that begin in the bytes from `start` on; all of them are whole.
    func countRecords(_ bytes: borrowing Buffer, from start: Int) {
        guard let sending = unsafe sending else { return }
        bytes.read { bytes in
            var next = start
            while next + 5 <= bytes.count {
                // RFC 8446 5.1: type, version, and the length of what follows.
                next += 5 + Int(bytes[next + 3]) << 8 + Int(bytes[next + 4])
                unsafe sending.pointee.records += 1
            }
        }
    }
}

extension ContextDraft {
    /// Lets the connections know the keys of what they send.
    func keepSecrets() {
        unsafe orrery_context_on_secret(pointer) { ssl, line in
            // Both are OpenSSL's for the time of this call; the line is text that ends with a zero.
            if let ssl = unsafe ssl, let line = unsafe line {
                unsafe orrery_keep_secret(ssl, TLSStream.sendingSlot, line)
            }
        }
    }
}
