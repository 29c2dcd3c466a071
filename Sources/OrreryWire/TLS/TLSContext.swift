internal import COpenSSL
internal import OrreryModel

/// What all connections of one kind have in common: certificates, authorities, versions and ciphers. It never changes;
/// new certificates are a new context, and connections keep the one they were made with.
///
/// Concurrency: may be used by any thread.
@safe package final class TLSContext: Sendable {
    nonisolated(unsafe) let pointer: OpaquePointer
    /// What the operator should know though all works: a certificate that has expired, say.
    package let notes: [String]
    private let verifies: Bool

    /// `pointer` is this object's from here on.
    init(owning pointer: OpaquePointer, notes: [String], verifies: Bool = false) {
        unsafe self.pointer = pointer
        self.notes = notes
        self.verifies = verifies
    }

    deinit { unsafe SSL_CTX_free(pointer) }

    /// Makes a connection of ours insist on the server being `name`. False when that cannot be a name.
    func prepare(_ stream: borrowing TLSStream, for name: String) -> Bool {
        defer { ERR_clear_error() }
        let checks = unsafe SSL_get0_param(stream.ssl)
        if unsafe verifies && X509_VERIFY_PARAM_set1_ip_asc(checks, name) == 1 { return true }
        let isAddress = name.contains(":") || name.allSatisfy { $0 == "." || $0.isASCII && $0.isNumber }
        // RFC 6066 3: an address is no server name.
        guard isAddress || (unsafe orrery_set_server_name(stream.ssl, name)) == 1 else { return false }
        guard verifies else { return true }
        unsafe SSL_set_hostflags(stream.ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        return unsafe SSL_set1_host(stream.ssl, name) == 1
    }
}

/// A context while it is made.
@safe struct ContextDraft: ~Copyable {
    let pointer: OpaquePointer

    init(isServer: Bool, least: TLSVersion, greatest: TLSVersion) throws(TLSError) {
        let method = unsafe isServer ? TLS_server_method() : TLS_client_method()
        guard let made = unsafe orrery_context(method, least.number, greatest.number) else { throw .noMemory }
        unsafe pointer = made
    }

    deinit { unsafe SSL_CTX_free(pointer) }

    /// The finished context: one more reference.
    func finished() -> OpaquePointer {
        unsafe SSL_CTX_up_ref(pointer)
        return unsafe pointer
    }

    // AEAD with forward secrecy only; the shorter keys first, which are as good and faster.
    static let ciphers =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
        + "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:"
        + "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"

    func setCiphers(_ list: String?) throws(TLSError) {
        let all = (list ?? Self.ciphers).split(separator: ":")
        let newer = all.filter { $0.hasPrefix("TLS_") }.joined(separator: ":")
        let older = all.filter { !$0.hasPrefix("TLS_") }.joined(separator: ":")
        defer { ERR_clear_error() }
        guard newer.isEmpty || (unsafe SSL_CTX_set_ciphersuites(pointer, newer)) == 1,
            older.isEmpty || (unsafe SSL_CTX_set_cipher_list(pointer, older)) == 1
        else { throw .badCiphers(list ?? Self.ciphers) }
    }

    func setParameters(_ path: String?) throws(TLSError) {
        guard let path else { return unsafe orrery_context_set_dh_auto(pointer) }
        let numbers = unsafe try TLSFile(path).parameters()
        guard unsafe SSL_CTX_set0_tmp_dh_pkey(pointer, numbers) == 1 else {
            unsafe EVP_PKEY_free(numbers)
            throw .refused(file: path, lastReason())
        }
    }

    /// Takes a certificate, its chain and its key. The certificate, for what else it says.
    func setIdentity(_ identity: TLSIdentity) throws(TLSError) -> Certificate {
        try setIdentity(
            certificate: TLSFile(identity.certificate), key: TLSFile(identity.key), passphrase: identity.passphrase)
    }

    /// The same from texts.
    func setIdentity(_ identity: TLSOwnIdentity) throws(TLSError) {
        _ = try setIdentity(
            certificate: TLSFile("our certificate", content: identity.certificate),
            key: TLSFile("our key", content: Array(identity.key.reveal().utf8)), passphrase: nil)
    }

    private func setIdentity(
        certificate: borrowing TLSFile, key file: borrowing TLSFile, passphrase: Secret?
    ) throws(TLSError) -> Certificate {
        let chain = try certificate.certificates()
        let key = try file.privateKey(passphrase)
        guard chain[0].belongs(to: key) else {
            throw .keyDoesNotMatch(key: file.path, certificate: certificate.path)
        }
        guard unsafe SSL_CTX_use_certificate(pointer, chain[0].pointer) == 1 else {
            throw .refused(file: certificate.path, lastReason())
        }
        guard unsafe SSL_CTX_use_PrivateKey(pointer, key.pointer) == 1 else {
            throw .refused(file: file.path, lastReason())
        }
        for next in chain.dropFirst() where unsafe orrery_context_add_chain(pointer, next.pointer) != 1 {
            throw .refused(file: certificate.path, lastReason())
        }
        return chain[0]
    }

    /// Trusts what the authorities in a file have signed; without a file, those of the system.
    func setAuthorities(_ path: String?) throws(TLSError) -> [Certificate] {
        guard let path else {
            unsafe SSL_CTX_set_default_verify_paths(pointer)
            return []
        }
        let authorities = try TLSFile(path).certificates()
        let store = unsafe SSL_CTX_get_cert_store(pointer)
        for authority in authorities where unsafe X509_STORE_add_cert(store, authority.pointer) != 1 {
            throw .refused(file: path, lastReason())
        }
        return authorities
    }

    /// Names as they are sent: each with its length before it.
    static func listed(_ names: [String]) throws(TLSError) -> [UInt8] {
        var bytes: [UInt8] = []
        for name in names {
            guard (1...255).contains(name.utf8.count) else { throw .badProtocol(name) }
            bytes += [UInt8(name.utf8.count)] + Array(name.utf8)
        }
        return bytes
    }
}

extension TLSContext {
    /// For connections that we make. Reads all files now.
    package static func client(_ configuration: TLSClientConfiguration) throws(TLSError) -> TLSContext {
        let draft = try ContextDraft(
            isServer: false, least: configuration.least, greatest: configuration.greatest)
        try draft.setCiphers(configuration.ciphers)
        try draft.setParameters(configuration.parameters)
        if configuration.lendsKeys { draft.keepSecrets() }
        var notes: [String] = []
        if let identity = configuration.identity, let complaint = try draft.setIdentity(identity).complaint {
            notes.append("the certificate \(identity.certificate) \(complaint)")
        }
        if let identity = configuration.ownIdentity { try draft.setIdentity(identity) }
        if configuration.verifies || configuration.authorities != nil {
            _ = try draft.setAuthorities(configuration.authorities)
        }
        if configuration.verifies {
            unsafe SSL_CTX_set_verify(draft.pointer, SSL_VERIFY_PEER, nil)
        }
        let protocols = try ContextDraft.listed(configuration.protocols)
        unsafe SSL_CTX_set_alpn_protos(draft.pointer, protocols, UInt32(protocols.count))
        return unsafe TLSContext(owning: draft.finished(), notes: notes, verifies: configuration.verifies)
    }
}
