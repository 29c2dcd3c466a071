import OrreryWire
import Testing

struct ResponseHeadTests {
    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, BodyFraming.length(5), true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, .none, true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, .chunked, true),
        ("HTTP/1.1 200 OK\r\n\r\n", 200, .untilEnd, true),
        ("HTTP/1.0 404 Not Found\r\nContent-Length: 1\r\n\r\n", 404, .length(1), false),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n", 200, .length(1), true),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n", 200, .length(1), false),
        ("HTTP/1.1 204 \r\n\r\n", 204, .untilEnd, true),
        ("HTTP/1.1 304\r\nHost: anything, really\r\nExpect: nothing\r\n\r\n", 304, .untilEnd, true),
    ])
    func isUnderstood(_ text: String, _ status: Int, _ body: BodyFraming, _ keepsAlive: Bool) {
        var head = ResponseHead()
        #expect(head.parse(Array(text.utf8).span, limits: HeadLimits()) == .complete)
        #expect(head.status == status && head.body == body && head.keepsAlive == keepsAlive)
        #expect(head.length == text.utf8.count)
        for count in 0..<text.utf8.count {
            #expect(outcome(Array(text.utf8.prefix(count))) == .incomplete, "\(count) bytes")
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n c: d\r\n\r\n", "HTTP/1.1 200 OK\nA: b\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "ICY 200 OK please\r\n\r\n", "HTTP/1.1 200OK\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ])
    func isRefused(_ text: String) {
        guard case .bad = outcome(Array(text.utf8)) else {
            Issue.record("not refused: \(text)")
            return
        }
    }

    private func outcome(_ bytes: [UInt8]) -> HeadOutcome {
        var head = ResponseHead()
        return head.parse(bytes.span, limits: HeadLimits())
    }
}
