internal import COpenSSL

extension TLSContext {
    /// For connections that are made to us. Reads all files now. Contexts that are made one after the other from the same
    /// `tickets` read each other's.
    package static func server(
        _ configuration: TLSServerConfiguration, tickets: TLSTickets
    ) throws(TLSError) -> TLSContext {
        guard !configuration.identities.isEmpty else { throw .noIdentity }
        var notes: [String] = []
        var names = TLSNames()
        var others: [TLSContext] = []
        let first = try draft(configuration)
        let facts = try ServerFacts(configuration, 0, on: first, tickets, &names, &notes)
        for index in 1..<max(1, configuration.identities.count) {
            let other = try draft(configuration)
            unsafe try ServerFacts(configuration, index, on: other, tickets, &names, &notes).attach(to: other.pointer)
            others.append(unsafe TLSContext(owning: other.finished(), notes: []))
        }
        facts.names = names
        facts.others = others
        unsafe facts.attach(to: first.pointer)
        return unsafe TLSContext(owning: first.finished(), notes: notes)
    }

    private static func draft(_ configuration: TLSServerConfiguration) throws(TLSError) -> ContextDraft {
        let draft = try ContextDraft(isServer: true, least: configuration.least, greatest: configuration.greatest)
        try draft.setCiphers(configuration.ciphers)
        try draft.setParameters(configuration.parameters)
        try draft.askClients(configuration)
        unsafe SSL_CTX_set_alpn_select_cb(draft.pointer, chooseProtocol, nil)
        unsafe SSL_CTX_set_tlsext_ticket_key_evp_cb(draft.pointer, prepareTicket)
        unsafe orrery_context_on_server_name(draft.pointer, chooseIdentity)
        unsafe orrery_context_on_status_request(draft.pointer, showStaple)
        if configuration.lendsKeys { draft.keepSecrets() }
        unsafe SSL_CTX_set_timeout(draft.pointer, Int(TLSTickets.period))
        return draft
    }
}

extension ContextDraft {
    fileprivate func askClients(_ configuration: TLSServerConfiguration) throws(TLSError) {
        var family = [UInt8]("orrery".utf8)
        if configuration.clientCertificates == .unasked {
            // Whoever names a file means it to be there, though nobody is asked yet.
            if let path = configuration.clientAuthorities { _ = try TLSFile(path).certificates() }
        } else {
            guard let path = configuration.clientAuthorities else { throw .noAuthorities }
            for authority in try setAuthorities(path) { unsafe SSL_CTX_add_client_CA(pointer, authority.pointer) }
            let isRequired = configuration.clientCertificates == .required
            let mode = SSL_VERIFY_PEER | (isRequired ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0)
            unsafe SSL_CTX_set_verify(pointer, mode, nil)
            family += [isRequired ? 2 : 1] + (try TLSFile(path).content)
        }
        // A ticket says that its client was let in; not by other authorities than today's.
        var digest = [UInt8](repeating: 0, count: 32)
        unsafe SHA256(family, family.count, &digest)
        unsafe SSL_CTX_set_session_id_context(pointer, digest, UInt32(digest.count))
    }
}

/// What the callbacks of a server's context must know. Belongs to OpenSSL's context, which releases it with itself.
///
/// Concurrency: changed only while the context is made; then read by any thread.
private final class ServerFacts: @unchecked Sendable {
    let tickets: TLSTickets
    let protocols: [UInt8]
    let keyedProtocols: [UInt8]
    let staple: TLSStaple?
    var names = TLSNames()
    /// Those of the certificates after the first.
    var others: [TLSContext] = []

    private static let slot = unsafe orrery_context_slot { _, facts, _, _, _, _ in
        guard let facts = unsafe facts else { return }
        // Retained by `attach`, and released here, once.
        unsafe Unmanaged<ServerFacts>.fromOpaque(facts).release()
    }

    /// Gives a context certificate number `index`, and notes what there is to be said about it.
    init(
        _ configuration: TLSServerConfiguration, _ index: Int, on draft: borrowing ContextDraft, _ tickets: TLSTickets,
        _ names: inout TLSNames, _ notes: inout [String]
    ) throws(TLSError) {
        let identity = configuration.identities[index]
        let certificate = try draft.setIdentity(identity)
        names.add(certificate.names, index)
        if let complaint = certificate.complaint {
            notes.append("the certificate \(identity.certificate) \(complaint)")
        }
        self.tickets = tickets
        protocols = try ContextDraft.listed(configuration.protocols)
        keyedProtocols = try ContextDraft.listed(configuration.keyedProtocols)
        staple = Self.staple(beside: identity.certificate, &notes)
    }

    private static func staple(beside certificate: String, _ notes: inout [String]) -> TLSStaple? {
        let path = certificate + ".ocsp"
        let content: [UInt8]
        do throws(TLSError) {
            content = try TLSFile(path).content
        } catch {
            if case .unreadable(_, let reason) = error, reason.isNoFile { return nil }
            notes.append("\(error)")
            return nil
        }
        guard let staple = TLSStaple(content), staple.isFresh else {
            notes.append("\(path) is no OCSP response that holds now; it is not shown")
            return nil
        }
        return staple
    }

    @unsafe func attach(to context: OpaquePointer) {
        unsafe SSL_CTX_set_ex_data(context, Self.slot, Unmanaged.passRetained(self).toOpaque())
    }

    @unsafe static func of(_ ssl: OpaquePointer?) -> ServerFacts? {
        guard let facts = unsafe SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), slot) else { return nil }
        // Lives as long as the context, which the connection keeps alive.
        return unsafe Unmanaged<ServerFacts>.fromOpaque(facts).takeUnretainedValue()
    }
}

// MARK: What OpenSSL asks during a handshake

private func chooseIdentity(
    _ ssl: OpaquePointer?, _ alert: UnsafeMutablePointer<CInt>?, _ argument: UnsafeMutableRawPointer?
) -> CInt {
    guard let text = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name), let facts = unsafe ServerFacts.of(ssl),
        let index = unsafe facts.names.index(for: String(cString: text))
    else { return SSL_TLSEXT_ERR_NOACK }
    if index > 0 { unsafe SSL_set_SSL_CTX(ssl, facts.others[index - 1].pointer) }
    return SSL_TLSEXT_ERR_OK
}

private func chooseProtocol(
    _ ssl: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ count: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?, _ offeredCount: UInt32,
    _ argument: UnsafeMutableRawPointer?
) -> CInt {
    guard let facts = unsafe ServerFacts.of(ssl) else { return SSL_TLSEXT_ERR_NOACK }
    if unsafe choose(facts.keyedProtocols, chosen, count, offered, offeredCount) {
        guard unsafe SSL_version(ssl) == TLS1_3_VERSION else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        unsafe SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, { _, _ in 1 })
        unsafe SSL_set_num_tickets(ssl, 0)
        return SSL_TLSEXT_ERR_OK
    }
    // RFC 7301 3.2: with nothing in common there is no point in going on.
    return unsafe choose(facts.protocols, chosen, count, offered, offeredCount)
        ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL
}

/// Chooses the first of `ours` that was offered; false when none was.
@unsafe private func choose(
    _ ours: [UInt8], _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ count: UnsafeMutablePointer<UInt8>?,
    _ offered: UnsafePointer<UInt8>?, _ offeredCount: UInt32
) -> Bool {
    guard !ours.isEmpty else { return false }
    return unsafe ours.withUnsafeBufferPointer { ours in
        var name: UnsafeMutablePointer<UInt8>?
        let code = unsafe SSL_select_next_proto(
            &name, count, ours.baseAddress, UInt32(ours.count), offered, offeredCount)
        guard code == OPENSSL_NPN_NEGOTIATED else { return false }
        // Points into our list, which lives as long as the context.
        unsafe chosen?.pointee = UnsafePointer(name)
        return true
    }
}

private func showStaple(_ ssl: OpaquePointer?, _ argument: UnsafeMutableRawPointer?) -> CInt {
    guard let staple = unsafe ServerFacts.of(ssl)?.staple, staple.isFresh,
        let copy = unsafe orrery_allocate(staple.bytes.count)
    else { return SSL_TLSEXT_ERR_NOACK }
    // As long as the bytes are many.
    unsafe UnsafeMutableRawBufferPointer(start: copy, count: staple.bytes.count).copyBytes(from: staple.bytes)
    unsafe orrery_set_status_response(ssl, copy.assumingMemoryBound(to: UInt8.self), staple.bytes.count)
    return SSL_TLSEXT_ERR_OK
}

private func prepareTicket(
    _ ssl: OpaquePointer?, _ name: UnsafeMutablePointer<UInt8>?, _ iv: UnsafeMutablePointer<UInt8>?,
    _ cipher: OpaquePointer?, _ mac: OpaquePointer?, _ makes: CInt
) -> CInt {
    guard let facts = unsafe ServerFacts.of(ssl), let name = unsafe name, let iv = unsafe iv,
        let cipher = unsafe cipher, let mac = unsafe mac
    else { return -1 }
    return unsafe facts.tickets.prepare(name: name, iv: iv, cipher: cipher, mac: mac, makes: makes == 1)
}
