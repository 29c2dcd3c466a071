import COpenSSL
import OrreryWire
import Testing

@testable import OrreryProxy

/// Targets that are spoken to in TLS.
struct WorkerUpstreamTLSTests {
    private let authority: TestAuthority
    private let rig: Rig
    private let log: KeptLog

    init() throws {
        authority = try TestAuthority()
        try authority.issue("server", .init(names: "IP:10.0.0.3"))
        try authority.issue("client", .init(commonName: "proxy"))
        var trusting = TLSClientConfiguration()
        trusting.authorities = authority.authorities
        trusting.identity = TLSIdentity(
            certificate: authority.path("client.pem"), key: authority.path("client.key"))
        log = try KeptLog()
        rig = try Rig(
            routes: ["/": "https://10.0.0.3:8443", "/stranger": "https://10.0.0.4:8443"], clientTLS: trusting,
            log: log.output)
    }

    /// The server to which a connection was made last, before it has heard anything.
    private func server(asksForClient: Bool = false) throws -> SecurePeer {
        var configuration = SecureRig.configuration(authority)
        if asksForClient {
            configuration.clientCertificates = .required
            configuration.clientAuthorities = authority.authorities
        }
        return SecurePeer(
            rig, server: try .server(configuration, tickets: TLSTickets()), on: try rig.upstream())
    }

    /// A client that has asked, and the server that has been asked.
    private func asked(_ request: String = "GET / HTTP/1.1\r\nHost: h\r\n\r\n") throws -> (CInt, SecurePeer) {
        let client = rig.client()
        rig.send(client, request)
        let server = try server()
        server.run()
        return (client, server)
    }

    @Test(arguments: [1, 100, Int.max]) func aRequestIsSentOnceTheServerIsKnown(_ portion: Int) throws {
        rig.kernel.connecting = .later
        let client = rig.client()
        rig.send(client, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(rig.kernel.sentBytes(try rig.upstream()).isEmpty)
        rig.kernel.establish(try rig.upstream())
        rig.turn()
        let server = try server()
        server.run(portion: portion)
        #expect(server.isDone)
        #expect(server.read().hasPrefix("GET /x HTTP/1.1\r\nHost: h\r\nX-Forwarded-For"))
        server.send(Sample.ok, portion: portion)
        #expect(rig.kernel.sent(client).hasSuffix("\r\n\r\nok"))
    }

    @Test func aKeptConnectionServesTheNextRequest() throws {
        let (client, server) = try asked()
        server.send(Sample.ok)
        _ = rig.kernel.sent(client)
        rig.send(client, "GET /again HTTP/1.1\r\nHost: h\r\n\r\n")
        server.run()
        #expect(rig.kernel.connected.count == 1 && server.read().contains("GET /again "))
        server.send(Sample.ok)
        #expect(rig.kernel.sent(client).hasSuffix("\r\n\r\nok"))
    }

    @Test func aBodyFollowsTheHandshake() throws {
        let body = String(repeating: "0123456789", count: 20_000)
        let client = rig.client()
        rig.send(client, "PUT /f HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n" + body.prefix(50_000))
        let server = try server()
        server.run()
        rig.send(client, String(body.dropFirst(50_000)))
        server.run()
        #expect(server.read().hasSuffix("\r\n\r\n" + body))
    }

    @Test func whatServersSayOfThemselvesIsChecked() throws {
        let client = rig.client()
        rig.send(client, "GET /stranger HTTP/1.1\r\nHost: h\r\n\r\n")
        let server = try server()
        server.run()
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 502 "))
        #expect(!server.isDone && server.read().isEmpty && !rig.kernel.isOpen(server.number))
        #expect(rig.shared.metrics.value(.failedInsecure) == 1)
        #expect(log.hasError("no TLS with 10.0.0.4", "mismatch"))
    }

    @Test func weShowOurCertificateWhenAsked() throws {
        let client = rig.client()
        rig.send(client, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        let server = try server(asksForClient: true)
        server.run()
        server.send(Sample.ok)
        #expect(rig.kernel.sent(client).hasSuffix("\r\n\r\nok"))
    }

    @Test func aServerWithoutTLSIsABadGateway() throws {
        let client = rig.client()
        rig.send(client, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        rig.send(try rig.upstream(), "HTTP/1.1 400 Bad Request\r\n\r\n")
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 502 "))
        #expect(log.hasError("no TLS with 10.0.0.3"))
    }

    @Test func aServerThatLeavesBeforeItIsKnownIsABadGateway() throws {
        let client = rig.client()
        rig.send(client, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        rig.end(try rig.upstream())
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 502 "))
        #expect(rig.connections == 1)
    }

    @Test func aServerThatNeverProvesItsNameTakesTooLong() throws {
        let client = rig.client()
        rig.send(client, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        rig.pass(.seconds(6))
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 504 "))
    }

    @Test func aClientThatLeavesEndsTheHandshake() throws {
        let client = rig.client()
        rig.send(client, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        rig.fail(client)
        #expect(rig.connections == 0)
    }

    // MARK: Ends

    @Test func anEndWithoutAWordIsACut() throws {
        let (client, server) = try asked()
        server.send("HTTP/1.1 200 OK\r\n\r\nall of it")
        rig.end(server.number)
        // The last chunk never came.
        #expect(rig.kernel.sent(client).hasSuffix("9\r\nall of it\r\n"))
        #expect(!rig.kernel.isOpen(client))
    }

    @Test func anEndInOrderIsOne() throws {
        let (client, server) = try asked()
        server.send("HTTP/1.1 200 OK\r\n\r\nall of it")
        server.end()
        #expect(rig.kernel.sent(client).hasSuffix("9\r\nall of it\r\n0\r\n\r\n"))
        #expect(rig.kernel.isOpen(client))
    }

    @Test func aTunnelMayEndWithoutAWord() throws {
        let (client, server) = try asked(
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        server.send(Sample.switching + "hello")
        rig.end(server.number)
        #expect(rig.kernel.sent(client).hasSuffix("\r\n\r\nhello"))
        #expect(rig.kernel.sockets[client]?.isShutDown == true)
        rig.send(client, "bye")
        _ = server.read()
        server.run()
        #expect(server.read() == "bye")
        rig.end(client)
        #expect(rig.connections == 0)
    }

    @Test func aKeptConnectionThatHasDiedIsMadeAnew() throws {
        let (client, server) = try asked()
        server.send(Sample.ok)
        _ = rig.kernel.sent(client)
        rig.send(client, "GET /again HTTP/1.1\r\nHost: h\r\n\r\n")
        // It goes under the request.
        rig.end(server.number)
        #expect(rig.kernel.connected.count == 2)
        let second = try self.server()
        second.run()
        #expect(second.isDone && second.read().contains("GET /again "))
        second.send(Sample.ok)
        #expect(rig.kernel.sent(client).hasSuffix("\r\n\r\nok"))
    }

    @Test func aKeptConnectionMayBeGivenATicket() throws {
        let (client, server) = try asked()
        server.send(Sample.ok)
        _ = rig.kernel.sent(client)
        server.giveTicket()
        #expect(rig.kernel.isOpen(server.number))
        server.send("HTTP/1.1 200 OK\r\n\r\n")
        // An answer that nobody asked for.
        #expect(!rig.kernel.isOpen(server.number))
    }

    @Test func aKeptConnectionThatSaysGoodbyeIsClosed() throws {
        let (client, server) = try asked()
        server.send(Sample.ok)
        _ = rig.kernel.sent(client)
        server.end()
        #expect(!rig.kernel.isOpen(server.number))
    }
}
