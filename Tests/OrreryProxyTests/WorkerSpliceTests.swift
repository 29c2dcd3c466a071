import OrreryWire
import Testing

@testable import OrreryProxy

/// Large bodies and busy tunnels, which go from socket to socket through the kernel's pipes.
struct WorkerSpliceTests {
    static let size = (1 << 20) + 17
    static let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) }
    static let head = "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: \(size)\r\n\r\n"

    /// A rig whose client has asked for the body.
    private func asking() throws -> (Rig, client: CInt, upstream: CInt) {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        return (rig, client, try rig.upstream())
    }

    private func turns(_ rig: Rig, _ count: Int = 40) { for _ in 0..<count { rig.turn() } }

    @Test func aLargeAnswerArrivesWholeWithoutComingUp() throws {
        let (rig, client, upstream) = try asking()
        rig.kernel.feed(upstream, Array(Self.head.utf8) + Self.body)
        turns(rig)
        let sent = rig.kernel.sentBytes(client)
        #expect(sent.count > Self.size && Array(sent.suffix(Self.size)) == Self.body)
        #expect(rig.kernel.splices > 8)
        // The connection serves the next request.
        rig.send(client, Sample.get)
        rig.send(upstream, Sample.ok)
        #expect(rig.kernel.sent(client).hasSuffix("ok"))
        #expect(rig.kernel.piped == 0)
    }

    /// Whatever the client takes at a time, nothing is lost, and the upstream is read no further than a pipe holds.
    @Test(arguments: [9001, 65_536, 300_001]) func aSlowReaderIsWaitedFor(_ room: Int) throws {
        let (rig, client, upstream) = try asking()
        rig.kernel.setRoom(client, 400)
        rig.kernel.feed(upstream, Array(Self.head.utf8) + Self.body)
        turns(rig)
        #expect((rig.kernel.sockets[upstream]?.incoming.count ?? 0) > Self.size - (300 << 10))
        var got: [UInt8] = []
        while got.count < Self.size, rig.kernel.isOpen(client) {
            rig.setRoom(client, room)
            let more = rig.kernel.sentBytes(client)
            guard !more.isEmpty else { break }
            got += more
        }
        #expect(Array(got.suffix(Self.size)) == Self.body)
    }

    @Test func anAnswerCutShortIsCutForTheClientToo() throws {
        let (rig, client, upstream) = try asking()
        rig.kernel.feed(upstream, Array(Self.head.utf8) + Self.body.dropLast(10))
        turns(rig)
        rig.end(upstream)
        turns(rig)
        #expect(!rig.kernel.isOpen(client) && !rig.kernel.isOpen(upstream))
        #expect(rig.connections == 0 && rig.kernel.piped == 0)
    }

    @Test func aClientThatLeavesTakesThePipeWithIt() throws {
        let (rig, client, upstream) = try asking()
        rig.kernel.setRoom(client, 150_000)
        rig.kernel.feed(upstream, Array(Self.head.utf8) + Self.body)
        turns(rig)
        #expect(rig.kernel.piped > 0)
        rig.fail(client)
        #expect(!rig.kernel.isOpen(upstream) && rig.connections == 0)
        #expect(rig.kernel.piped == 0)
    }

    @Test func withoutPipesTheBodyIsCopied() throws {
        let (rig, client, upstream) = try asking()
        rig.kernel.isExhausted = true
        rig.kernel.feed(upstream, Array(Self.head.utf8) + Self.body)
        turns(rig)
        #expect(Array(rig.kernel.sentBytes(client).suffix(Self.size)) == Self.body)
        #expect(rig.kernel.splices == 0)
    }

    @Test func aLargeUploadArrivesWhole() throws {
        let rig = try Rig()
        let client = rig.client()
        let head = "PUT /user/ada/files/x HTTP/1.1\r\nHost: h\r\nContent-Length: \(Self.size)\r\n\r\n"
        rig.kernel.feed(client, Array(head.utf8) + Self.body + Array(Sample.get.utf8))
        turns(rig)
        let upstream = try rig.upstream()
        #expect(Array(rig.kernel.sentBytes(upstream).suffix(Self.size)) == Self.body)
        #expect(rig.kernel.splices > 8)
        rig.send(upstream, Sample.ok)
        // The request behind it was not swallowed.
        #expect(rig.kernel.sent(upstream) == Sample.forwarded)
    }

    @Test func anEarlyAnswerEndsASplicedUpload() throws {
        let rig = try Rig()
        let client = rig.client()
        let head = "PUT /user/ada/files/x HTTP/1.1\r\nHost: h\r\nContent-Length: \(Self.size)\r\n\r\n"
        rig.kernel.feed(client, Array(head.utf8) + Self.body.prefix(600 << 10))
        turns(rig)
        let upstream = try rig.upstream()
        rig.send(upstream, "HTTP/1.1 413 Too Large\r\nDate: now\r\nContent-Length: 0\r\n\r\n")
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 413"))
        #expect(!rig.kernel.isOpen(upstream) && rig.kernel.piped == 0)
    }

    /// The whole body has been read and lies in the pipe: it would follow the next request over the same connection.
    @Test func anAnswerBeforeTheUploadHasLeftEndsItsConnection() throws {
        let rig = try Rig()
        let client = rig.client()
        let head = "PUT /user/ada/files/x HTTP/1.1\r\nHost: h\r\nContent-Length: \(600 << 10)\r\n\r\n"
        rig.kernel.feed(client, Array(head.utf8) + Self.body.prefix(100 << 10))
        turns(rig)
        let upstream = try rig.upstream()
        var left = Self.body[(100 << 10)..<(600 << 10)]
        while !left.isEmpty {
            // Room for all but what is fed last.
            rig.kernel.setRoom(upstream, left.count > 90_000 ? 90_000 : 0)
            rig.kernel.feed(client, Array(left.prefix(90_000)))
            left = left.dropFirst(90_000)
            turns(rig)
        }
        #expect(rig.kernel.sockets[client]?.incoming.isEmpty == true && rig.kernel.piped > 0)
        rig.send(upstream, Sample.ok)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 200 ") && rig.kernel.isOpen(client))
        #expect(!rig.kernel.isOpen(upstream) && rig.kernel.piped == 0)
    }

    @Test func aBusyTunnelIsSplicedAndAQuietOneHoldsNothing() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.upgrade)
        let upstream = try rig.upstream()
        rig.send(upstream, Sample.switching)
        _ = rig.kernel.sent(client)
        rig.kernel.feed(upstream, Self.body)
        rig.kernel.feed(client, Self.body.reversed())
        turns(rig)
        #expect(rig.kernel.sentBytes(client) == Self.body)
        #expect(Array(rig.kernel.sentBytes(upstream).suffix(Self.size)) == Self.body.reversed())
        let splices = rig.kernel.splices
        #expect(splices > 8)
        rig.send(client, "ping")
        rig.send(upstream, "pong")
        #expect(rig.kernel.sent(upstream) == "ping" && rig.kernel.sent(client) == "pong")
        #expect(rig.kernel.splices == splices)
        // The end is passed on behind all bytes.
        rig.kernel.setRoom(client, 1000)
        rig.kernel.feed(upstream, Self.body)
        rig.end(upstream)
        turns(rig)
        #expect(rig.kernel.sockets[client]?.isShutDown == false)
        rig.setRoom(client, .max)
        turns(rig)
        #expect(rig.kernel.sentBytes(client) == Self.body && rig.kernel.sockets[client]?.isShutDown == true)
    }
}
