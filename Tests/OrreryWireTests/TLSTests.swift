import Foundation
import OrreryModel
import Testing

@testable import OrreryWire

/// TLS against itself, in memory.
struct TLSTests {
    private let authority: TestAuthority

    init() throws {
        authority = try TestAuthority()
        try authority.issue("server", .init(names: "DNS:localhost,IP:127.0.0.1,IP:::1"))
    }

    private func identity(_ name: String) -> TLSIdentity {
        TLSIdentity(certificate: authority.path("\(name).pem"), key: authority.path("\(name).key"))
    }

    private var serving: TLSServerConfiguration { TLSServerConfiguration(identities: [identity("server")]) }

    private var trusting: TLSClientConfiguration {
        var configuration = TLSClientConfiguration()
        configuration.authorities = authority.authorities
        return configuration
    }

    private func pair(
        _ server: TLSServerConfiguration? = nil, _ client: TLSClientConfiguration? = nil, name: String = "localhost"
    ) throws -> TLSPair {
        TLSPair(
            client: try .client(client ?? trusting), server: try .server(server ?? serving, tickets: TLSTickets()),
            name: name)
    }

    // MARK: Bytes

    @Test(arguments: [TLSVersion.v12, .v13], [1, 7, 100, Int.max])
    func bytesGoBothWaysHoweverTheyAreCut(_ version: TLSVersion, _ portion: Int) throws {
        var configuration = trusting
        configuration.greatest = version
        let pair = try pair(nil, configuration)
        pair.shakeHands(portion: portion)
        #expect(pair.client.isDone && pair.server.isDone)
        #expect(pair.client.version == (version == .v12 ? "TLSv1.2" : "TLSv1.3"))
        // Several records, the last one short.
        let upload = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        pair.client.send(upload)
        pair.server.send(Array("hello".utf8))
        pair.run(portion: portion == 1 ? 13 : portion)
        #expect(pair.server.read == upload)
        #expect(pair.client.read == Array("hello".utf8))
    }

    @Test func whatComesWithTheEndOfTheHandshakeIsRead() throws {
        let pair = try pair()
        pair.client.shake()
        pair.server.take(pair.client.outgoing)
        pair.client.outgoing = []
        pair.client.take(pair.server.outgoing)
        pair.server.outgoing = []
        pair.client.send(Array("GET /".utf8))
        pair.server.take(pair.client.outgoing)
        #expect(pair.server.isDone && pair.server.read == Array("GET /".utf8))
    }

    @Test func aPortionFitsInTheLargestKeptBufferOpenedAndSealed() {
        // Behind the handshake's end a stranger may send as much, and the frames of chunks want some room in front.
        #expect(TLSEngine.portion + TLSEngine.record + 64 < BufferPool.largeCapacity)
        #expect(TLSEngine.sealedSize(TLSEngine.portion) <= BufferPool.largeCapacity)
    }

    @Test func anEndIsToldFromACut() throws {
        let pair = try pair()
        pair.shakeHands()
        pair.server.send([1, 2, 3])
        pair.run()
        #expect(!pair.client.hasEnded)
        pair.server.send([4])
        pair.server.end()
        pair.run()
        #expect(pair.client.hasEnded && pair.client.read == [1, 2, 3, 4])
        // One half only.
        pair.client.send([5])
        pair.run()
        #expect(pair.server.read == [5] && !pair.server.hasEnded)
    }

    @Test func aChangedByteBreaksTheConnection() throws {
        let pair = try pair()
        pair.shakeHands()
        pair.client.send([1, 2, 3])
        pair.client.outgoing[pair.client.outgoing.count - 1] ^= 1
        pair.run()
        #expect(pair.server.isBroken && pair.server.read.isEmpty)
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n\r\n", "PATCH /", "X"])
    func plainHTTPIsRecognised(_ text: String) throws {
        let pair = try pair()
        pair.server.take(text.utf8)
        #expect(pair.server.failure?.kind == .plainHTTP)
        #expect(pair.server.outgoing.isEmpty)
    }

    @Test func nonsenseIsRefused() throws {
        let pair = try pair()
        pair.server.take([0x16, 3, 1, 0, 5, 9, 9, 9, 9, 9])
        #expect(pair.server.failure?.kind == .broken)
    }

    @Test func renegotiationIsRefused() throws {
        var configuration = trusting
        configuration.greatest = .v12
        let pair = try pair(nil, configuration)
        pair.shakeHands()
        pair.client.renegotiate()
        pair.server.take(pair.client.outgoing)
        // Refused with a warning; the client may take that as it likes.
        #expect(!pair.server.isBroken && !pair.server.outgoing.isEmpty && pair.server.read.isEmpty)
        pair.server.send([7])
        #expect(!pair.server.isBroken)
    }

    // MARK: Who is who

    @Test(arguments: ["localhost", "127.0.0.1", "::1"]) func theRightServerIsTrusted(_ name: String) throws {
        let pair = try pair(name: name)
        pair.shakeHands()
        #expect(pair.client.isDone && pair.client.failure == nil)
    }

    @Test(arguments: ["localhost.example", "127.0.0.2", "local"]) func anotherNameIsNot(_ name: String) throws {
        let pair = try pair(name: name)
        pair.shakeHands()
        #expect(pair.client.failure?.kind == .untrusted)
        #expect(!pair.server.isDone)
    }

    @Test func aStrangersCertificateIsRefused() throws {
        let other = try TestAuthority("other")
        var configuration = trusting
        configuration.authorities = other.authorities
        let pair = try pair(nil, configuration)
        pair.shakeHands()
        #expect(pair.client.failure?.kind == .untrusted)
        configuration.verifies = false
        let careless = try self.pair(nil, configuration)
        careless.shakeHands()
        #expect(careless.client.isDone)
    }

    @Test func anExpiredCertificateIsNotedAndNotTrusted() throws {
        try authority.issue("old", .init(names: "DNS:localhost", begins: -9, ends: -1))
        let context = try TLSContext.server(
            TLSServerConfiguration(identities: [identity("old")]), tickets: TLSTickets())
        #expect(context.notes.count == 1 && context.notes[0].contains("old.pem expired on 20"))
        let pair = TLSPair(client: try .client(trusting), server: context)
        pair.shakeHands()
        #expect(pair.client.failure == TLSFailure(kind: .untrusted, reason: "certificate has expired"))
    }

    @Test func olderVersionsAreRefused() throws {
        var old = trusting
        old.greatest = .v12
        var new = serving
        new.least = .v13
        let pair = try pair(new, old)
        pair.shakeHands()
        #expect(pair.server.failure?.kind == .broken && pair.client.failure?.kind == .broken)
    }

    @Test(arguments: [CInt(0x0301), 0x0302]) func versionsOfThePastAreRefused(_ version: CInt) throws {
        let pair = try pair()
        pair.client.speakOnly(version)
        pair.shakeHands()
        #expect(pair.server.failure?.reason == "unsupported protocol" && !pair.client.isDone)
    }

    // MARK: Clients' certificates

    @Test func aClientsCertificateMayBeAskedFor() throws {
        try authority.issue("client", .init(commonName: "ada"))
        let stranger = try TestAuthority("stranger")
        try stranger.issue("client", .init(commonName: "ada"))
        let strange = TLSIdentity(certificate: stranger.path("client.pem"), key: stranger.path("client.key"))
        let cases: [(TLSServerConfiguration.ClientCertificates, TLSIdentity?, Bool, Bool)] = [
            (.unasked, nil, true, false), (.unasked, identity("client"), true, false),
            (.requested, nil, true, false), (.requested, identity("client"), true, true),
            (.requested, strange, false, false),
            (.required, nil, false, false), (.required, identity("client"), true, true),
            (.required, strange, false, false),
        ]
        for (asked, shown, isLetIn, isKnown) in cases {
            var server = serving
            server.clientCertificates = asked
            server.clientAuthorities = authority.authorities
            var client = trusting
            client.identity = shown
            let pair = try pair(server, client)
            pair.shakeHands()
            #expect(pair.server.isDone == isLetIn, "\(asked)")
            if isLetIn { #expect(pair.server.hasPeerCertificate == isKnown, "\(asked)") }
            if !isLetIn { #expect(pair.server.failure?.kind == .untrusted, "\(asked)") }
        }
    }

    // MARK: Names and protocols

    @Test func theNameThatIsAskedForChoosesTheCertificate() throws {
        try authority.issue("exact", .init(names: "DNS:lab.example.org"))
        try authority.issue("wild", .init(names: "DNS:*.example.org"))
        var server = serving
        server.identities += [identity("wild"), identity("exact")]
        let context = try TLSContext.server(server, tickets: TLSTickets())
        let client = try TLSContext.client(trusting)
        for name in ["lab.example.org", "LAB.example.org", "any.example.org", "localhost"] {
            let pair = TLSPair(client: client, server: context, name: name)
            pair.shakeHands()
            #expect(pair.client.isDone, "\(name)")
        }
        // A wildcard stands for one label, and the first certificate for everything else.
        for name in ["example.org", "a.b.example.org", "elsewhere"] {
            let pair = TLSPair(client: client, server: context, name: name)
            pair.shakeHands()
            #expect(pair.client.failure?.kind == .untrusted, "\(name)")
        }
    }

    @Test func bothAgreeOnWhatIsSpokenInside() throws {
        let cases: [([String], [String], String?)] = [
            (["http/1.1"], ["http/1.1"], "http/1.1"), (["h2", "http/1.1"], ["http/1.1", "h2"], "h2"),
            (["http/1.1"], [], ""), (["http/1.1"], ["spdy/1"], nil),
        ]
        for (ours, theirs, agreed) in cases {
            var server = serving
            server.protocols = ours
            var client = trusting
            client.protocols = theirs
            let pair = try pair(server, client)
            pair.shakeHands()
            #expect(pair.server.isDone == (agreed != nil))
            if let agreed {
                #expect(pair.server.agreedProtocol == agreed && pair.client.agreedProtocol == agreed)
            }
        }
    }

    @Test func anIdentityNeedsNoFiles() throws {
        try authority.issue("client", .init(names: "DNS:client"))
        var server = TLSServerConfiguration(identities: [
            TLSIdentity(certificate: authority.path("server.pem"), key: authority.path("server.key"))
        ])
        (server.clientCertificates, server.clientAuthorities) = (.required, authority.authorities)
        var client = TLSClientConfiguration()
        client.authorities = authority.authorities
        client.ownIdentity = TLSOwnIdentity(
            certificate: Array(try Data(contentsOf: URL(filePath: authority.path("client.pem")))),
            key: Secret(try String(contentsOfFile: authority.path("client.key"), encoding: .utf8)))
        let pair = TLSPair(client: try .client(client), server: try .server(server, tickets: TLSTickets()))
        #expect(pair.client.peerPublicKey == nil)
        pair.shakeHands()
        #expect(pair.server.isDone && pair.server.hasPeerCertificate)
        // A SubjectPublicKeyInfo on P-256 ends in a point of 65 bytes.
        #expect(pair.server.peerPublicKey?.count == 91)
        #expect(pair.server.peerPublicKey != pair.client.peerPublicKey)
        client.ownIdentity?.key = Secret("none")
        #expect(throws: TLSError.noKey(file: "our key")) { try TLSContext.client(client) }
    }
}
