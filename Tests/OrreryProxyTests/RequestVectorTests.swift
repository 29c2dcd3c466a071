import Testing

@testable import OrreryProxy

/// What of a request goes on, and what ends here.
struct RequestVectorTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let what: String
        let sent: String
        /// Lines that the upstream gets, and lines it must not get, in small letters.
        let has: [String]
        let hasNot: [String]

        init(_ what: String, _ sent: String, has: [String] = [], hasNot: [String] = []) {
            (self.what, self.sent, self.has, self.hasNot) = (what, sent, has, hasNot)
        }

        var testDescription: String { what }
    }

    static let fields: [Vector] = [
        Vector(
            "fields for one hop",
            "Connection: close\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nTE: trailers\r\nTrailer: x\r\nUpgrade: x",
            hasNot: ["connection:", "keep-alive:", "proxy-connection:", "te:", "trailer:", "upgrade:"]),
        Vector(
            "what is meant for a proxy", "Proxy-Authorization: Basic x\r\nProxy-Authenticate: x",
            hasNot: ["proxy-authorization:", "proxy-authenticate:"]),
        Vector(
            "fields that Connection names", "X-A: 1\r\nConnection: x-a, X-b\r\nx-B: 2\r\nX-C: 3", has: ["x-c: 3"],
            hasNot: ["x-a:", "x-b:"]),
        Vector(
            "fields that two Connections name", "Connection: x-a\r\nX-A: 1\r\nX-B: 2\r\nConnection: ,x-b,",
            hasNot: ["x-a:", "x-b:"]),
        Vector(
            "fields that nobody may take away",
            "Connection: close, host, content-length, x-forwarded-for, x-forwarded-proto, x-forwarded-host, cookie, "
                + "authorization, via, origin, date\r\nConnection: expect\r\nCookie: a=b\r\nAuthorization: t\r\n"
                + "Content-Length: 0\r\nX-Forwarded-For: 9.9.9.9\r\nOrigin: o\r\nDate: now\r\nExpect: 100-continue",
            has: [
                "host: h", "cookie: a=b", "authorization: t", "content-length: 0", "origin: o", "date: now",
                "expect: 100-continue",
                "x-forwarded-for: 9.9.9.9,192.0.2.7", "x-forwarded-proto: http", "x-forwarded-host: h",
                "via: 1.1 orrery-proxy",
            ]),
        Vector(
            "underscores",
            "X_Forwarded_For: 6.6.6.6\r\nx_a: 1\r\nX-B_: 2\r\nContent_Length: 5\r\nTransfer_Encoding: chunked\r\nX-C: 3",
            has: ["x-c: 3"], hasNot: ["x_", "x-b_", "content_", "transfer_"]),
        Vector(
            "underscores beside names", "Connection: x-a\r\nX_A: 1\r\nX-A: 2\r\nX-B: 3", has: ["x-b: 3"],
            hasNot: ["x_a", "x-a"]),
        Vector("values as they are", "A:  b\tc  \r\nA: d\r\nB:", has: ["a:  b\tc  ", "a: d", "b:"]),
        Vector(
            "an offer of HTTP/2", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x",
            hasNot: ["upgrade:", "connection:", "http2-settings:"]),
        Vector(
            "an offer of WebSocket",
            "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\nSec-WebSocket-Version: 99",
            has: ["connection: upgrade", "upgrade: websocket", "sec-websocket-key: k", "sec-websocket-version: 99"],
            hasNot: ["keep-alive"]),
        Vector("an offer without a connection option", "Upgrade: websocket", hasNot: ["upgrade"]),
        Vector(
            "what came by other proxies", "Via: 1.0 a\r\nX-Forwarded-Host: i, j",
            has: [
                "via: 1.0 a", "via: 1.1 orrery-proxy", "x-forwarded-host: i, j",
            ]),
    ]

    @Test(arguments: fields)
    func fieldsGoOnOrEndHere(_ vector: Vector) throws {
        let lines = try lines(of: "GET / HTTP/1.1\r\nHost: h\r\n\(vector.sent)\r\n\r\n")
        for line in vector.has { #expect(lines.contains(line), "\(line) of \(lines)") }
        for line in vector.hasNot { #expect(!lines.contains { $0.hasPrefix(line) }, "\(line) in \(lines)") }
    }

    @Test(arguments: [
        ("GET /a?b HTTP/1.1\r\nHost: h", "get /a?b http/1.1"),
        ("GET http://h/a?b HTTP/1.1\r\nHost: h", "get /a?b http/1.1"),
        ("GET HTTPS://H?b HTTP/1.1\r\nHost: h", "get /?b http/1.1"),
        ("GET http://h HTTP/1.1\r\nHost: h", "get / http/1.1"),
        ("GET //h/a HTTP/1.1\r\nHost: h", "get //h/a http/1.1"), ("get / HTTP/1.1\r\nHost: h", "get / http/1.1"),
        ("GET /a HTTP/1.0", "get /a http/1.1"),
    ])
    func theFirstLineIsWrittenAnew(_ head: String, _ line: String) throws {
        #expect(try lines(of: head + "\r\n\r\n").first == line)
    }

    @Test func oldRequestsGoOnAsNewOnes() throws {
        let lines = try lines(
            of:
                "GET / HTTP/1.0\r\nExpect: 100-continue\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"
        )
        #expect(lines.contains("host: 10.0.0.1:8081") && lines.contains("via: 1.0 orrery-proxy"))
        #expect(!lines.contains { $0.hasPrefix("expect") || $0.hasPrefix("upgrade") || $0.hasPrefix("connection") })
    }

    /// Chunks are written anew, and what is in them besides content ends here.
    @Test func extensionsAndTrailersEndHere() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(
            client,
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: X-A\r\n\r\n5;a=b\r\nhello\r\n0;c\r\nX-A: 1\r\n\r\n"
        )
        let sent = rig.kernel.sent(try rig.upstream())
        #expect(sent.hasSuffix("\r\n\r\n5\r\nhello\r\n0\r\n\r\n") && !sent.contains("X-A"))
    }

    @Test(arguments: ["GET", "HEAD", "DELETE", "OPTIONS", "brew"])
    func everyMethodKeepsItsBody(_ method: String) throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, "\(method) / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" + Sample.get)
        let sent = rig.kernel.sent(try rig.upstream())
        #expect(sent.contains("Content-Length: 5\r\n") && sent.hasSuffix("\r\n\r\nhello"))
        #expect(!sent.contains("/user/ada"))
    }

    @Test(arguments: [("TRACE /", 405), ("OPTIONS *", 204), ("GET /_chp_healthz", 200)])
    func someRequestsAreAnsweredHere(_ line: String, _ status: Int) throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, "\(line) HTTP/1.1\r\nHost: h\r\n\r\n")
        let answer = rig.kernel.sent(client)
        #expect(answer.hasPrefix("HTTP/1.1 \(status) ") && rig.kernel.connected.isEmpty && rig.kernel.isOpen(client))
        #expect(answer.contains("Allow: GET") == (status != 200))
        if status == 204 { #expect(!answer.contains("Content-Length") && answer.hasSuffix("\r\n\r\n")) }
        rig.send(client, Sample.get)
        #expect(rig.kernel.connected.count == 1)
    }

    /// What follows may be bytes for the host that it asks for, sent without waiting.
    @Test(arguments: ["/", "h:443", "other.example:22", "[::1]:80", "http://h/"])
    func nobodyIsConnectedThroughAndNothingBehindIsRead(_ target: String) throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, "CONNECT \(target) HTTP/1.1\r\nHost: h\r\n\r\n" + Sample.get)
        let answer = rig.kernel.sent(client)
        #expect(answer.hasPrefix("HTTP/1.1 405 ") && answer.contains("Allow: GET"))
        #expect(answer.contains("Connection: close\r\n") && answer.split(separator: "HTTP/1.1 ").count == 1)
        #expect(rig.kernel.connected.isEmpty && rig.kernel.sockets[client]?.isShutDown == true)
    }

    /// RFC 9110 4.2.3. What goes on is what the client has said in `Host`, which is the same host.
    @Test(arguments: [("http://hub:80/a", "hub"), ("http://hub/a", "hub:80"), ("https://hub:443/a", "hub")])
    func thePortOfTheSchemeMayBeSaidOrNot(_ target: String, _ host: String) throws {
        let lines = try lines(of: "GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        #expect(lines.first == "get /a http/1.1")
        #expect(lines.contains("host: \(host)") && lines.contains("x-forwarded-host: \(host)"))
        #expect(lines.contains("x-forwarded-port: 80"))
    }

    /// Whatever a client can put into a head, what we add to it fits.
    @Test func theLongestHeadsFit() throws {
        for count in stride(from: 1000, through: 32_000, by: 500) {
            let rig = try Rig()
            let client = rig.client()
            let host = String(repeating: "h", count: 1018) + ":65535"
            let path = "/" + String(repeating: "a", count: min(count, 16_000))
            let rest = String(repeating: "b", count: max(0, min(count, 31_400) - 17_300))
            rig.send(client, "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nA: \(rest)\r\n\r\n")
            #expect(try rig.kernel.sent(rig.upstream()).contains("X-Forwarded-Host: \(host)\r\n"))
        }
    }

    private func lines(of request: String) throws -> [String] {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, request)
        let lines = try rig.kernel.sent(rig.upstream()).lowercased().split(separator: "\r\n").map { String($0) }
        return lines
    }
}
