import OrreryWire
import Testing

@testable import OrreryProxy

/// The worker in front of a scripted kernel: what is relayed, and every corner of I/O, whenever the test wants it.
struct WorkerTests {
    // MARK: Relaying

    @Test func aRequestGoesToItsRouteAndTheAnswerComesBack() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        let upstream = try rig.upstream()
        #expect(rig.kernel.sockets[upstream]?.address?.description == "10.0.0.2:8888")
        #expect(rig.kernel.sent(upstream) == Sample.forwarded)
        rig.send(upstream, Sample.ok)
        #expect(rig.kernel.sent(client) == Sample.answered)
        #expect(rig.heldBuffers == 0)
    }

    @Test func theSecondRequestReusesBothConnectionsWithFourCalls() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        rig.send(try rig.upstream(), Sample.ok)
        let (receives, sends) = (rig.kernel.receives, rig.kernel.sends)
        rig.send(client, Sample.get)
        rig.send(try rig.upstream(), Sample.ok)
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
            rig.send(client, Sample.get)
            let upstream = try rig.upstream()
            rig.kernel.setRoom(upstream, 0)
            rig.kernel.setRoom(client, 0)
            rig.kernel.establish(upstream)
            rig.turn()
            for _ in 0...(Sample.forwarded.utf8.count / room) { rig.setRoom(upstream, room) }
            #expect(rig.kernel.sockets[upstream]?.outgoing == Array(Sample.forwarded.utf8))
            rig.setRoom(upstream, .max)
            rig.send(upstream, Sample.ok)
            for _ in 0...(Sample.answered.utf8.count / room) { rig.setRoom(client, room) }
            #expect(rig.kernel.sent(client) == Sample.answered)
            rig.setRoom(client, .max)
            #expect(rig.heldBuffers == 0)
            rig.send(client, Sample.get)
            #expect(rig.kernel.connected.count == 1, "the connection was not kept")
        }
    }

    @Test func aSlowReaderStopsTheUpstreamAndHoldsOneBuffer() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get)
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
        rig.send(upstream, Sample.ok)
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
        rig.send(next, Sample.get)
        #expect(rig.kernel.connected.count == 1)
    }

    @Test func anEventForAConnectionClosedInTheSameTurnIsIgnored() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        let upstream = try rig.upstream()
        // Both at once: the first closes both.
        rig.kernel.fail(client, 104)
        rig.kernel.feed(upstream, Sample.ok)
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
        rig.send(client, Sample.get)
        rig.send(try rig.upstream(), Sample.ok)
        #expect(rig.kernel.sent(client) == Sample.answered)
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
}
