import Testing

@testable import OrreryProxy

/// What becomes of an upstream's answers, the odd ones above all.
struct ResponseVectorTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let what: String
        var request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
        let answer: String
        /// All that the client gets, the date aside; with `…` at the end only how it begins.
        let sent: String
        var keepsClient = true
        var keepsUpstream = true

        var testDescription: String { what }
    }

    static let head = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"
    static let old = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"

    static let bodies: [Vector] = [
        Vector(
            what: "a length", answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            sent: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        Vector(
            what: "bytes behind the answer",
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n",
            sent: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", keepsUpstream: false),
        Vector(
            what: "bytes behind the last chunk",
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
            sent: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", keepsUpstream: false),
        Vector(
            what: "a body for HEAD", request: head, answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            sent: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", keepsUpstream: false),
        Vector(
            what: "no body for HEAD", request: head, answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
            sent: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"),
        Vector(
            what: "chunks for HEAD", request: head, answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            sent: "HTTP/1.1 200 OK\r\n\r\n"),
        Vector(
            what: "204 with a length", answer: "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok",
            sent: "HTTP/1.1 204 No Content\r\n\r\n", keepsUpstream: false),
        Vector(
            what: "204 with a length of nought", answer: "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
            sent: "HTTP/1.1 204 No Content\r\n\r\n"),
        Vector(
            what: "204 with chunks that do not come",
            answer: "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
            sent: "HTTP/1.1 204 No Content\r\n\r\n", keepsUpstream: false),
        Vector(
            what: "304 with the length there would be",
            answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n",
            sent: "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n"),
        Vector(
            what: "chunks for an old client", request: old,
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            sent: "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok", keepsClient: false),
        Vector(
            what: "a length for an old client", request: old, answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            sent: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok"),
    ]

    static let heads: [Vector] = [
        Vector(
            what: "fields for one hop",
            answer: "HTTP/1.1 200 OK\r\nConnection: X-A, keep-alive\r\nX-A: 1\r\nKeep-Alive: 5\r\nTrailer: b\r\n"
                + "Upgrade: h2\r\nProxy-Authenticate: x\r\nTE: x\r\nX_B: 2\r\nContent-Length: 0\r\n\r\n",
            sent: "HTTP/1.1 200 OK\r\nX_B: 2\r\nContent-Length: 0\r\n\r\n"),
        Vector(
            what: "cookies, each on its line",
            answer: "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nContent-Length: 0\r\n\r\n",
            sent: "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nContent-Length: 0\r\n\r\n"),
        Vector(
            what: "426 and what it wants",
            answer: "HTTP/1.1 426 Upgrade Required\r\nUpgrade: a\r\nUpgrade: b/1\r\nContent-Length: 0\r\n\r\n",
            sent: "HTTP/1.1 426 Upgrade Required\r\nUpgrade: a\r\nUpgrade: b/1\r\nContent-Length: 0\r\n\r\n"),
        Vector(
            what: "answers before the answer",
            answer: "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            sent: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Vector(
            what: "answers before the answer for an old client", request: old,
            answer: "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            sent: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"),
        Vector(
            what: "an old server", answer: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
            sent: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", keepsUpstream: false),
    ]

    static let refused: [Vector] = [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
        "HTTP/1.1 200 OK\nA: b\n\n", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
        "HTTP/1.1 200 O\rK\r\nA: b\r\n\r\n", String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: 100),
        "HTTP/1.1 200 OK\r\nA: " + String(repeating: "b", count: 33_000) + "\r\n\r\n",
    ].map { Vector(what: String($0.prefix(60)), answer: $0, sent: "…", keepsUpstream: false) }

    @Test(arguments: bodies + heads)
    func anAnswerIsRelayed(_ vector: Vector) throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, vector.request)
        let upstream = try rig.upstream()
        rig.send(upstream, vector.answer)
        #expect(withoutDate(rig.kernel.sent(client)) == vector.sent)
        #expect(rig.kernel.isOpen(client) == vector.keepsClient)
        #expect(rig.kernel.isOpen(upstream) == vector.keepsUpstream)
        #expect(rig.heldBuffers == 0)
    }

    @Test(arguments: refused)
    func anAnswerThatMakesNoSenseIs502(_ vector: Vector) throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, vector.request)
        let upstream = try rig.upstream()
        rig.send(upstream, vector.answer)
        #expect(rig.kernel.sent(client).contains("HTTP/1.1 502 "))
        #expect(rig.kernel.isOpen(client) && !rig.kernel.isOpen(upstream) && rig.heldBuffers == 0)
    }

    private func withoutDate(_ text: String) -> String {
        text.split(separator: "\r\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("Date: ") }
            .joined(separator: "\r\n")
    }
}
