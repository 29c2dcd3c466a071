import OrreryModel
import Testing

@testable import OrreryProxy

/// Connections to the REST interface, over real sockets: what a hub may send, and what somebody else might.
struct ControlConnectionTests {
    private let proxy: RunningProxy

    init() throws { proxy = try RunningProxy(workers: 1) { $0.token = Secret("sesame") } }

    @Test func requestsMayFollowEachOtherWithoutWaiting() throws {
        let stream = try Stream(port: proxy.server.apiPort)
        let body = #"{"target":"http://127.0.0.1:1"}"#
        let post = Self.request("POST", "/api/routes/a", body)
        stream.send(post + Self.request("GET", "/api/routes/a") + Self.request("DELETE", "/api/routes/a"))
        #expect(stream.answer().head.hasPrefix("HTTP/1.1 201 Created\r\nDate: "))
        let read = stream.answer()
        #expect(
            read.head.contains("Connection: keep-alive\r\n") && read.body.contains(#""target":"http://127.0.0.1:1""#))
        #expect(stream.answer().head.hasPrefix("HTTP/1.1 204 "))
        stream.send("HEAD /api/routes HTTP/1.1\r\nHost: a\r\nAuthorization: token sesame\r\n\r\n")
        let head = stream.receive(through: "\r\n\r\n")
        #expect(head.hasPrefix("HTTP/1.1 405 ") && head.contains("Allow: GET, POST, DELETE\r\n"))
        stream.send(Self.request("GET", "/api/routes"))
        #expect(stream.answer().body == "{}", "the answer to HEAD had a body")
    }

    @Test func aRequestMayComeInPieces() throws {
        let stream = try Stream(port: proxy.server.apiPort)
        let body = #"{"target":"http://127.0.0.1:1"}"#
        for byte in Self.request("POST", "/api/routes/a", body).utf8 { stream.send([byte]) }
        #expect(stream.answer().head.hasPrefix("HTTP/1.1 201 "))
        stream.send(Self.head("POST", "/api/routes/a", "Transfer-Encoding: chunked") + "1f;x=y\r\n\(body)\r\n")
        stream.send("0\r\n\r\n")
        #expect(stream.answer().head.hasPrefix("HTTP/1.1 201 "))
    }

    @Test func whoAsksWhetherToSendIsTold() throws {
        let stream = try Stream(port: proxy.server.apiPort)
        let body = #"{"target":"http://127.0.0.1:1"}"#
        let fields = "Content-Length: \(body.utf8.count)\r\nExpect: 100-continue"
        stream.send(Self.head("POST", "/api/routes/a", fields))
        #expect(stream.receive(through: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        stream.send(body)
        #expect(stream.answer().head.hasPrefix("HTTP/1.1 201 "))
        stream.send(Self.head("PUT", "/api/routes/a", fields))
        #expect(stream.answer().head.hasPrefix("HTTP/1.1 405 "))
        #expect(stream.receive() == [], "the body that was not sent would be taken for a request")
    }

    /// Before anything of the body is looked at or kept.
    @Test func aStrangersBodyIsNotRead() throws {
        let stream = try Stream(port: proxy.server.apiPort)
        let fields = "Host: a\r\nContent-Length: 9\r\n\r\n"
        stream.send("POST /api/routes/a HTTP/1.1\r\n\(fields){not json")
        let answer = stream.answer()
        #expect(answer.head.hasPrefix("HTTP/1.1 403 ") && answer.body.isEmpty)
        stream.send(Self.request("GET", "/api/routes"))
        #expect(stream.answer().head.hasPrefix("HTTP/1.1 200 "), "its body was taken for a request")
    }

    @Test(arguments: [
        ("Content-Length: 9999999\r\n\r\n", 413), ("Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
        ("Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400), ("Transfer-Encoding: chunked\r\n\r\nfffff9\r\n", 413),
    ])
    func whatIsTooLargeOrBrokenEndsTheConnection(_ rest: String, _ status: Int) throws {
        let stream = try Stream(port: proxy.server.apiPort)
        stream.send("POST /api/routes/a HTTP/1.1\r\nHost: a\r\nAuthorization: token sesame\r\n" + rest)
        let filler = [UInt8](repeating: 97, count: 1 << 20)
        stream.send(filler)
        stream.send(filler)
        let head = stream.receive(through: "\r\n\r\n")
        #expect(head.hasPrefix("HTTP/1.1 \(status) ") && head.contains("Connection: close\r\n"))
    }

    private static func head(_ method: String, _ path: String, _ fields: String) -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: a\r\nAuthorization: token sesame\r\n\(fields)\r\n\r\n"
    }

    private static func request(_ method: String, _ path: String, _ body: String = "") -> String {
        head(method, path, "Content-Length: \(body.utf8.count)") + body
    }
}
