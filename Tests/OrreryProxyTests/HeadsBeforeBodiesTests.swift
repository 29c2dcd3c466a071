import Foundation
import OrreryWire
import Testing

@testable import OrreryProxy

/// The longest heads that limits allow, with as much behind them as is received at once, are passed on whole.
struct HeadsBeforeBodiesTests {
    private func limits() -> ProxyLimits {
        var limits = ProxyLimits()
        limits.headBytes = 65_535
        return limits
    }

    private let body = Array(repeating: UInt8(ascii: "b"), count: 99_999)

    /// A head of 65,534 bytes without its last one: as bytes, since CRLF is one character.
    private func head(_ start: String) -> String {
        start + String(repeating: "a", count: 65_530 - start.utf8.count) + "\r\n\r"
    }

    @Test func aRequestWithTheBeginningOfItsBody() throws {
        let rig = try Rig(limits: limits())
        let client = rig.client()
        let host = String(repeating: "h", count: 1000)
        rig.send(client, head("POST /user/ada/a HTTP/1.1\r\nHost: \(host)\r\nContent-Length: 99999\r\nX: "))
        rig.send(client, "\n" + String(decoding: body, as: UTF8.self))
        let sent = Array(rig.kernel.sent(try rig.upstream()).utf8)
        #expect(sent.starts(with: "POST /user/ada/a HTTP/1.1\r\nHost: hhh".utf8) && sent.suffix(99_999) == body[...])
        #expect(sent.count > 65_534 + 99_999)
    }

    @Test func anAnswerWithTheBeginningOfItsBody() throws {
        let rig = try Rig(limits: limits())
        let client = rig.client()
        rig.send(client, "GET /user/ada/a HTTP/1.1\r\nHost: h\r\n\r\n")
        rig.send(try rig.upstream(), head("HTTP/1.1 200 OK\r\nContent-Length: 99999\r\nX: "))
        rig.send(try rig.upstream(), "\n" + String(decoding: body, as: UTF8.self))
        let sent = Array(rig.kernel.sent(client).utf8)
        #expect(sent.starts(with: "HTTP/1.1 200 OK\r\n".utf8) && sent.suffix(99_999) == body[...])
        #expect(sent.count > 65_534 + 99_999)
    }

    /// A notebook could otherwise make an answer grow by the length of its visitor's host as often as it likes.
    @Test func onlyTheFirstOfSeveralRedirectsIsLedElsewhere() throws {
        let rig = try Rig { $0.autoRewrite = true }
        let client = rig.client()
        let host = String(repeating: "h", count: 1000)
        rig.send(client, "GET /user/ada/a HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        let lines = String(repeating: "Location: http://10.0.0.2:8888/b\r\n", count: 195)
        rig.send(try rig.upstream(), "HTTP/1.1 302 Found\r\nDate: n\r\n\(lines)Content-Length: 0\r\n\r\n")
        let sent = rig.kernel.sent(client)
        #expect(
            sent.hasPrefix(
                "HTTP/1.1 302 Found\r\nDate: n\r\nLocation: http://\(host)/b\r\nLocation: http://10.0.0.2:8888/b\r\n"))
        #expect(sent.components(separatedBy: "10.0.0.2").count == 195)
    }
}
