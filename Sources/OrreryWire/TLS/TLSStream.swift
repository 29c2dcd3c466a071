internal import COpenSSL

/// One secured connection: what TLS must remember of it. The bytes come and go through the `TLSEngine` of its thread.
///
/// Concurrency: belongs to the thread of the engine that made it, until another thread's engine has adopted it.
@safe package struct TLSStream: ~Copyable, @unchecked Sendable {
    /// Null for a place where no connection is.
    let ssl: OpaquePointer?

    init(owning ssl: OpaquePointer) { unsafe self.ssl = ssl }

    /// No connection.
    package init() { unsafe ssl = nil }

    deinit { if let ssl = unsafe ssl { unsafe SSL_free(ssl) } }

    /// The other side has said that it sends no more, so that its end is one, and not a cut.
    package var hasEnded: Bool { unsafe SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 }

    /// The other side wants what we send to have other keys from now on (RFC 8446 4.6.3). OpenSSL sees to that when it
    /// encrypts next.
    package var owesKeys: Bool { unsafe SSL_get_key_update_type(ssl) != SSL_KEY_UPDATE_NONE }

    var isServer: Bool { unsafe SSL_is_server(ssl) != 0 }

    /// Nothing has been read yet.
    package var isFresh: Bool { unsafe SSL_in_before(ssl) != 0 }

    /// Both sides have shown what they must, and bytes may go.
    package var isEstablished: Bool { unsafe SSL_is_init_finished(ssl) != 0 }

    /// The keys come from an earlier connection of the same client.
    package var isResumed: Bool { unsafe SSL_session_reused(ssl) != 0 }

    /// The other side has shown a certificate, which was good.
    package var hasPeerCertificate: Bool { unsafe SSL_get0_peer_certificate(ssl) != nil }

    /// The SubjectPublicKeyInfo, in DER, of the certificate that the other side has shown; nil when it has shown none.
    /// That it has the key, too, it has proved once the handshake is done.
    package var peerPublicKey: [UInt8]? {
        guard let certificate = unsafe SSL_get0_peer_certificate(ssl) else { return nil }
        let key = unsafe X509_get_X509_PUBKEY(certificate)
        let count = unsafe Int(i2d_X509_PUBKEY(key, nil))
        guard count > 0 else { return nil }
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { room, written in
            // As many bytes as it said, which OpenSSL counts off at `next`.
            var next = room.baseAddress
            written = max(0, Int(unsafe i2d_X509_PUBKEY(key, &next)))
        }
    }

    /// What both sides have agreed to speak inside; empty when they did not.
    package var agreedProtocol: String {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &name, &count)
        // The name is the connection's, which outlives this call.
        let bytes = unsafe UnsafeBufferPointer(start: name, count: Int(count))
        return unsafe String(decoding: bytes, as: UTF8.self)
    }

    /// `TLSv1.3`, or what else was agreed.
    package var version: String { unsafe String(cString: SSL_get_version(ssl)) }
}
