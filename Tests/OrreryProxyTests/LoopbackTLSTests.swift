import OrreryModel
import OrreryWire
import Synchronization
import Testing

@testable import OrreryProxy

/// The whole proxy over real sockets in TLS.
struct LoopbackTLSTests {
    private let authority: TestAuthority
    private let trust: TLSContext

    init() throws {
        authority = try TestAuthority()
        try authority.issue("server", .init(names: "DNS:localhost,IP:127.0.0.1"))
        try authority.issue("client", .init(commonName: "hub"))
        trust = try SecureRig.trust(authority)
    }

    /// What knows itself to the REST interface.
    private func known() throws -> TLSContext {
        var configuration = TLSClientConfiguration()
        configuration.authorities = authority.authorities
        configuration.identity = TLSIdentity(
            certificate: authority.path("client.pem"), key: authority.path("client.key"))
        return try .client(configuration)
    }

    /// Answers every request with its first line; a request to `/ws` with every byte that follows.
    @Sendable private static func serve(_ stream: Stream) {
        while true {
            let head = stream.receive(through: "\r\n\r\n")
            guard let line = head.split(separator: "\r\n").first else { return }
            if head.contains("\r\nUpgrade:") {
                stream.send(Sample.switching)
                while let bytes = stream.receive(), !bytes.isEmpty { stream.send(bytes) }
                return
            }
            stream.send("HTTP/1.1 200 OK\r\nContent-Length: \(line.utf8.count)\r\n\r\n\(line)")
        }
    }

    private func proxy(_ origin: Origin, log: ProxyLog.Output = .standardError) throws -> RunningProxy {
        try RunningProxy(defaultPort: origin.port) { configuration in
            configuration.tls = SecureRig.configuration(authority)
            configuration.logOutput = log
        }
    }

    @Test func requestsAndTunnelsGoThroughTLS() throws {
        let origin = try Origin(Self.serve)
        let proxy = try proxy(origin)
        let client = try SecureStream(port: proxy.server.port, trust)
        for number in 0..<50 {
            client.send("GET /\(number) HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.answer().body == "GET /\(number) HTTP/1.1")
        }
        client.send("GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        #expect(client.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
        for number in 0..<50 {
            let message = String(repeating: "\(number),", count: 5000)
            client.send(message + "\n")
            #expect(client.receive(through: "\n") == message + "\n")
        }
    }

    @Test func aReloadDropsNobody() throws {
        let origin = try Origin(Self.serve)
        let log = try KeptLog()
        let proxy = try proxy(origin, log: log.output)
        let wrong = Atomic<Int>(0)
        let connected = Atomic<Int>(0)
        let isOver = Atomic<Bool>(false)
        let port = proxy.server.port
        let busy = (0..<4).map { _ in
            LoopThread { [trust] in
                guard let client = try? SecureStream(port: port, trust) else { return }
                connected.add(1, ordering: .relaxed)
                repeat {
                    client.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
                    if client.answer().body != "GET /x HTTP/1.1" { wrong.add(1, ordering: .relaxed) }
                } while !isOver.load(ordering: .relaxed)
            }
        }
        #expect(eventually { connected.load(ordering: .relaxed) == 4 })
        // From now on another authority's certificate is shown, whom `trust` does not know.
        let other = try TestAuthority("other")
        try other.issue("server", .init(names: "DNS:localhost"))
        try authority.replace("server", from: other)
        proxy.server.reload()
        let newTrust = try SecureRig.trust(other)
        #expect(eventually { (try? SecureStream(port: port, newTrust))?.isDone == true })
        // A bad file changes nothing.
        try authority.replace("server", with: "nonsense")
        proxy.server.reload()
        #expect(log.hasError("the certificates stay as they are", "server.pem holds no certificate"))
        #expect(try SecureStream(port: port, newTrust).isDone)
        isOver.store(true, ordering: .relaxed)
        for thread in busy { thread.join() }
        #expect(wrong.load(ordering: .relaxed) == 0)
    }

    @Test func aStopEndsConnectionsInOrder() throws {
        let origin = try Origin(Self.serve)
        let proxy = try proxy(origin)
        let client = try SecureStream(port: proxy.server.port, trust)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.answer().head.hasPrefix("HTTP/1.1 200 "))
        proxy.server.stop()
        #expect(client.endsInOrder())
    }

    @Test func httpsTargetsAreReached() throws {
        let origin = try Origin(Self.serve)
        let inner = try proxy(origin)
        let proxy = try RunningProxy { configuration in
            var client = TLSClientConfiguration()
            client.authorities = authority.authorities
            configuration.clientTLS = client
        }
        let target = #"{"target":"https://127.0.0.1:\#(inner.server.port)"}"#
        #expect(try proxy.api("POST", "/api/routes/", target) == 201)
        let client = try proxy.client()
        for number in 0..<20 {
            client.send("GET /\(number) HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.answer().body == "GET /\(number) HTTP/1.1")
        }
        // With the system's authorities alone it is not believed.
        let log = try KeptLog()
        let strict = try RunningProxy { $0.logOutput = log.output }
        #expect(try strict.api("POST", "/api/routes/", target) == 201)
        let distrustful = try strict.client()
        distrustful.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(distrustful.answer().head.hasPrefix("HTTP/1.1 502 "))
        #expect(log.hasError("no TLS with 127.0.0.1", "issuer"))
    }

    // MARK: REST interface

    private func guarded() throws -> RunningProxy {
        try RunningProxy { configuration in
            var tls = SecureRig.configuration(authority)
            tls.clientCertificates = .required
            tls.clientAuthorities = authority.authorities
            configuration.apiTLS = tls
        }
    }

    @Test func theRESTInterfaceKnowsItsUsers() throws {
        let proxy = try guarded()
        let hub = try SecureStream(port: proxy.server.apiPort, try known())
        // More than one record, and more than the kernel takes at once.
        let padding = String(repeating: "x", count: 40_000)
        for number in 0..<40 {
            let body = #"{"target":"http://127.0.0.1:1","padding":"\#(padding)"}"#
            hub.send(
                "POST /api/routes/\(number) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(hub.answer().head.hasPrefix("HTTP/1.1 201 "))
        }
        hub.send("GET /api/routes HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        let answer = hub.answer()
        #expect(answer.head.hasPrefix("HTTP/1.1 200 ") && answer.body.utf8.count > 1_600_000)
        #expect(hub.endsInOrder())
    }

    @Test func strangersDoNotGetToTheRESTInterface() throws {
        let proxy = try guarded()
        let stranger = try SecureStream(port: proxy.server.apiPort, trust)
        stranger.send("GET /api/routes HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(stranger.answer().head.isEmpty)
        let plain = try Stream(port: proxy.server.apiPort)
        plain.send("GET /api/routes HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(plain.answer().head.hasPrefix("HTTP/1.1 400 "))
        // And those who are known still do.
        let hub = try SecureStream(port: proxy.server.apiPort, try known())
        hub.send("GET /api/routes HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(hub.answer().head.hasPrefix("HTTP/1.1 200 "))
    }

    @Test func aBadCertificateEndsTheStart() throws {
        try authority.replace("server", with: "nonsense")
        #expect(throws: ProxyError.badTLS(option: "--ssl-cert", .noCertificate(file: authority.path("server.pem")))) {
            var configuration = ProxyConfiguration()
            configuration.tls = SecureRig.configuration(authority)
            _ = try ProxyServer(configuration: configuration)
        }
    }

    @Test(arguments: [
        "--ssl-ca", "--api-ssl-ca", "--client-ssl-ca", "--ssl-key", "--api-ssl-key", "--api-ssl-cert",
        "--client-ssl-cert", "--ssl-dhparam",
    ])
    func aFileThatIsNotThereIsNamedWithItsOption(_ option: String) throws {
        let path = authority.path("absent")
        var configuration = ProxyConfiguration()
        var (server, api) = (SecureRig.configuration(authority), SecureRig.configuration(authority))
        var client = TLSClientConfiguration()
        switch option {
        case "--ssl-ca": server.clientAuthorities = path
        case "--api-ssl-ca": api.clientAuthorities = path
        case "--client-ssl-ca": client.authorities = path
        case "--ssl-key": server.identities[0].key = path
        case "--api-ssl-key": api.identities[0].key = path
        case "--api-ssl-cert": api.identities[0].certificate = path
        case "--client-ssl-cert": client.identity = TLSIdentity(certificate: path, key: path)
        default: api.parameters = path
        }
        (configuration.tls, configuration.apiTLS, configuration.clientTLS) = (server, api, client)
        let error = try #require(throws: ProxyError.self) { _ = try ProxyServer(configuration: configuration) }
        #expect("\(error)" == "\(option): cannot read \(path): No such file or directory")
    }
}
