import HTTPReference
import Testing

@testable import OrreryProxy

/// What probes of HTTP/1.1 servers ask: every request of the tables, sent to the proxy itself, and whether the connection
/// is then what the answer says. What must be refused must reach no upstream, and end the connection.
struct ProbeTests {
    @Test(
        arguments: HTTPVector.requestFraming + HTTPVector.requestLine + HTTPVector.requestHost
            + HTTPVector.requestFields + HTTPVector.requestWishes)
    func aProbeIsPassedOnOrRefused(_ vector: HTTPVector) throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, vector.text)
        let answer = rig.kernel.sent(client)
        guard let status = vector.status else {
            // OPTIONS * and CONNECT are understood, and answered here.
            let isOurs = ["204", "405"].contains { answer.hasPrefix("HTTP/1.1 \($0) ") }
            #expect(rig.kernel.connected.count == 1 || isOurs, "\(answer)")
            return
        }
        #expect(answer.hasPrefix("HTTP/1.1 \(status) ") && answer.contains("\r\nConnection: close\r\n"))
        #expect(answer.contains("\r\nDate: ") && rig.kernel.connected.isEmpty)
        // Whatever comes behind is not read as a request, and no reset overtakes the answer.
        rig.send(client, Sample.get)
        #expect(rig.kernel.connected.isEmpty && rig.kernel.sockets[client]?.isShutDown == true)
        rig.pass(.seconds(5))
        #expect(rig.connections == 0)
    }

    /// A body in chunks that are none is refused as soon as it is seen to be, and the upstream is not left to guess.
    @Test(arguments: HTTPVector.chunks)
    func chunksArePassedOnOrRefused(_ vector: HTTPVector) throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        let upstream = try rig.upstream()
        _ = rig.kernel.sent(upstream)
        rig.send(client, vector.text)
        let sent = rig.kernel.sent(upstream)
        guard vector.status != nil else {
            #expect(sent.hasSuffix("0\r\n\r\n") && !sent.contains(";") && rig.kernel.isOpen(upstream))
            return
        }
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 400 ") && !rig.kernel.isOpen(upstream))
        #expect(!sent.hasSuffix("0\r\n\r\n"), "the upstream would have taken it for whole")
    }

    @Test(arguments: HTTPVector.responses)
    func answersArePassedOnOrRefused(_ vector: HTTPVector) throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        let upstream = try rig.upstream()
        rig.send(upstream, vector.text)
        let answer = rig.kernel.sent(client)
        guard vector.status != nil else {
            #expect(answer.hasPrefix("HTTP/1.1 ") && !answer.hasPrefix("HTTP/1.1 502 "))
            return
        }
        #expect(answer.hasPrefix("HTTP/1.1 502 ") && rig.kernel.isOpen(client) && !rig.kernel.isOpen(upstream))
    }

    /// Too much of anything, sent at once.
    @Test(arguments: [
        ("GET /\(long) HTTP/1.1\r\nHost: h\r\n\r\n", [414]),
        ("GET / HTTP/1.1\r\nHost: h\r\nA: \(long)\r\n\r\n", [431]),
        ("GET / HTTP/1.1\r\nHost: h\r\n\(long): a\r\n\r\n", [431]),
        ("\(long) / HTTP/1.1\r\nHost: h\r\n\r\n", [400]),
        ("GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "A: b\r\n", count: 10_000) + "\r\n", [431]),
        ("GET / HTTP/1.1\r\nHost: h\r\nCookie: \(long)\r\n\r\n", [431]),
    ])
    func tooMuchIsRefused(_ request: String, _ statuses: [Int]) throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, request)
        let answer = rig.kernel.sent(client)
        #expect(statuses.contains { answer.hasPrefix("HTTP/1.1 \($0) ") } && rig.kernel.connected.isEmpty)
        rig.pass(.seconds(5))
        #expect(rig.connections == 0)
    }

    private static let long = String(repeating: "A", count: 100_000)

    /// What becomes of the connection after an answer, by what the request said.
    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", true), ("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, CLOSE\r\n\r\n", false), ("GET / HTTP/1.0\r\n\r\n", false),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true),
        ("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, close\r\n\r\n", false),
    ])
    func theConnectionGoesOnAsAsked(_ request: String, _ goesOn: Bool) throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, request)
        rig.send(try rig.upstream(), Sample.ok)
        let answer = rig.kernel.sent(client)
        #expect(rig.kernel.isOpen(client) == goesOn && answer.contains("\r\nConnection: close\r\n") != goesOn)
    }

    /// RFC 9110 10.1.1, and what clients do that do not wait.
    @Test func aBodyThatNobodyAskedForIsNotReadAsARequest() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 44\r\n\r\n")
        rig.send(try rig.upstream(), "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        let answer = rig.kernel.sent(client)
        #expect(answer.hasPrefix("HTTP/1.1 401 ") && answer.contains("\r\nConnection: close\r\n"))
        rig.send(client, "GET /user/ada/smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(rig.kernel.connected.count == 1 && rig.kernel.sent(client).isEmpty)
    }

    @Test func aClientThatExpectsAndNeverSendsIsEnded() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        rig.send(try rig.upstream(), "HTTP/1.1 100 Continue\r\n\r\n")
        for _ in 0..<12 { rig.pass(.seconds(30)) }
        #expect(rig.kernel.sent(client).contains("HTTP/1.1 408 "))
        rig.pass(.seconds(5))
        #expect(rig.connections == 0)
    }

    @Test func aClientThatDoesNotWaitForContinueIsServedAllTheSame() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(
            client, "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi" + Sample.get)
        #expect(rig.kernel.sent(try rig.upstream()).hasSuffix("\r\n\r\nhi"))
        rig.send(try rig.upstream(), Sample.ok)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 200 ") && rig.kernel.connected.count == 2)
    }

    /// The client's next request and the end of the kept connection are seen in one turn, the request first.
    @Test(arguments: [nil, "HTTP/1.1 200 Poison\r\nContent-Length: 0\r\n\r\n"])
    func whatAKeptConnectionSaysUnaskedAnswersNobody(_ unasked: String?) throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        let kept = try rig.upstream()
        rig.send(kept, Sample.ok)
        _ = rig.kernel.sent(client)
        rig.kernel.feed(client, "POST /user/ada/x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi")
        if let unasked { rig.kernel.feed(kept, unasked) } else { rig.kernel.end(kept) }
        rig.turn()
        #expect(rig.kernel.connected.count == 2 && rig.kernel.closed.contains { $0.number == kept })
        rig.send(try rig.upstream(), Sample.ok)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    /// Bytes of the next protocol, sent before anybody agreed to it, are no request if nobody does.
    @Test func bytesBehindARefusedUpgradeAreNoRequest() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.upgrade + Sample.get)
        rig.send(try rig.upstream(), "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        rig.send(client, Sample.get)
        #expect(rig.kernel.connected.count == 1)
        #expect(rig.kernel.sent(client).contains("\r\nConnection: close\r\n"))
        rig.pass(.seconds(5))
        #expect(rig.connections == 0)
    }
}
