import COpenSSL

@testable import OrreryWire

/// A client and a server that talk to each other in memory, through an engine each.
struct TLSPair {
    let client: Side
    let server: Side

    /// One side: its engine, its connection, what it has understood and what it has to send.
    final class Side {
        var engine = TLSEngine()
        let stream: TLSStream
        var outgoing: [UInt8] = []
        var read: [UInt8] = []
        var isDone = false
        var failure: TLSFailure?
        var isBroken = false

        init(_ make: (borrowing TLSEngine) -> TLSStream?) {
            stream = make(engine) ?? TLSStream()
        }

        var hasEnded: Bool { stream.hasEnded }
        var hasOwnRecords: Bool { stream.hasOwnRecords }
        var isResumed: Bool { stream.isResumed }
        var hasPeerCertificate: Bool { stream.hasPeerCertificate }
        var peerPublicKey: [UInt8]? { stream.peerPublicKey }
        var agreedProtocol: String { stream.agreedProtocol }
        var version: String { stream.version }

        /// Ciphertext comes.
        func take(_ bytes: some Collection<UInt8>) {
            guard failure == nil, !isBroken else { return }
            engine.received.reset()
            for byte in bytes { engine.received.append(byte) }
            if !isDone { shake() }
            if isDone { open() }
        }

        func shake() {
            switch engine.shakeHands(stream) {
            case .waits: break
            case .done: isDone = true
            case .failed(let reason): failure = reason
            }
            takeReplies()
        }

        private func open() {
            var plain = Buffer(capacity: 128 << 10)
            if engine.open(stream, into: &plain) == .failed { isBroken = true }
            plain.read { bytes in for index in 0..<bytes.count { read.append(bytes[index]) } }
            takeReplies()
        }

        func send(_ bytes: [UInt8]) {
            var plain = Buffer(capacity: bytes.count + 1)
            for byte in bytes { plain.append(byte) }
            var sealed = Buffer(capacity: TLSEngine.sealedSize(bytes.count))
            if !engine.seal(stream, plain, into: &sealed) { isBroken = true }
            sealed.read { bytes in for index in 0..<bytes.count { outgoing.append(bytes[index]) } }
        }

        /// Speaks this version only, however old.
        func speakOnly(_ version: CInt) {
            unsafe SSL_ctrl(stream.ssl, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(version), nil)
            unsafe SSL_ctrl(stream.ssl, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(version), nil)
            unsafe SSL_set_cipher_list(stream.ssl, "ALL:@SECLEVEL=0")
        }

        /// Changes its keys, and wants the other side to do the same.
        func renewKeys() { unsafe SSL_key_update(stream.ssl, SSL_KEY_UPDATE_REQUESTED) }

        /// Wants the server's certificate to come with its authority's word.
        func askForStaple() { unsafe SSL_ctrl(stream.ssl, SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE, 1, nil) }

        /// The authority's word that came with it.
        var staple: [UInt8] {
            var bytes: UnsafePointer<UInt8>?
            let count = unsafe withUnsafeMutablePointer(to: &bytes) {
                unsafe SSL_ctrl(stream.ssl, SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP, 0, $0)
            }
            // The connection's own, as many as it says.
            return count > 0 ? unsafe Array(UnsafeBufferPointer(start: bytes, count: count)) : []
        }

        /// Asks for another handshake, which TLS 1.2 knows and nobody needs.
        func renegotiate() {
            unsafe SSL_clear_options(stream.ssl, UInt64(1) << 30)
            unsafe SSL_renegotiate(stream.ssl)
            engine.received.reset()
            shake()
        }

        func end() {
            engine.end(stream)
            takeReplies()
        }

        private func takeReplies() {
            engine.replies.read { bytes in for index in 0..<bytes.count { outgoing.append(bytes[index]) } }
            engine.replies.reset()
        }
    }

    init(client: TLSContext, server: TLSContext, name: String = "localhost") {
        self.client = Side { $0.connect(client, to: name) }
        self.server = Side { $0.accept(server) }
    }

    /// Carries bytes both ways, at most `portion` at a time, until nobody has any left.
    func run(portion: Int = .max) {
        while !client.outgoing.isEmpty || !server.outgoing.isEmpty {
            let fromClient = Array(client.outgoing.prefix(portion))
            client.outgoing.removeFirst(fromClient.count)
            if !fromClient.isEmpty { server.take(fromClient) }
            let fromServer = Array(server.outgoing.prefix(portion))
            server.outgoing.removeFirst(fromServer.count)
            if !fromServer.isEmpty { client.take(fromServer) }
        }
    }

    /// The handshake, to its end or failure.
    func shakeHands(portion: Int = .max) {
        client.shake()
        run(portion: portion)
    }
}
