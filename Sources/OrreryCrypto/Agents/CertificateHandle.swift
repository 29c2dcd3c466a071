import COpenSSL

/// A certificate as OpenSSL has it. Never changed, so any thread may read it.
@safe final class CertificateHandle: Sendable {
    private nonisolated(unsafe) let pointer: OpaquePointer

    private init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { unsafe X509_free(pointer) }

    /// The certificates of a PEM text, in order. Throws when one is broken.
    static func all(in pem: [UInt8]) throws(CryptoError) -> [CertificateHandle] {
        // OpenSSL reads what it is given and keeps nothing of it.
        let source = unsafe BIO_new_mem_buf(pem, CInt(clamping: pem.count))
        defer { unsafe BIO_free(source) }
        defer { ERR_clear_error() }
        var found: [CertificateHandle] = []
        // Without an answer to it OpenSSL asks whoever sits at the terminal for a passphrase.
        while let next = unsafe PEM_read_bio_X509(source, nil, { _, _, _, _ in -1 }, nil) {
            found.append(unsafe CertificateHandle(owning: next))
        }
        // That there is no further one ends every text.
        guard orrery_error_reason(ERR_peek_last_error()) == PEM_R_NO_START_LINE else {
            throw CryptoError(.key, "a certificate is broken")
        }
        return found
    }

    /// Its name, as RFC 2253 writes it.
    var subject: String {
        let memory = unsafe BIO_new(BIO_s_mem())
        defer { unsafe BIO_free(memory) }
        let name = unsafe X509_get_subject_name(pointer)
        guard unsafe X509_NAME_print_ex(memory, name, 0, orrery_name_form()) >= 0 else { return "" }
        var text = [UInt8](repeating: 0, count: 4096)
        // As many bytes as there is room for.
        let count = unsafe BIO_read(memory, &text, CInt(text.count))
        return String(decoding: text.prefix(max(0, Int(count))), as: UTF8.self)
    }

    /// Its public key.
    var key: KeyHandle? {
        guard let key = unsafe X509_get_pubkey(pointer) else {
            ERR_clear_error()
            return nil
        }
        return unsafe KeyHandle(owning: key)
    }

    /// Whether `chain` leads from it to one of `authorities`, for showing as a client's, at a time in seconds since 1970.
    func isTrusted(
        by authorities: [CertificateHandle], through chain: [CertificateHandle], at time: Int64
    ) throws(CryptoError) -> Bool {
        guard let store = unsafe X509_STORE_new(), let context = unsafe X509_STORE_CTX_new(),
            let between = unsafe orrery_certificates()
        else { throw CryptoError(.key, "OpenSSL has no memory for a chain of certificates") }
        // The list only points; what it points to lives until this returns.
        defer { unsafe orrery_certificates_free(between) }
        defer { unsafe X509_STORE_free(store) }
        defer { unsafe X509_STORE_CTX_free(context) }
        defer { ERR_clear_error() }
        for authority in authorities { unsafe X509_STORE_add_cert(store, authority.pointer) }
        for certificate in chain { unsafe orrery_certificates_add(between, certificate.pointer) }
        guard unsafe X509_STORE_CTX_init(context, store, pointer, between) == 1 else { return false }
        unsafe X509_STORE_CTX_set_time(context, 0, time_t(time))
        unsafe X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT)
        return unsafe X509_verify_cert(context) == 1
    }
}
