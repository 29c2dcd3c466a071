internal import COpenSSL
internal import Glibc
internal import OrreryModel

/// A file that TLS is set up from, or what would stand in one, with the memory it was read into. That is wiped in the end:
/// it may hold a key.
@safe struct TLSFile: ~Copyable {
    let path: String
    private let bytes: UnsafeMutableRawBufferPointer

    /// More than any chain of certificates or bundle of authorities has.
    private static let limit = 16 << 20

    init(_ path: String) throws(TLSError) {
        self.path = path
        // Without waiting: a pipe in its place would otherwise hold up whoever reads certificates for ever.
        let number = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { throw .unreadable(file: path, SystemError(number: errno)) }
        let descriptor = Descriptor(owning: number)
        var facts = stat()
        _ = unsafe fstat(descriptor.number, &facts)
        guard facts.st_mode & S_IFMT == S_IFREG, facts.st_size <= Self.limit else {
            throw .unreadable(file: path, SystemError(number: facts.st_mode & S_IFMT == S_IFDIR ? EISDIR : EFBIG))
        }
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(facts.st_size), alignment: 1)
        let count = unsafe Glibc.read(descriptor.number, room.baseAddress, room.count)
        unsafe bytes = UnsafeMutableRawBufferPointer(rebasing: room[..<max(0, count)])
    }

    /// What would stand in a file; `path` is what errors call it.
    init(_ path: String, content: [UInt8]) {
        self.path = path
        unsafe bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: content.count, alignment: 1)
        unsafe bytes.copyBytes(from: content)
    }

    deinit {
        unsafe OPENSSL_cleanse(bytes.baseAddress, bytes.count)
        unsafe bytes.deallocate()
    }

    /// A copy of what it holds: not for keys.
    var content: [UInt8] { unsafe Array(bytes) }

    /// All certificates in it, in order. Throws when there is none, or one that is broken.
    func certificates() throws(TLSError) -> [Certificate] {
        var found: [Certificate] = []
        let source = unsafe BIO_new_mem_buf(bytes.baseAddress, CInt(bytes.count))
        defer { unsafe BIO_free(source) }
        while let next = unsafe PEM_read_bio_X509(source, nil, nil, nil) {
            found.append(unsafe Certificate(owning: next))
        }
        let error = ERR_peek_last_error()
        ERR_clear_error()
        // That there is no further one ends every file.
        guard orrery_error_reason(error) == PEM_R_NO_START_LINE else { throw .refused(file: path, reason(error)) }
        guard !found.isEmpty else { throw .noCertificate(file: path) }
        return found
    }

    func privateKey(_ passphrase: Secret?) throws(TLSError) -> PrivateKey {
        let source = unsafe BIO_new_mem_buf(bytes.baseAddress, CInt(bytes.count))
        defer { unsafe BIO_free(source) }
        var text = Array((passphrase?.reveal() ?? "").utf8CString)
        // Without a text OpenSSL would ask at the terminal.
        let key = unsafe text.withUnsafeMutableBytes {
            unsafe PEM_read_bio_PrivateKey(source, nil, nil, $0.baseAddress)
        }
        unsafe OPENSSL_cleanse(&text, text.count)
        ERR_clear_error()
        if let key = unsafe key { return unsafe PrivateKey(owning: key) }
        guard isEncrypted else { throw .noKey(file: path) }
        throw passphrase == nil ? .keyIsEncrypted(file: path) : .wrongPassphrase(file: path)
    }

    /// The old form says it in a field, the new one in its name.
    private var isEncrypted: Bool {
        let mark = Array("ENCRYPTED".utf8)
        guard unsafe bytes.count >= mark.count else { return false }
        return unsafe (0...bytes.count - mark.count).contains { unsafe bytes[$0..<$0 + mark.count].elementsEqual(mark) }
    }

    /// Numbers for DHE; whoever gets them frees them.
    func parameters() throws(TLSError) -> OpaquePointer {
        let source = unsafe BIO_new_mem_buf(bytes.baseAddress, CInt(bytes.count))
        defer { unsafe BIO_free(source) }
        defer { ERR_clear_error() }
        guard let found = unsafe PEM_read_bio_Parameters(source, nil) else { throw .badParameters(file: path) }
        return unsafe found
    }
}

/// OpenSSL's sentence for an error.
func reason(_ error: UInt) -> String {
    guard let text = unsafe ERR_reason_error_string(error) else { return "OpenSSL's error \(error)" }
    return unsafe String(cString: text)
}

/// OpenSSL's sentence for the error it has noted last, and forgets all.
func lastReason() -> String {
    defer { ERR_clear_error() }
    return reason(ERR_peek_last_error())
}

/// A private key.
@safe final class PrivateKey {
    let pointer: OpaquePointer
    init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }
    deinit { unsafe EVP_PKEY_free(pointer) }
}
