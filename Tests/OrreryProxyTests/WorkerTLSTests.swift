import OrreryWire
import Testing

@testable import OrreryProxy

/// Clients that speak TLS.
struct WorkerTLSTests {
    private let secure: SecureRig
    private var rig: Rig { secure.rig }

    init() throws { secure = try SecureRig() }

    /// What a body of `count` bytes looks like, so that a mixed-up order is seen.
    private static func body(_ count: Int) -> String {
        String((0..<count).map { Character(UnicodeScalar(UInt8(97 + $0 / 7 % 26))) })
    }

    @Test(arguments: [1, 50, Int.max]) func aRequestIsRelayedHoweverItsBytesCome(_ portion: Int) throws {
        let client = secure.client(portion: portion)
        #expect(client.isDone)
        client.send(Sample.get, portion: portion)
        let forwarded = Sample.forwarded.replacing("X-Forwarded-Proto: http\r\n", with: "X-Forwarded-Proto: https\r\n")
        #expect(rig.kernel.sent(try rig.upstream()) == forwarded)
        rig.send(try rig.upstream(), Sample.ok)
        client.run()
        #expect(client.read() == Sample.answered)
        // And another one.
        client.send(Sample.get, portion: portion)
        rig.send(try rig.upstream(), Sample.ok)
        client.run()
        #expect(client.read() == Sample.answered)
        #expect(rig.heldBuffers == 0 && rig.connections == 2)
    }

    @Test func theUsualPortIsThatOfHTTPS() throws {
        let client = secure.client()
        client.send("GET / HTTP/1.1\r\nHost: hub\r\n\r\n")
        #expect(rig.kernel.sent(try rig.upstream()).contains("X-Forwarded-Port: 443\r\n"))
    }

    @Test func aRequestThatComesWithTheEndOfTheHandshakeIsServed() throws {
        let client = SecurePeer(rig, client: secure.trust)
        // Nothing is carried to the worker but the greeting; then all that follows in one piece.
        client.runOnce()
        client.receiveOnly()
        client.queue(Array(Sample.get.utf8))
        client.run()
        rig.send(try rig.upstream(), Sample.ok)
        client.run()
        #expect(client.read() == Sample.answered)
    }

    @Test(arguments: [(1, 200), (7, 2000), (4096, 300_000), (70_000, 300_000)])
    func anAnswerGoesOutHoweverLittleFits(_ room: Int, _ count: Int) throws {
        let client = secure.client()
        rig.setRoom(client.number, 0)
        client.queue(Array("GET /user/ada/x HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
        client.run()
        let body = Self.body(count)
        rig.send(try rig.upstream(), "HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n\(body)")
        var turns = 0
        while client.readCount < count, turns < 1_000_000 {
            rig.setRoom(client.number, room)
            client.run()
            turns += 1
        }
        #expect(client.read().hasSuffix(body))
        #expect(rig.heldBuffers == 0)
    }

    @Test func anUploadIsRelayed() throws {
        let client = secure.client()
        let body = Self.body(200_000)
        client.send("PUT /user/ada/f HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n" + body, portion: 30_000)
        #expect(rig.kernel.sent(try rig.upstream()).hasSuffix(body))
    }

    @Test func plainHTTPIsToldSo() {
        let client = rig.client()
        rig.send(client, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        let answer = rig.kernel.sent(client)
        #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n") && answer.contains("https://"))
        rig.end(client)
        #expect(rig.connections == 0)
    }

    @Test func nonsenseIsAnsweredWithAnAlertAndClosed() {
        let client = rig.client()
        rig.kernel.feed(client, [22, 3, 1, 0, 5, 1, 2, 3, 4, 5])
        rig.turn()
        #expect(!rig.kernel.isOpen(client) && rig.kernel.sentBytes(client).first == 21)
    }

    // MARK: Ends

    @Test func anIdleConnectionIsEndedInOrder() {
        let client = secure.client()
        rig.pass(.seconds(76))
        #expect(!rig.kernel.isOpen(client.number))
        client.takeLast()
        #expect(client.hasEnded)
    }

    @Test func anAnswerThatBreaksOffDoesNotLookWhole() throws {
        let client = secure.client()
        client.send("GET /user/ada/ HTTP/1.0\r\n\r\n")
        rig.send(try rig.upstream(), "HTTP/1.1 200 OK\r\n\r\nhalf")
        client.run()
        rig.fail(try rig.upstream())
        #expect(!rig.kernel.isOpen(client.number))
        client.takeLast()
        #expect(!client.hasEnded && rig.kernel.closed.last?.socket.isReset == true)
    }

    @Test func aClientThatSaysGoodbyeIsGone() {
        let client = secure.client()
        client.end()
        #expect(rig.connections == 0)
    }

    @Test func aTunnelEndsOneHalfAfterTheOther() throws {
        let client = secure.client()
        client.send(Sample.upgrade)
        rig.send(try rig.upstream(), Sample.switching + "first")
        client.run()
        #expect(client.read().hasSuffix("\r\n\r\nfirst"))
        client.send("question")
        _ = rig.kernel.sent(try rig.upstream())
        rig.send(try rig.upstream(), "answer")
        rig.end(try rig.upstream())
        client.run()
        #expect(client.read() == "answer" && client.hasEnded)
        client.send("last words")
        #expect(rig.kernel.sent(try rig.upstream()) == "last words")
        client.end()
        #expect(rig.connections == 0)
    }

    @Test func newKeysWhileAnAnswerWaitsComeBehindIt() throws {
        let client = secure.client()
        client.send(Sample.upgrade)
        rig.send(try rig.upstream(), Sample.switching)
        client.run()
        _ = client.read()
        rig.setRoom(client.number, 10)
        rig.send(try rig.upstream(), "a long message")
        client.changeKeys()
        client.run()
        rig.setRoom(client.number, .max)
        rig.send(try rig.upstream(), " and another")
        client.run()
        #expect(client.read() == "a long message and another")
    }

    @Test func askingForNewKeysForEverWithoutReadingEnds() throws {
        let client = secure.client()
        client.send("PUT /user/ada/f HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n")
        rig.setRoom(client.number, 0)
        for _ in 0..<40 where rig.kernel.isOpen(client.number) {
            for _ in 0..<500 { client.changeKeys() }
            client.run()
        }
        #expect(!rig.kernel.isOpen(client.number))
    }

    // MARK: Limits

    @Test func aHandshakeMustNotTakeLong() {
        let silent = rig.client()
        let slow = SecurePeer(rig, client: secure.trust)
        slow.run(portion: 1)
        rig.pass(.seconds(11))
        #expect(!rig.kernel.isOpen(silent) && rig.kernel.isOpen(slow.number))
    }

    @Test func manyHandshakesAtOnceAreDoneAFewInATurn() throws {
        let clients = (0..<50).map { _ in SecurePeer(rig, client: secure.trust) }
        for client in clients { client.queueGreeting() }
        rig.turnOnce()
        let answered = clients.count { rig.kernel.sockets[$0.number]?.outgoing.isEmpty == false }
        #expect(answered == 2)
        rig.turn()
        for client in clients { client.run() }
        #expect(clients.count { $0.isDone } == 50)
        #expect(rig.connections == 50)
    }

    @Test func tooManyHandshakesGiveUpTheSlowest() throws {
        var limits = ProxyLimits()
        limits.handshakes = 2
        let secure = try SecureRig(limits: limits)
        let rig = secure.rig
        let done = secure.client()
        let silent = (0..<3).map { _ in rig.client() }
        #expect(!rig.kernel.isOpen(silent[0]) && rig.kernel.isOpen(silent[1]) && rig.kernel.isOpen(silent[2]))
        let last = secure.client()
        #expect(last.isDone && !rig.kernel.isOpen(silent[1]) && rig.kernel.isOpen(done.number))
    }

    // MARK: Reload

    @Test func aReloadIsForNewConnections() throws {
        let old = secure.client()
        // The same names from another authority.
        let other = try TestAuthority("other")
        try other.issue("server", .init(names: "DNS:localhost"))
        try secure.authority.replace("server", from: other)
        try rig.shared.tls.reload()
        rig.heed()
        let distrustful = secure.client()
        #expect(distrustful.failure?.kind == .untrusted)
        let new = SecurePeer(rig, client: try SecureRig.trust(other))
        new.run()
        #expect(new.isDone)
        old.send(Sample.get)
        rig.send(try rig.upstream(), Sample.ok)
        old.run()
        #expect(old.read() == Sample.answered)
    }

    @Test func aReloadOfBadFilesChangesNothing() throws {
        try secure.authority.replace("server", with: "nonsense")
        #expect(
            throws: ProxyError.badTLS(option: "--ssl-cert", .noCertificate(file: secure.authority.path("server.pem")))
        ) {
            try rig.shared.tls.reload()
        }
        rig.heed()
        #expect(secure.client().isDone)
    }
}
