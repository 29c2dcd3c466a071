import Testing

@testable import OrreryProxy

/// The page of the error target, in the corners where it could say something about somebody else.
struct ErrorPageCornerTests {
    private func rig() throws -> Rig { try Rig(errorTarget: "http://10.0.0.9:8081/hub/error") }

    /// What we add to a head can make it more than the parser keeps. Another request is read in between.
    @Test(arguments: [190, 196, 200])
    func aPageIsAskedForTheRightRequest(_ fields: Int) throws {
        let rig = try rig()
        let (client, other) = (rig.client(), rig.client())
        rig.kernel.connecting = .later
        let many = (1..<fields).map { "A\($0): b\r\n" }.joined()
        rig.send(client, "GET /user/ada/mine HTTP/1.1\r\nHost: h\r\n\(many)\r\n")
        let upstream = try rig.upstream()
        rig.send(other, "GET /user/bob/secret HTTP/1.1\r\nHost: h\r\n\r\n")
        rig.kernel.connecting = .atOnce
        rig.fail(upstream, 111)
        #expect(rig.kernel.sent(try rig.upstream()).hasPrefix("GET /hub/error/503?url=%2Fuser%2Fada%2Fmine HTTP/1.1"))
    }

    @Test func aHeadThatGrewTooLargeIsAnsweredPlainly() throws {
        let rig = try rig()
        let (client, other) = (rig.client(), rig.client())
        rig.kernel.connecting = .later
        let cookies = String(repeating: "Cookie: a=b\r\n", count: 23)
        rig.send(client, "GET /user/ada/mine HTTP/1.1\r\nHost: h\r\n\(cookies)\r\n")
        let upstream = try rig.upstream()
        rig.send(other, "GET /user/bob/\(String(repeating: "x", count: 9000)) HTTP/1.1\r\nHost: h\r\n\r\n")
        rig.kernel.connecting = .atOnce
        rig.fail(upstream, 111)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 503 "))
    }

    @Test func aPageIsAskedForEvenIfNoConnectionCouldBeBegun() throws {
        let rig = try rig()
        let client = rig.client()
        rig.kernel.failures = 1
        rig.send(client, Sample.get)
        #expect(rig.kernel.sent(try rig.upstream()).hasPrefix("GET /hub/error/503?url=%2Fuser%2Fada%2Flab HTTP/1.1"))
    }

    /// The content of a page that nobody wanted must not be read as the next answer.
    @Test func theContentOfAPageForHeadAnswersNobodyElse() throws {
        let rig = try rig()
        let client = rig.client()
        rig.kernel.failures = 1
        rig.send(client, "HEAD /user/ada/x HTTP/1.1\r\nHost: h\r\n\r\n")
        let hub = try rig.upstream()
        rig.send(hub, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 30\r\n\r\n")
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 503 "))
        #expect(!rig.kernel.isOpen(hub))
    }

    /// Such an answer has no content and no length that is its own; the error would have no end that anybody could see.
    @Test(arguments: ["204 No Content\r\n", "304 Not Modified\r\nContent-Length: 42\r\n"])
    func whatIsNoPageLeavesTheErrorItWasFor(_ answer: String) throws {
        let rig = try rig()
        let client = rig.client()
        rig.kernel.failures = 1
        rig.send(client, Sample.get)
        rig.send(try rig.upstream(), "HTTP/1.1 \(answer)\r\n")
        let sent = rig.kernel.sent(client)
        #expect(sent.hasPrefix("HTTP/1.1 503 ") && sent.contains("\r\nContent-Length: ") && !sent.contains(": 42"))
        #expect(sent.split(separator: "\r\n\r\n").count == 2)
    }
}
