import OrreryWire
import Testing

@testable import OrreryProxy

/// Clients that leave, dawdle or speak nonsense, and answers that come early.
struct WorkerClientTests {
    // MARK: Clients that fail

    @Test func aClientThatLeavesTakesTheUpstreamAlong() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        rig.fail(client)
        #expect(rig.connections == 0)
        let uploader = rig.client()
        rig.send(uploader, "PUT /user/ada/f HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc")
        rig.end(uploader)
        #expect(rig.connections == 0)
    }

    @Test func aClientThatClosedItsHalfGetsItsAnswer() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.kernel.feed(client, Sample.get)
        rig.end(client)
        rig.send(try rig.upstream(), Sample.ok)
        #expect(rig.kernel.sent(client) == Sample.answered)
        #expect(!rig.kernel.isOpen(client))
    }

    @Test func aClientThatClosedItsHalfDoesNotWaitForEver() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        rig.end(client)
        rig.pass(.seconds(59))
        #expect(rig.connections == 2)
        rig.pass(.seconds(2))
        #expect(!rig.kernel.isOpen(try rig.upstream()))
    }

    @Test func aTunnelThatClosedItsHalfDoesNotWaitForEver() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.upgrade)
        rig.send(try rig.upstream(), Sample.switching)
        rig.end(try rig.upstream())
        #expect(rig.kernel.sockets[client]?.isShutDown == true)
        rig.pass(.seconds(61))
        #expect(rig.connections == 0)
    }

    @Test func aClientThatIsSilentOrSlowIsEnded() throws {
        let rig = try Rig()
        let silent = rig.client()
        let slow = rig.client()
        rig.send(slow, "GET / HT")
        rig.pass(.seconds(20))
        rig.send(slow, "TP/1.1\r\n")
        rig.pass(.seconds(11))
        #expect(rig.kernel.sent(slow).hasPrefix("HTTP/1.1 408 "))
        #expect(rig.kernel.isOpen(silent))
        rig.pass(.seconds(60))
        #expect(rig.connections == 0)
    }

    @Test func pipelinedRequestsAreAnsweredInTheirOrder() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get + "GET /hub/ HTTP/1.1\r\nHost: h\r\n\r\n" + "GET /nowhere")
        #expect(rig.kernel.connected.count == 1)
        rig.send(try rig.upstream(), Sample.ok)
        #expect(rig.kernel.connected.count == 2)
        #expect(rig.kernel.sent(try rig.upstream()).hasPrefix("GET /hub/ HTTP/1.1\r\n"))
        rig.send(try rig.upstream(), Sample.ok)
        rig.send(client, " HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(rig.kernel.sent(try rig.upstream()).hasPrefix("GET /nowhere HTTP/1.1\r\n"))
    }

    @Test(arguments: [
        "GET / HTTP/1.1\nHost: h\n\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /user/ada/../bob HTTP/1.1\r\nHost: h\r\n\r\n", "GET /user%2fada HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ])
    func aBadRequestReachesNobody(_ request: String) throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, request + Sample.get)
        let answer = rig.kernel.sent(client)
        #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("Connection: close"))
        #expect(rig.kernel.connected.isEmpty && rig.kernel.sockets[client]?.isShutDown == true)
        rig.end(client)
        #expect(rig.connections == 0)
    }

    @Test func aBareLineFeedIsFoundInASlowHead() throws {
        let rig = try Rig()
        let client = rig.client()
        for piece in ["GET / HTTP/1.1\r\n", "Host: h", "\n", "\n"] { rig.send(client, piece) }
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 400 "))
    }

    @Test func brokenChunksLaterInTheBodyEndTheExchange() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        let upstream = try rig.upstream()
        rig.send(client, "x\r\n")
        #expect(!rig.kernel.isOpen(upstream))
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 400 "))
    }

    // MARK: 100-continue and early answers

    @Test func expectationsAreMetByTheUpstream() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        let upstream = try rig.upstream()
        #expect(rig.kernel.sent(upstream).contains("Expect: 100-continue\r\n"))
        rig.send(upstream, "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(rig.kernel.sent(client) == "HTTP/1.1 100 Continue\r\n\r\n")
        rig.send(client, "hi")
        #expect(rig.kernel.sent(upstream) == "hi")
        rig.send(upstream, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + Sample.ok)
        let answer = rig.kernel.sent(client)
        #expect(answer.hasPrefix("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK"))
        #expect(rig.kernel.isOpen(client))
    }

    @Test func anEarlyAnswerEndsTheUploadAndLingers() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nsome")
        let upstream = try rig.upstream()
        rig.send(upstream, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        #expect(rig.kernel.sent(client).contains("Connection: close"))
        #expect(!rig.kernel.isOpen(upstream) && rig.kernel.isOpen(client))
        rig.send(client, "more")
        #expect(rig.kernel.isOpen(client))
        rig.pass(.seconds(3))
        #expect(!rig.kernel.isOpen(client))
    }

    @Test func anUpstreamThatAnswersAndClosesWhileWeSendIsHeard() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nsome")
        let upstream = try rig.upstream()
        rig.kernel.feed(client, "more")
        rig.kernel.shutDownSending(upstream)  // a send fails from now on
        rig.kernel.feed(upstream, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        rig.end(upstream)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 413 "))
    }
}
