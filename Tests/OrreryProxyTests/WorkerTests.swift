import OrreryWire
import Testing

@testable import OrreryProxy

/// The worker in front of a scripted kernel: every corner of I/O, whenever the test wants it.
struct WorkerTests {
    private let get =
        "GET /user/ada/lab HTTP/1.1\r\nHost: hub:8000\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\nX-Forwarded-For: 9.9.9.9\r\nCookie: a=b\r\n\r\n"
    private let forwarded =
        "GET /user/ada/lab HTTP/1.1\r\nHost: hub:8000\r\nCookie: a=b\r\nX-Forwarded-For: 9.9.9.9,192.0.2.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: 8000\r\nX-Forwarded-Host: hub:8000\r\nVia: 1.1 orrery-proxy\r\n\r\n"
    private let ok =
        "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 2\r\nKeep-Alive: timeout=5\r\nConnection: Keep-Alive\r\n\r\nok"
    private let answered = "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok"

    @Test func aRequestGoesToItsRouteAndTheAnswerComesBack() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, get)
        let upstream = try rig.upstream()
        #expect(rig.kernel.sockets[upstream]?.address?.description == "10.0.0.2:8888")
        #expect(rig.kernel.sent(upstream) == forwarded)
        rig.send(upstream, ok)
        #expect(rig.kernel.sent(client) == answered)
        #expect(rig.heldBuffers == 0)
    }

    @Test func theSecondRequestReusesBothConnectionsWithFourCalls() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, get)
        rig.send(try rig.upstream(), ok)
        let (receives, sends) = (rig.kernel.receives, rig.kernel.sends)
        rig.send(client, get)
        rig.send(try rig.upstream(), ok)
        #expect(rig.kernel.connected.count == 1)
        #expect(rig.kernel.receives - receives == 2 && rig.kernel.sends - sends == 2)
    }

    /// Whatever the cut, both heads and bodies are the same on the other side.
    @Test func everyCutOfTheBytesGivesTheSame() throws {
        let post = "POST /user/ada/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        let reply = "HTTP/1.1 200 OK\r\nDate: now\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nT: u\r\n\r\n"
        for cut in 1..<post.utf8.count {
            let rig = try Rig()
            let client = rig.client()
            rig.kernel.feed(client, Array(post.utf8.prefix(cut)))
            rig.turn()
            rig.kernel.feed(client, Array(post.utf8.dropFirst(cut)))
            rig.turn()
            let upstream = try rig.upstream()
            #expect(dechunked(rig.kernel.sent(upstream)) == "hello", "cut at \(cut)")
            let replyCut = cut % (reply.utf8.count - 1) + 1
            rig.kernel.feed(upstream, Array(reply.utf8.prefix(replyCut)))
            rig.turn()
            rig.kernel.feed(upstream, Array(reply.utf8.dropFirst(replyCut)))
            rig.turn()
            let sent = rig.kernel.sent(client)
            #expect(sent.hasPrefix("HTTP/1.1 200 OK\r\nDate: now\r\nTransfer-Encoding: chunked\r\n\r\n"))
            #expect(dechunked(sent) == "abc", "cut at \(replyCut)")
            #expect(rig.heldBuffers == 0)
        }
    }

    /// A socket that takes a byte at a time, on both sides.
    @Test func writesThatAreCutAnywhereAreContinued() throws {
        for room in 1...40 {
            let rig = try Rig()
            let client = rig.client()
            rig.kernel.connecting = .later
            rig.send(client, get)
            let upstream = try rig.upstream()
            rig.kernel.setRoom(upstream, 0)
            rig.kernel.setRoom(client, 0)
            rig.kernel.establish(upstream)
            rig.turn()
            for _ in 0...(forwarded.utf8.count / room) { rig.setRoom(upstream, room) }
            #expect(rig.kernel.sockets[upstream]?.outgoing == Array(forwarded.utf8))
            rig.setRoom(upstream, .max)
            rig.send(upstream, ok)
            for _ in 0...(answered.utf8.count / room) { rig.setRoom(client, room) }
            #expect(rig.kernel.sent(client) == answered)
            rig.setRoom(client, .max)
            #expect(rig.heldBuffers == 0)
            rig.send(client, get)
            #expect(rig.kernel.connected.count == 1, "the connection was not kept")
        }
    }

    @Test func aSlowReaderStopsTheUpstreamAndHoldsOneBuffer() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, get)
        let upstream = try rig.upstream()
        rig.kernel.setRoom(client, 100)
        rig.kernel.feed(upstream, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        rig.kernel.feed(upstream, [UInt8](repeating: 120, count: 1_000_000))
        rig.turn()
        let unread = rig.kernel.sockets[upstream]?.incoming.count ?? 0
        #expect(unread > 900_000, "\(1_000_000 - unread) bytes were read for a client that takes none")
        #expect(rig.heldBuffers == 1)
        var received = 0
        for _ in 0..<200 where received < 1_000_000 {
            rig.setRoom(client, 10_000)
            received += rig.kernel.sent(client).utf8.count
        }
        rig.setRoom(client, .max)
        #expect(rig.kernel.sockets[upstream]?.incoming.isEmpty == true && rig.heldBuffers == 0)
    }

    @Test func anUpstreamThatDoesNotReadStopsTheUpload() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.kernel.connecting = .later
        rig.kernel.feed(client, "PUT /user/ada/f HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n")
        rig.kernel.feed(client, [UInt8](repeating: 120, count: 1_000_000))
        rig.turn()
        let upstream = try rig.upstream()
        #expect((rig.kernel.sockets[client]?.incoming.count ?? 0) > 900_000)
        rig.kernel.establish(upstream)
        rig.turn()
        #expect(rig.kernel.sockets[client]?.incoming.isEmpty == true)
        #expect(rig.kernel.sent(upstream).utf8.count > 1_000_000)
        rig.send(upstream, ok)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 200"))
    }

    // MARK: Events that lie

    @Test func aStaleEventIsIgnored() throws {
        let rig = try Rig()
        let client = rig.client()
        let old = rig.token(client)
        rig.end(client)
        #expect(!rig.kernel.isOpen(client))
        let next = rig.client()
        #expect(next == client, "the script gives the same descriptor again")
        rig.kernel.post(token: old, .readable | .gone)
        rig.turn()
        #expect(rig.kernel.isOpen(next))
        #expect(rig.token(next) != old)
        rig.send(next, get)
        #expect(rig.kernel.connected.count == 1)
    }

    @Test func anEventForAConnectionClosedInTheSameTurnIsIgnored() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, get)
        let upstream = try rig.upstream()
        // Both at once: the first closes both.
        rig.kernel.fail(client, 104)
        rig.kernel.feed(upstream, ok)
        rig.turn()
        #expect(rig.connections == 0)
    }

    @Test func eventsWithNothingBehindThemDoNoHarm() throws {
        let rig = try Rig()
        let client = rig.client()
        for _ in 0..<3 {
            rig.kernel.post(token: rig.token(client), .readable | .writable)
            rig.turn()
        }
        rig.send(client, get)
        rig.send(try rig.upstream(), ok)
        #expect(rig.kernel.sent(client) == answered)
    }

    @Test func acceptingPausesWhenDescriptorsRunOut() throws {
        let rig = try Rig()
        rig.kernel.isExhausted = true
        _ = rig.client()
        #expect(!rig.kernel.listenerIsWatched)
        rig.kernel.isExhausted = false
        rig.pass(.milliseconds(150))
        #expect(rig.kernel.listenerIsWatched)
    }

    // MARK: Upstreams that fail

    @Test func anUpstreamThatRefusesIs503AndTheClientStays() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.kernel.connecting = .fails
        rig.send(client, get)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 503 "))
        rig.kernel.connecting = .later
        rig.send(client, get)
        rig.fail(try rig.upstream(), 111)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 503 "))
        rig.kernel.connecting = .atOnce
        rig.send(client, get)
        rig.send(try rig.upstream(), ok)
        #expect(rig.kernel.sent(client) == answered)
    }

    @Test func anUpstreamThatDoesNotAcceptIs504() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.kernel.connecting = .later
        rig.send(client, get)
        rig.pass(.seconds(6))
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 504 "))
        #expect(rig.connections == 1)
    }

    @Test func anUpstreamThatDoesNotAnswerIs504() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, get)
        rig.pass(.seconds(3599))
        #expect(rig.kernel.sent(client) == "")
        rig.pass(.seconds(2))
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 504 "))
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "220 mail ready\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
    ])
    func anAnswerThatMakesNoSenseIs502(_ answer: String) throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, get)
        rig.send(try rig.upstream(), answer)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 502 "))
        #expect(rig.connections == 1)
    }

    @Test func aKeptConnectionThatDiesUnderTheRequestIsReplacedOnce() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, get)
        let first = try rig.upstream()
        rig.send(first, ok)
        _ = rig.kernel.sent(client)
        rig.send(client, get)
        #expect(rig.kernel.connected.count == 1)
        _ = rig.kernel.sent(first)
        rig.end(first)
        let second = try rig.upstream()
        #expect(rig.kernel.connected.count == 2)
        #expect(rig.kernel.sent(second) == forwarded)
        rig.end(second)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 502 "))
        #expect(rig.kernel.connected.count == 2)
    }

    @Test func aKeptConnectionThatCannotBeWrittenIsReplacedOnce() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, get)
        let first = try rig.upstream()
        rig.send(first, ok)
        rig.kernel.feed(client, get)
        // In the same turn, behind the request: the proxy cannot know of it yet.
        rig.kernel.fail(first, 104)
        rig.turn()
        rig.send(try rig.upstream(), ok)
        #expect(rig.kernel.sent(client) == answered + answered)
    }

    @Test func aPostIsNotSentTwice() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, get)
        let first = try rig.upstream()
        rig.send(first, ok)
        _ = rig.kernel.sent(client)
        rig.send(client, "POST /user/ada/ HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi")
        rig.end(first)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 502 "))
        #expect(rig.kernel.connected.count == 1)
    }

    @Test func aKeptConnectionThatSpeaksOrEndsIsDropped() throws {
        for speaks in [true, false] {
            let rig = try Rig()
            let client = rig.client()
            rig.send(client, get)
            let upstream = try rig.upstream()
            rig.send(upstream, ok)
            if speaks { rig.send(upstream, ok) } else { rig.end(upstream) }
            #expect(!rig.kernel.isOpen(upstream))
            _ = rig.kernel.sent(client)
            rig.send(client, get)
            #expect(rig.kernel.sent(client) == "")
        }
    }

    @Test func aCutAnswerIsCutForTheClient() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, get)
        rig.send(try rig.upstream(), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        rig.end(try rig.upstream())
        #expect(!rig.kernel.isOpen(client) && rig.connections == 0)
    }

    @Test func anAnswerUntilTheEndIsChunkedAndFinished() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, get)
        rig.send(try rig.upstream(), "HTTP/1.1 200 OK\r\nDate: d\r\n\r\nabc")
        rig.send(try rig.upstream(), "defg")
        rig.end(try rig.upstream())
        #expect(rig.kernel.sent(client).hasSuffix("\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"))
        #expect(rig.kernel.isOpen(client) && rig.heldBuffers == 0)
    }

    // MARK: Clients that fail

    @Test func aClientThatLeavesTakesTheUpstreamAlong() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, get)
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
        rig.kernel.feed(client, get)
        rig.end(client)
        rig.send(try rig.upstream(), ok)
        #expect(rig.kernel.sent(client) == answered)
        #expect(!rig.kernel.isOpen(client))
    }

    @Test func aClientThatClosedItsHalfDoesNotWaitForEver() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, get)
        rig.end(client)
        rig.pass(.seconds(59))
        #expect(rig.connections == 2)
        rig.pass(.seconds(2))
        #expect(!rig.kernel.isOpen(try rig.upstream()))
    }

    @Test func aTunnelThatClosedItsHalfDoesNotWaitForEver() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, upgrade)
        rig.send(try rig.upstream(), switching)
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
        rig.send(client, get + "GET /hub/ HTTP/1.1\r\nHost: h\r\n\r\n" + "GET /nowhere")
        #expect(rig.kernel.connected.count == 1)
        rig.send(try rig.upstream(), ok)
        #expect(rig.kernel.connected.count == 2)
        #expect(rig.kernel.sent(try rig.upstream()).hasPrefix("GET /hub/ HTTP/1.1\r\n"))
        rig.send(try rig.upstream(), ok)
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
        rig.send(client, request + get)
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
        rig.send(upstream, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok)
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

    // MARK: Leaving HTTP

    private let upgrade =
        "GET /user/ada/ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: x=1; jupyterhub-session-id=s1\r\n\r\n"
    private let switching =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"

    @Test func anUpgradeKeepsBytesThatWereInFlightOnBothSides() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, upgrade + "early")
        let upstream = try rig.upstream()
        let head = rig.kernel.sent(upstream)
        #expect(head.contains("Connection: Upgrade\r\nUpgrade: websocket\r\n") && !head.contains("early"))
        rig.send(client, " bird")
        #expect(rig.kernel.sent(upstream) == "")
        rig.send(upstream, switching + "hello")
        let answer = rig.kernel.sent(client)
        #expect(answer.hasPrefix("HTTP/1.1 101 ") && answer.hasSuffix("\r\n\r\nhello"))
        #expect(rig.kernel.sent(upstream) == "early bird")
        rig.send(client, "ping")
        rig.send(upstream, "pong")
        #expect(rig.kernel.sent(upstream) == "ping" && rig.kernel.sent(client) == "pong")
        #expect(rig.heldBuffers == 0, "an idle tunnel holds a buffer")
        rig.pass(.seconds(100_000))
        #expect(rig.connections == 2, "an idle tunnel was closed")
    }

    @Test func aTunnelEndsInHalves() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, upgrade)
        let upstream = try rig.upstream()
        rig.send(upstream, switching)
        rig.kernel.feed(client, "last")
        rig.end(client)
        #expect(rig.kernel.sent(upstream).hasSuffix("last") && rig.kernel.sockets[upstream]?.isShutDown == true)
        rig.send(upstream, "still here")
        #expect(rig.kernel.sent(client).hasSuffix("still here"))
        rig.end(upstream)
        #expect(rig.connections == 0)
    }

    @Test func aRefusedUpgradeClosesAndItsBytesAreNoRequest() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, upgrade + get)
        rig.send(try rig.upstream(), "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
        let answer = rig.kernel.sent(client)
        #expect(answer.hasPrefix("HTTP/1.1 403 ") && answer.hasSuffix("no"))
        #expect(rig.kernel.connected.count == 1)
        rig.pass(.seconds(3))
        #expect(!rig.kernel.isOpen(client))
    }

    @Test func anUpgradeToHTTP2IsAPlainRequest() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(
            client,
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n\r\n"
        )
        let head = rig.kernel.sent(try rig.upstream())
        #expect(!head.contains("Upgrade") && !head.contains("HTTP2-Settings"))
        rig.send(try rig.upstream(), ok)
        #expect(rig.kernel.sent(client).hasSuffix("ok") && rig.kernel.isOpen(client))
    }

    @Test func aTunnelWithASlowReaderIsHeldBack() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, upgrade)
        let upstream = try rig.upstream()
        rig.send(upstream, switching)
        rig.kernel.setRoom(client, 0)
        rig.kernel.feed(upstream, [UInt8](repeating: 1, count: 500_000))
        rig.turn()
        #expect((rig.kernel.sockets[upstream]?.incoming.count ?? 0) > 400_000)
        rig.send(client, "other way")
        #expect(rig.kernel.sent(upstream).hasSuffix("other way"))
        rig.setRoom(client, .max)
        #expect(rig.kernel.sent(client).utf8.count > 500_000 && rig.heldBuffers == 0)
    }

    // MARK: Logouts

    @Test func aLogoutClosesTunnelsAndRefusesTheCookie() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, upgrade)
        rig.send(try rig.upstream(), switching)
        let now = rig.kernel.moment.wall
        rig.shared.logouts.add(["s2"], until: now + 300_000, now: now)
        rig.heed()
        #expect(rig.connections == 2)
        rig.shared.logouts.add(["s1"], until: now + 300_000, now: now)
        rig.heed()
        #expect(rig.connections == 0)

        let cookie = "Host: h\r\nCookie: a=b;jupyterhub-session-id=\"s1\" ; c=d\r\n"
        let next = rig.client()
        rig.send(next, "GET /user/ada/lab?x=a&b HTTP/1.1\r\nAccept: text/html,*/*\r\n\(cookie)\r\n")
        let page = rig.kernel.sent(next)
        #expect(
            page.hasPrefix("HTTP/1.1 302 ")
                && page.contains("Location: /hub/login?next=%2Fuser%2Fada%2Flab%3Fx%3Da%26b\r\n"))
        rig.send(next, "GET /user/ada/api HTTP/1.1\r\nAccept: application/json\r\n\(cookie)\r\n")
        #expect(rig.kernel.sent(next).hasPrefix("HTTP/1.1 403 "))
        let made = rig.kernel.connected.count
        rig.send(next, "GET /hub/home HTTP/1.1\r\n\(cookie)\r\n")
        #expect(rig.kernel.connected.count == made + 1, "the hub's own pages stay open")
        let socket = rig.client()
        rig.send(socket, upgrade)
        #expect(rig.kernel.sent(socket).hasPrefix("HTTP/1.1 403 "))
    }

    // MARK: Our own answers

    @Test func nothingIsServedWithoutARoute() throws {
        let rig = try Rig(routes: [:])
        let client = rig.client()
        rig.send(client, get)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 404 "))
        rig.send(client, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(rig.kernel.sent(client).hasSuffix("\r\n\r\n"))
        rig.send(client, "GET /_chp_healthz HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(rig.kernel.sent(client).hasSuffix("{\"status\":\"OK\"}"))
        rig.send(client, "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n")
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 400 "))
        #expect(rig.kernel.connected.isEmpty)
    }

    @Test func anErrorTargetWritesThePages() throws {
        let rig = try Rig(errorTarget: "http://10.0.0.9:8081/hub/error")
        let client = rig.client()
        rig.kernel.connecting = .later
        rig.send(client, "GET /user/ada/lab?a=b HTTP/1.1\r\nHost: h\r\n\r\n")
        rig.fail(try rig.upstream(), 111)
        let pages = try rig.upstream()
        rig.kernel.establish(pages)
        rig.turn()
        #expect(
            rig.kernel.sent(pages)
                == "GET /hub/error/503?url=%2Fuser%2Fada%2Flab%3Fa%3Db HTTP/1.1\r\nHost: 10.0.0.9:8081\r\n\r\n")
        rig.send(pages, "HTTP/1.1 200 OK\r\nX-Secret: 1\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n<h1>!")
        let answer = rig.kernel.sent(client)
        #expect(
            answer.hasPrefix("HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html\r\nContent-Length: 5\r\n"))
        #expect(answer.hasSuffix("<h1>!") && !answer.contains("X-Secret"))
        #expect(rig.kernel.isOpen(client))
        rig.send(client, get)
        rig.fail(try rig.upstream(), 111)
        #expect(rig.kernel.sent(pages).hasPrefix("GET /hub/error/503?"), "its connection was not kept")
        rig.fail(pages)
        rig.fail(try rig.upstream(), 111)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 503 "), "without the error target a plain page does")
    }

    @Test func anOldClientIsTold() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, "GET / HTTP/1.0\r\n\r\n")
        #expect(rig.kernel.sent(try rig.upstream()).contains("Host: 10.0.0.1:8081\r\n"))
        rig.send(try rig.upstream(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        let answer = rig.kernel.sent(client)
        #expect(answer.contains("Connection: close\r\n") && answer.hasSuffix("\r\n\r\nabc"))
        #expect(!rig.kernel.isOpen(client))
    }

    @Test func activityIsNotedForWhatCounts() throws {
        let rig = try Rig()
        let key = try #require(RouteKey("/user/ada"))
        func activity() throws -> UInt64 {
            rig.shared.routes.activity.last(try #require(rig.shared.routes.route(key)).activity)
        }
        let client = rig.client()
        let before = try activity()
        rig.pass(.seconds(1))
        rig.send(client, get)
        rig.send(try rig.upstream(), "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
        #expect(try activity() == before)
        rig.send(client, get)
        rig.send(try rig.upstream(), ok)
        #expect(try activity() == before + 1000)
        rig.pass(.seconds(1))
        let socket = rig.client()
        rig.send(socket, upgrade)
        rig.send(try rig.upstream(), switching)
        rig.pass(.seconds(1))
        rig.send(try rig.upstream(), "from the server")
        #expect(try activity() == before + 2000)
        rig.send(socket, "from the client")
        #expect(try activity() == before + 3000)
    }

    @Test func aRouteSetUnderTrafficServesTheNextRequest() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, get)
        let first = try rig.upstream()
        try rig.setRoute("/user/ada", "http://10.0.0.3:8888/base")
        rig.send(first, ok)
        #expect(rig.kernel.sent(client) == answered, "the running request was disturbed")
        rig.send(client, get)
        let second = try rig.upstream()
        #expect(rig.kernel.sockets[second]?.address?.description == "10.0.0.3:8888")
        #expect(rig.kernel.sent(second).hasPrefix("GET /base/user/ada/lab HTTP/1.1\r\n"))
    }

    @Test func stoppingLetsRunningRequestsEnd() throws {
        let rig = try Rig()
        let idle = rig.client()
        let client = rig.client()
        rig.send(client, get)
        rig.stop()
        #expect(!rig.kernel.isOpen(idle) && rig.kernel.isOpen(client) && !rig.kernel.listenerIsWatched)
        rig.send(try rig.upstream(), ok)
        #expect(rig.kernel.sent(client).hasSuffix("ok"))
        #expect(rig.connections == 0)
    }
}
