import OrreryWire
import Testing

@testable import OrreryProxy

/// Upstreams that refuse, are silent, lie or die.
struct WorkerUpstreamTests {
    @Test func anUpstreamThatRefusesIs503AndTheClientStays() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.kernel.connecting = .fails
        rig.send(client, Sample.get)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 503 "))
        rig.kernel.connecting = .later
        rig.pass(.milliseconds(300))
        rig.send(client, Sample.get)
        rig.fail(try rig.upstream(), 111)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 503 "))
        rig.kernel.connecting = .atOnce
        rig.pass(.milliseconds(300))
        rig.send(client, Sample.get)
        rig.send(try rig.upstream(), Sample.ok)
        #expect(rig.kernel.sent(client) == Sample.answered)
    }

    @Test func anUpstreamThatDoesNotAcceptIs504() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.kernel.connecting = .later
        rig.send(client, Sample.get)
        rig.pass(.seconds(6))
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 504 "))
        #expect(rig.connections == 1)
    }

    @Test func anUpstreamThatDoesNotAnswerIs504() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get)
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
        rig.send(client, Sample.get)
        rig.send(try rig.upstream(), answer)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 502 "))
        #expect(rig.connections == 1)
    }

    /// The chunks before a broken one, with what of that is content.
    private static let broken =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\ndex\r\n0\r\n\r\n"

    /// What the client has got is `abcde`, in chunks without the last one.
    private func isCutWell(_ answer: String) -> Bool {
        answer.hasPrefix("HTTP/1.1 200 OK\r\n") && !answer.hasSuffix("0\r\n\r\n")
            && dechunked(answer + "0\r\n\r\n") == "abcde"
    }

    /// How a connection was closed; nil while it is open.
    private func isReset(_ number: CInt, _ rig: Rig) -> Bool? {
        rig.kernel.closed.first { $0.number == number }?.socket.isReset
    }

    @Test func whatCameBeforeABrokenChunkArrives() throws {
        for cut in 0...Self.broken.utf8.count {
            let rig = try Rig()
            let client = rig.client()
            rig.send(client, Sample.get)
            let upstream = try rig.upstream()
            rig.send(upstream, String(Self.broken.prefix(cut)))
            rig.send(upstream, String(Self.broken.dropFirst(cut)))
            #expect(isCutWell(rig.kernel.sent(client)), "in two pieces, at \(cut)")
            #expect(isReset(client, rig) == false && rig.connections == 0 && rig.heldBuffers == 0)
            #expect(rig.shared.metrics.value(.answersCut) == 1)
        }
    }

    @Test func whatCameBeforeABrokenChunkArrivesAtASlowClientToo() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        rig.setRoom(client, 10)
        rig.send(try rig.upstream(), Self.broken)
        #expect(try rig.kernel.isOpen(client) && !rig.kernel.isOpen(rig.upstream()))
        rig.setRoom(client, 1000)
        #expect(isCutWell(rig.kernel.sent(client)) && !rig.kernel.isOpen(client))
    }

    @Test func anOldClientLearnsOfABrokenChunkByAReset() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, "GET / HTTP/1.0\r\n\r\n")
        rig.send(try rig.upstream(), Self.broken)
        #expect(rig.kernel.sent(client).hasSuffix("\r\n\r\nabcde"))
        #expect(isReset(client, rig) == true && rig.connections == 0)
    }

    @Test func aKeptConnectionThatDiesUnderTheRequestIsReplacedOnce() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        let first = try rig.upstream()
        rig.send(first, Sample.ok)
        _ = rig.kernel.sent(client)
        rig.send(client, Sample.get)
        #expect(rig.kernel.connected.count == 1)
        _ = rig.kernel.sent(first)
        rig.end(first)
        let second = try rig.upstream()
        #expect(rig.kernel.connected.count == 2)
        #expect(rig.kernel.sent(second) == Sample.forwarded)
        rig.end(second)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 502 "))
        #expect(rig.kernel.connected.count == 2)
    }

    @Test func aKeptConnectionThatCannotBeWrittenIsReplacedOnce() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        let first = try rig.upstream()
        rig.send(first, Sample.ok)
        rig.kernel.feed(client, Sample.get)
        // In the same turn, behind the request: the proxy cannot know of it yet.
        rig.kernel.fail(first, 104)
        rig.turn()
        rig.send(try rig.upstream(), Sample.ok)
        #expect(rig.kernel.sent(client) == Sample.answered + Sample.answered)
    }

    @Test func aPostIsNotSentTwice() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        let first = try rig.upstream()
        rig.send(first, Sample.ok)
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
            rig.send(client, Sample.get)
            let upstream = try rig.upstream()
            rig.send(upstream, Sample.ok)
            if speaks { rig.send(upstream, Sample.ok) } else { rig.end(upstream) }
            #expect(!rig.kernel.isOpen(upstream))
            _ = rig.kernel.sent(client)
            rig.send(client, Sample.get)
            #expect(rig.kernel.sent(client) == "")
        }
    }

    @Test func aCutAnswerIsCutForTheClient() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        rig.send(try rig.upstream(), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        rig.end(try rig.upstream())
        #expect(!rig.kernel.isOpen(client) && rig.connections == 0)
    }

    @Test func anAnswerUntilTheEndIsChunkedAndFinished() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        rig.send(try rig.upstream(), "HTTP/1.1 200 OK\r\nDate: d\r\n\r\nabc")
        rig.send(try rig.upstream(), "defg")
        rig.end(try rig.upstream())
        #expect(rig.kernel.sent(client).hasSuffix("\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"))
        #expect(rig.kernel.isOpen(client) && rig.heldBuffers == 0)
    }
}
