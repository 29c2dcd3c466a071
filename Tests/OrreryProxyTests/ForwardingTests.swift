import OrreryWire
import Testing

@testable import OrreryProxy

/// What options of forwarding make of requests and answers.
struct ForwardingTests {
    /// Route, its target, the request's address, what the target is asked for; then the same with options.
    struct Case: Sendable {
        let route: String
        let target: String
        let sent: String
        let received: String
        var prependsPath = true
        var includesPrefix = true
    }

    @Test(arguments: [
        Case(
            route: "/bar", target: "http://10.0.0.9/foo", sent: "/bar/rest?query=foo",
            received: "/foo/bar/rest?query=foo"),
        Case(route: "/bar", target: "http://10.0.0.9/foo/", sent: "/bar", received: "/foo/bar"),
        Case(
            route: "/b@r/b r", target: "http://10.0.0.9/foo", sent: "/b%40r/b%20r/it", received: "/foo/b%40r/b%20r/it"),
        Case(route: "/bar", target: "http://10.0.0.9/foo", sent: "/bar/it", received: "/bar/it", prependsPath: false),
        Case(route: "/bar", target: "http://10.0.0.9/foo", sent: "/bar/it", received: "/foo/it", includesPrefix: false),
        Case(
            route: "/b@r", target: "http://10.0.0.9/foo", sent: "/b%40r/it", received: "/foo/it", includesPrefix: false),
        Case(route: "/bar", target: "http://10.0.0.9/foo", sent: "/bar", received: "/foo", includesPrefix: false),
        Case(route: "/bar", target: "http://10.0.0.9/foo", sent: "/bar/", received: "/foo/", includesPrefix: false),
        Case(route: "/bar", target: "http://10.0.0.9", sent: "/bar?x", received: "/?x", includesPrefix: false),
        Case(
            route: "/a/b", target: "http://10.0.0.9/foo", sent: "/a/b//c?d", received: "//c?d", prependsPath: false,
            includesPrefix: false),
        Case(route: "/", target: "http://10.0.0.9/foo", sent: "/x", received: "/foo/x", includesPrefix: false),
        Case(route: "/", target: "http://10.0.0.9/foo", sent: "http://h", received: "/foo/"),
        Case(route: "/t", target: "http://10.0.0.9/base?x", sent: "/t/x?y", received: "/base/t/x?x&y"),
        Case(route: "/t", target: "http://10.0.0.9?x=1", sent: "/t", received: "/t?x=1"),
        Case(route: "/t", target: "http://10.0.0.9/?x=1", sent: "/t?", received: "/t?x=1"),
    ])
    func pathsAreJoined(_ item: Case) throws {
        let rig = try Rig(routes: [item.route: item.target]) {
            $0.prependsPath = item.prependsPath
            $0.includesPrefix = item.includesPrefix
        }
        rig.send(rig.client(), "GET \(item.sent) HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(rig.kernel.sent(try rig.upstream()).hasPrefix("GET \(item.received) HTTP/1.1\r\n"))
    }

    @Test func forwardedFieldsMayBeLeftAsTheyCame() throws {
        let rig = try Rig { $0.xForward = false }
        rig.send(rig.client(), "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n")
        #expect(
            rig.kernel.sent(try rig.upstream())
                == "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.2.3.4\r\nVia: 1.1 orrery-proxy\r\n\r\n")
    }

    @Test(arguments: [
        ("http://10.0.0.9:8888", "10.0.0.9:8888"), ("http://10.0.0.9", "10.0.0.9"), ("http://10.0.0.9:80", "10.0.0.9"),
        ("http://[::1]:81", "[::1]:81"),
    ])
    func theTargetsHostMayBeSaid(_ target: String, _ host: String) throws {
        let rig = try Rig(routes: ["/": target]) { $0.changesOrigin = true }
        rig.send(rig.client(), "GET / HTTP/1.1\r\nHost: public:8000\r\n\r\n")
        let sent = rig.kernel.sent(try rig.upstream())
        #expect(sent.contains("\r\nHost: \(host)\r\n") && !sent.contains("\r\nHost: public"))
        #expect(sent.contains("X-Forwarded-Host: public:8000\r\n"))
    }

    @Test func customFieldsReplaceTheClients() throws {
        let rig = try Rig {
            $0.customHeaders = Self.fields(
                "k1: v1", "HOST: other", "x-forwarded-for: none", "Cookie: c=1", "K1: v2", "X-L[: no")
        }
        rig.send(
            rig.client(),
            "GET / HTTP/1.1\r\nhost: h:1\r\nk1: old\r\nk12: kept\r\nX-Forwarded-For: 9.9.9.9\r\nCookie: a=b\r\n\r\n")
        #expect(
            rig.kernel.sent(try rig.upstream())
                == "GET / HTTP/1.1\r\nk12: kept\r\nCookie: c=1\r\nHOST: other\r\nK1: v2\r\nx-forwarded-for: none\r\n"
                + "X-Forwarded-Proto: http\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Host: h:1\r\nVia: 1.1 orrery-proxy\r\n\r\n"
        )
    }

    @Test func customFieldsDoNotUndoWhatEndsHere() throws {
        let rig = try Rig { $0.customHeaders = Self.fields("X-Extra: 1") }
        rig.send(rig.client(), Sample.get)
        let sent = rig.kernel.sent(try rig.upstream())
        #expect(
            sent
                == Sample.forwarded.replacing(
                    "X-Forwarded-For", with: "X-Extra: 1\r\nX-Forwarded-For", maxReplacements: 1))
    }

    /// Of an answer of `http://10.0.0.2:8888` to a request to `public:8000`.
    @Test(
        arguments: [
            ("https://10.0.0.2:8888/x?y#z", "https://public:8000/x?y#z", true, nil),
            ("http://10.0.0.2:8888", "http://public:8000", true, nil), ("http://10.0.0.2:8889/", nil, true, nil),
            ("http://10.0.0.2/", nil, true, nil), ("/relative", nil, true, nil), ("//10.0.0.2:8888/", nil, true, nil),
            ("HTTP://10.0.0.2:8888/x", "http://public:8000/x", true, nil), ("http://a@10.0.0.2:8888/", nil, true, nil),
            ("http://10.0.0.2:8888/x", "https://10.0.0.2:8888/x", false, "https"),
            ("http://10.0.0.2:8888/x", "https://public:8000/x", true, "https"),
            ("http://elsewhere/x", nil, true, "https"), ("http://10.0.0.2:8888/x", nil, false, nil),
        ] as [(String, String?, Bool, String?)])
    func redirectsToTheTargetLeadToUs(_ given: String, _ rewritten: String?, _ auto: Bool, _ scheme: String?) throws {
        for status in [201, 301, 302, 307, 308, 303, 200] {
            let rig = try Rig {
                $0.autoRewrite = auto
                $0.protocolRewrite = scheme
            }
            let client = rig.client()
            rig.send(client, "GET /user/ada HTTP/1.1\r\nHost: public:8000\r\n\r\n")
            rig.send(
                try rig.upstream(),
                "HTTP/1.1 \(status) X\r\nDate: n\r\nlocation:  \(given) \r\nA: b\r\nContent-Length: 0\r\n\r\n")
            let isRedirect = ![303, 200].contains(status)
            let line = isRedirect ? rewritten.map { "Location: \($0)" } : nil
            #expect(
                rig.kernel.sent(client)
                    == "HTTP/1.1 \(status) X\r\nDate: n\r\n\(line ?? "location:  \(given) ")\r\nA: b\r\nContent-Length: 0\r\n\r\n"
            )
        }
    }

    @Test func aRedirectIsReadWithItsOwnRequest() throws {
        let rig = try Rig { $0.autoRewrite = true }
        let client = rig.client()
        for host in ["one", "two"] {
            rig.send(client, "GET /user/ada HTTP/1.1\r\nHost: \(host)\r\n\r\n")
            rig.send(
                try rig.upstream(),
                "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.2:8888/\r\nContent-Length: 0\r\n\r\n")
            #expect(rig.kernel.sent(client).contains("Location: http://\(host)/\r\n"))
        }
    }

    /// Whatever of the path was added or taken away for the target.
    @Test func theErrorPageIsAskedForWithTheClientsAddress() throws {
        let rig = try Rig(
            routes: ["/": "http://10.0.0.1:1", "/user/ada": "http://10.0.0.2:8888/base?q"],
            errorTarget: "http://10.0.0.1:1/error"
        ) { $0.includesPrefix = false }
        let client = rig.client()
        rig.kernel.failures = 1
        rig.send(client, "GET /user/ada/x?y=1 HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(
            rig.kernel.sent(try rig.upstream()).hasPrefix("GET /error/503?url=%2Fuser%2Fada%2Fx%3Fy%3D1 HTTP/1.1\r\n"))
    }

    private static func fields(_ texts: String...) -> [CustomHeader] {
        texts.compactMap { if case .field(let field) = CustomHeader.read($0) { field } else { nil } }
    }
}
