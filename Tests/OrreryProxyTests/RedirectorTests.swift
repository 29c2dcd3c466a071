import Testing

@testable import OrreryProxy

/// Plain HTTP where there is https.
struct RedirectorTests {
    @Test(arguments: [
        ("hub.example.org", "/x/y?z", 8443, "https://hub.example.org:8443/x/y?z"),
        ("hub.example.org:8000", "/", 443, "https://hub.example.org/"), ("[::1]:80", "/", 8443, "https://[::1]:8443/"),
        ("[::1]", "/", 443, "https://[::1]/"), ("h", "//other/x", 443, "https://h//other/x"),
        ("h", "*", 443, "https://h/"),
    ])
    func everythingIsSentToHttps(_ host: String, _ url: String, _ port: UInt16, _ location: String) {
        let parts = url.split(separator: "?", maxSplits: 1)
        let query = parts.count == 2 ? "?\(parts[1])" : ""
        for method in ["GET", "POST", "HEAD"] {
            var request = ControlInterface.Request(method: method, path: String(parts[0]), query: query)
            request.host = host
            let answer = Redirector(port: port).refusal(of: request)
            #expect(answer?.status == 301 && answer?.lines == ["Location: \(location)"])
        }
    }

    @Test func whoSaysNoHostCannotBeSentAnywhere() {
        #expect(Redirector(port: 443).answer(.init(method: "GET", path: "/")).status == 400)
    }

    @Test func itListensWhereItIsTold() throws {
        let proxy = try RunningProxy { $0.redirect = .init(listener: .init(host: "127.0.0.1", port: 0)) }
        let stream = try Stream(port: try #require(proxy.server.redirectPort))
        stream.send("POST /x?y HTTP/1.1\r\nHost: h:80\r\nContent-Length: 5\r\n\r\nhello")
        stream.send("GET /z HTTP/1.1\r\nHost: h:80\r\n\r\n")
        let first = stream.answer().head
        #expect(first.hasPrefix("HTTP/1.1 301 Moved Permanently\r\n"))
        #expect(first.contains("Location: https://h:\(proxy.server.port)/x?y\r\n"))
        #expect(stream.answer().head.contains("Location: https://h:\(proxy.server.port)/z\r\n"))
        stream.send("GET / HTTP/1.1\r\n\r\n")
        #expect(stream.answer().head.hasPrefix("HTTP/1.1 400 "))
    }
}
