import COpenSSL
import Foundation

/// An authority that signs certificates for a test, all in a directory that goes when it does. Made in memory, without a
/// program: a test may want many.
@safe final class TestAuthority: Sendable {
    private let directory: URL
    nonisolated(unsafe) private let key: OpaquePointer
    nonisolated(unsafe) private let certificate: OpaquePointer

    /// What is signed, and for how long.
    struct Wish {
        /// As OpenSSL writes them: `DNS:localhost,IP:127.0.0.1`.
        var names: String?
        var commonName = "server"
        /// Days from today.
        var begins = -1
        var ends = 2
        var isAuthority = false
    }

    init(_ name: String = "test authority") throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "orrery-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        unsafe key = Self.makeKey()
        unsafe certificate = Self.sign(Wish(commonName: name, isAuthority: true), key, issuer: nil, issuerKey: key)
        unsafe try Self.writeCertificates([certificate], to: path("ca.pem"))
    }

    deinit {
        unsafe X509_free(certificate)
        unsafe EVP_PKEY_free(key)
        try? FileManager.default.removeItem(at: directory)
    }

    func path(_ name: String) -> String { directory.appending(path: name).path }
    var authorities: String { path("ca.pem") }

    /// Writes `<file>.pem` and `<file>.key`.
    func issue(_ file: String, _ wish: Wish, passphrase: String? = nil) throws {
        let key = unsafe Self.makeKey()
        defer { unsafe EVP_PKEY_free(key) }
        let made = unsafe Self.sign(wish, key, issuer: certificate, issuerKey: self.key)
        defer { unsafe X509_free(made) }
        unsafe try Self.writeCertificates([made], to: path("\(file).pem"))
        unsafe try Self.writeKey(key, to: path("\(file).key"), passphrase)
    }

    /// Writes our word, good for so many days from now on, that a certificate holds; or that it does not.
    func vouch(for file: String, days: Int, isRevoked: Bool = false) throws {
        let source = unsafe BIO_new_file(path("\(file).pem"), "r")
        defer { unsafe BIO_free(source) }
        let subject = unsafe PEM_read_bio_X509(source, nil, nil, nil)
        defer { unsafe X509_free(subject) }
        let basic = unsafe OCSP_BASICRESP_new()
        defer { unsafe OCSP_BASICRESP_free(basic) }
        let number = unsafe OCSP_cert_to_id(EVP_sha1(), subject, certificate)
        defer { unsafe OCSP_CERTID_free(number) }
        let now = unsafe X509_gmtime_adj(nil, -86_400 * 9)
        defer { unsafe ASN1_STRING_free(now) }
        let next = unsafe X509_gmtime_adj(nil, 86_400 * days)
        defer { unsafe ASN1_STRING_free(next) }
        let status = isRevoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD
        unsafe OCSP_basic_add1_status(basic, number, status, 0, isRevoked ? now : nil, now, next)
        unsafe OCSP_basic_sign(basic, certificate, key, EVP_sha256(), nil, 0)
        let response = unsafe OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic)
        defer { unsafe OCSP_RESPONSE_free(response) }
        var bytes = [UInt8](repeating: 0, count: Int(unsafe i2d_OCSP_RESPONSE(response, nil)))
        _ = unsafe bytes.withUnsafeMutableBufferPointer { room in
            var start = room.baseAddress
            return unsafe i2d_OCSP_RESPONSE(response, &start)
        }
        try Data(bytes).write(to: URL(filePath: path("\(file).pem.ocsp")))
    }

    /// Puts the certificate and key of that name of another authority in place of ours.
    func replace(_ file: String, from other: TestAuthority) throws {
        for name in ["\(file).pem", "\(file).key"] {
            try Data(contentsOf: URL(filePath: other.path(name))).write(to: URL(filePath: path(name)))
        }
    }

    /// The certificate's key, as SubjectPublicKeyInfo.
    func publicKey(of file: String) -> [UInt8] {
        let source = unsafe BIO_new_file(path("\(file).pem"), "r")
        defer { unsafe BIO_free(source) }
        let subject = unsafe PEM_read_bio_X509(source, nil, nil, nil)
        defer { unsafe X509_free(subject) }
        let key = unsafe X509_get_X509_PUBKEY(subject)
        var bytes = [UInt8](repeating: 0, count: Int(unsafe i2d_X509_PUBKEY(key, nil)))
        _ = unsafe bytes.withUnsafeMutableBufferPointer { room in
            var start = room.baseAddress
            return unsafe i2d_X509_PUBKEY(key, &start)
        }
        return bytes
    }

    /// Spoils a certificate.
    func replace(_ file: String, with text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path("\(file).pem")))
    }

    // MARK: OpenSSL

    private static func makeKey() -> OpaquePointer {
        let context = unsafe EVP_PKEY_CTX_new_from_name(nil, "EC", nil)
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        unsafe EVP_PKEY_keygen_init(context)
        unsafe EVP_PKEY_CTX_set_group_name(context, "P-256")
        unsafe EVP_PKEY_generate(context, &key)
        guard let key = unsafe key else { preconditionFailure("no key") }
        return unsafe key
    }

    private static func sign(
        _ wish: Wish, _ key: OpaquePointer, issuer: OpaquePointer?, issuerKey: OpaquePointer
    ) -> OpaquePointer {
        guard let made = unsafe X509_new() else { preconditionFailure("no certificate") }
        unsafe X509_set_version(made, 2)
        unsafe ASN1_INTEGER_set(X509_get_serialNumber(made), Int.random(in: 1..<1 << 31))
        unsafe X509_gmtime_adj(X509_getm_notBefore(made), wish.begins * 86_400)
        unsafe X509_gmtime_adj(X509_getm_notAfter(made), wish.ends * 86_400)
        let subject = unsafe X509_get_subject_name(made)
        unsafe X509_NAME_add_entry_by_txt(subject, "CN", 0x1000, wish.commonName, -1, -1, 0)
        unsafe X509_set_issuer_name(made, issuer.map { unsafe X509_get_subject_name($0) } ?? subject)
        unsafe X509_set_pubkey(made, key)
        unsafe add(NID_basic_constraints, wish.isAuthority ? "critical,CA:TRUE" : "CA:FALSE", to: made)
        if let names = wish.names { unsafe add(NID_subject_alt_name, names, to: made) }
        unsafe X509_sign(made, issuerKey, EVP_sha256())
        return unsafe made
    }

    private static func add(_ kind: CInt, _ value: String, to certificate: OpaquePointer) {
        let item = unsafe X509V3_EXT_conf_nid(nil, nil, kind, value)
        unsafe X509_add_ext(certificate, item, -1)
        unsafe X509_EXTENSION_free(item)
    }

    private static func writeCertificates(_ certificates: [OpaquePointer], to path: String) throws {
        let file = unsafe BIO_new_file(path, "w")
        defer { unsafe BIO_free(file) }
        unsafe certificates.forEach { unsafe PEM_write_bio_X509(file, $0) }
    }

    private static func writeKey(_ key: OpaquePointer, to path: String, _ passphrase: String?) throws {
        let file = unsafe BIO_new_file(path, "w")
        defer { unsafe BIO_free(file) }
        guard let passphrase else {
            unsafe PEM_write_bio_PrivateKey(file, key, nil, nil, 0, nil, nil)
            return
        }
        var text = passphrase.utf8CString.map(\.self)
        _ = unsafe text.withUnsafeMutableBytes {
            unsafe PEM_write_bio_PKCS8PrivateKey(file, key, EVP_aes_256_cbc(), nil, 0, nil, $0.baseAddress)
        }
    }
}
