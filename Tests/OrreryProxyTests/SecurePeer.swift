import COpenSSL
import Testing

@testable import OrreryProxy
@testable import OrreryWire

/// The other end of a secured connection of the worker's, over the scripted kernel.
final class SecurePeer {
    private let rig: Rig
    let number: CInt
    private let engine = TLSEngine()
    private let stream: TLSStream
    private(set) var isDone = false
    private(set) var failure: TLSFailure?
    private var understood: [UInt8] = []
    private var outgoing: [UInt8] = []

    /// A client that has connected.
    /// With `fragments` it wants records of that size, in the numbers of RFC 6066 4.
    init(_ rig: Rig, client context: TLSContext, name: String = "localhost", fragments: UInt8 = 0) {
        self.rig = rig
        number = rig.client()
        stream = engine.connect(context, to: name) ?? TLSStream()
        _ = serial
        if fragments > 0 { unsafe SSL_set_tlsext_max_fragment_length(stream.ssl, fragments) }
        shake()
    }

    /// The upstream to which connection `number` was made.
    init(_ rig: Rig, server context: TLSContext, on number: CInt) {
        self.rig = rig
        self.number = number
        stream = engine.accept(context) ?? TLSStream()
    }

    var hasEnded: Bool { stream.hasEnded }
    /// Its connection among all that there ever were.
    private(set) lazy var serial = rig.kernel.sockets[number]?.serial ?? 0

    /// Carries bytes both ways, at most `portion` at a time to the worker, until nothing moves.
    func run(portion: Int = .max) {
        while true {
            let came = rig.kernel.isOpen(number) ? rig.kernel.sentBytes(number) : []
            if !came.isEmpty { take(came) }
            let goes = Array(outgoing.prefix(portion))
            outgoing.removeFirst(goes.count)
            if goes.isEmpty, came.isEmpty { return }
            if !goes.isEmpty {
                rig.kernel.feed(number, goes)
                rig.turn()
            }
        }
    }

    /// Carries what is to be said to the worker, and nothing back.
    func runOnce() {
        queueGreeting()
        rig.turn()
    }

    /// The same, and the worker has not looked at it yet.
    func queueGreeting() {
        rig.kernel.feed(number, outgoing)
        outgoing = []
    }

    /// Reads what the worker has sent, and says nothing to it yet.
    func receiveOnly() { take(rig.kernel.sentBytes(number)) }

    /// What the worker has sent before it closed.
    func takeLast() { take(rig.kernel.sentBytes(number)) }

    func send(_ text: String, portion: Int = .max) {
        queue(Array(text.utf8))
        run(portion: portion)
    }

    /// Encrypts, and sends with what comes next.
    func queue(_ bytes: [UInt8]) {
        var plain = Buffer(capacity: bytes.count + 1)
        for byte in bytes { plain.append(byte) }
        var sealed = Buffer(capacity: TLSEngine.sealedSize(bytes.count))
        #expect(engine.seal(stream, plain, into: &sealed))
        sealed.read { bytes in for index in 0..<bytes.count { outgoing.append(bytes[index]) } }
    }

    func end() {
        engine.end(stream)
        takeReplies()
        run()
    }

    /// Wants new keys, and an answer to that.
    func changeKeys() {
        unsafe SSL_key_update(stream.ssl, SSL_KEY_UPDATE_REQUESTED)
        queue([])
    }

    /// Gives the worker another ticket.
    func giveTicket() {
        unsafe SSL_new_session_ticket(stream.ssl)
        engine.received.reset()
        shake()
        run()
    }

    /// What has come since this was asked last.
    func read() -> String {
        defer { understood = [] }
        return String(decoding: understood, as: UTF8.self)
    }

    var readCount: Int { understood.count }

    private func take(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            engine.received.reset()
            for byte in rest.prefix(TLSEngine.portion) { engine.received.append(byte) }
            rest = rest.dropFirst(TLSEngine.portion)
            if !isDone { shake() }
            if isDone { open() }
        }
    }

    private func shake() {
        switch engine.shakeHands(stream) {
        case .waits: break
        case .done: isDone = true
        case .failed(let reason): failure = reason
        }
        takeReplies()
    }

    private func open() {
        var plain = Buffer(capacity: 128 << 10)
        #expect(engine.open(stream, into: &plain) != .failed)
        plain.read { bytes in for index in 0..<bytes.count { understood.append(bytes[index]) } }
        takeReplies()
    }

    private func takeReplies() {
        engine.replies.read { bytes in for index in 0..<bytes.count { outgoing.append(bytes[index]) } }
        engine.replies.reset()
    }
}

/// A worker that speaks TLS, and what its clients trust.
struct SecureRig {
    let authority: TestAuthority
    let rig: Rig
    let trust: TLSContext

    /// `greatest` and `ciphers` are what its clients speak.
    init(
        limits: ProxyLimits = ProxyLimits(), lendsKeys: Bool = false, greatest: TLSVersion = .v13,
        ciphers: String? = nil
    ) throws {
        authority = try TestAuthority()
        try authority.issue("server", .init(names: "DNS:localhost"))
        rig = try Rig(limits: limits, tls: Self.configuration(authority), lendsKeys: lendsKeys)
        trust = try Self.trust(authority, greatest: greatest, ciphers: ciphers)
    }

    static func configuration(_ authority: TestAuthority) -> TLSServerConfiguration {
        TLSServerConfiguration(identities: [
            TLSIdentity(certificate: authority.path("server.pem"), key: authority.path("server.key"))
        ])
    }

    static func trust(
        _ authority: TestAuthority, greatest: TLSVersion = .v13, ciphers: String? = nil
    ) throws -> TLSContext {
        var configuration = TLSClientConfiguration()
        (configuration.greatest, configuration.ciphers) = (greatest, ciphers)
        configuration.authorities = authority.authorities
        return try .client(configuration)
    }

    /// A client with whom TLS is agreed on.
    func client(portion: Int = .max, fragments: UInt8 = 0) -> SecurePeer {
        let client = SecurePeer(rig, client: trust, fragments: fragments)
        client.run(portion: portion)
        return client
    }
}
