import OrreryWire
import Synchronization
import Testing

@testable import OrreryProxy

/// The end of a worker, phase by phase.
struct WorkerDrainTests {
    private func rig(_ drain: Duration = .seconds(30)) throws -> Rig {
        var limits = ProxyLimits()
        limits.drain = drain
        return try Rig(limits: limits)
    }

    private static let farewell = Sample.answered.replacing("Connection: keep-alive", with: "Connection: close")

    @Test func theDoorClosesAfterWhoIsComingHasCome() throws {
        let rig = try rig()
        rig.stop()
        #expect(!rig.kernel.hearsNewcomers && rig.kernel.isListening && !rig.hasLeft)
        let late = rig.client()
        rig.send(late, Sample.get)
        rig.send(try rig.upstream(), Sample.ok)
        #expect(rig.kernel.sent(late).contains("Connection: close"))
        // Still in the kernel's queue when the time is over.
        let last = rig.kernel.connectClient()
        rig.pass(.milliseconds(500))
        #expect(!rig.kernel.isListening && !rig.kernel.listenerIsWatched)
        rig.send(last, Sample.get)
        rig.send(try rig.upstream(), Sample.ok)
        #expect(rig.kernel.sent(last).hasPrefix("HTTP/1.1 200 "))
        #expect(rig.hasLeft)
    }

    @Test func anIdleClientIsServedOnceMore() throws {
        let rig = try rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        rig.send(try rig.upstream(), Sample.ok)
        _ = rig.kernel.sent(client)
        rig.stop()
        #expect(rig.kernel.isOpen(client))
        rig.send(client, Sample.get)
        rig.send(try rig.upstream(), Sample.ok)
        #expect(rig.kernel.sent(client) == Self.farewell)
        #expect(!rig.kernel.isOpen(client) && rig.kernel.connected.count == 1)
    }

    @Test func anIdleClientThatSendsNothingIsClosed() throws {
        let rig = try rig()
        let client = rig.client()
        rig.stop()
        rig.pass(.seconds(4))
        #expect(rig.kernel.isOpen(client))
        rig.pass(.seconds(2))
        #expect(!rig.kernel.isOpen(client) && rig.hasLeft)
    }

    @Test func aHeadThatHasBegunIsWaitedFor() throws {
        let rig = try rig()
        let client = rig.client()
        rig.send(client, "GET /user/ada/ HTTP/1.1\r\nHost: h\r\n")
        rig.stop()
        rig.pass(.seconds(10))
        rig.send(client, "\r\n")
        rig.send(try rig.upstream(), Sample.ok)
        #expect(rig.kernel.sent(client) == Self.farewell)
    }

    @Test func aRunningRequestEndsAndSaysSo() throws {
        let rig = try rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        rig.stop()
        rig.pass(.seconds(20))
        #expect(!rig.hasLeft)
        rig.send(try rig.upstream(), Sample.ok)
        #expect(rig.kernel.sent(client) == Self.farewell && rig.hasLeft)
    }

    /// The head of its answer has promised more, so the next request may be on its way already.
    @Test func whoWasPromisedAnotherRequestMaySendIt() throws {
        let rig = try rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        rig.send(try rig.upstream(), "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 4\r\n\r\nha")
        rig.stop()
        rig.send(try rig.upstream(), "lf")
        #expect(rig.kernel.isOpen(client))
        _ = rig.kernel.sent(client)
        rig.send(client, Sample.get)
        rig.send(try rig.upstream(), Sample.ok)
        #expect(rig.kernel.sent(client) == Self.farewell && !rig.kernel.isOpen(client))
    }

    @Test func whatStillRunsIsCutAtTheDeadline() throws {
        let rig = try rig(.seconds(1))
        let (socket, waiting) = (rig.client(), rig.client())
        rig.send(socket, Sample.upgrade)
        rig.send(try rig.upstream(), Sample.switching)
        rig.send(waiting, Sample.get)
        rig.stop()
        rig.pass(.milliseconds(900))
        rig.send(socket, "still here")
        #expect(rig.kernel.sent(try #require(rig.kernel.connected.first)).hasSuffix("still here"))
        #expect(!rig.hasLeft)
        rig.pass(.milliseconds(100))
        #expect(rig.hasLeft)
    }

    @Test func anAnswerWithoutALengthIsCutSoThatItShows() throws {
        let rig = try rig()
        let open = rig.client()
        rig.send(open, "GET /user/ada/ HTTP/1.0\r\n\r\n")
        rig.send(try rig.upstream(), "HTTP/1.1 200 OK\r\n\r\nhalf")
        let counted = rig.client()
        rig.send(counted, "GET /user/ada/ HTTP/1.0\r\n\r\n")
        rig.send(try rig.upstream(), "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
        rig.closeAll()
        #expect(rig.kernel.closed.first { $0.number == open }?.socket.isReset == true)
        #expect(rig.kernel.closed.first { $0.number == counted }?.socket.isReset == false)
    }

    /// The whole answer has been read, and its last bytes wait: what is missing must show as well.
    @Test(arguments: [true, false]) func theLastBytesOfAnAnswerAreMissedToo(_ isStopping: Bool) throws {
        let rig = try rig()
        let client = rig.client()
        rig.send(client, "GET /user/ada/ HTTP/1.0\r\n\r\n")
        rig.setRoom(client, 100)
        let body = String(repeating: "x", count: 1000)
        rig.send(try rig.upstream(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n\(body)\r\n0\r\n\r\n")
        #expect(rig.kernel.isOpen(client))
        if isStopping { rig.closeAll() } else { rig.pass(.seconds(301)) }
        #expect(rig.kernel.closed.first { $0.number == client }?.socket.isReset == true)
    }

    /// The page in place of an answer says too that the connection ends.
    @Test func anErrorPageIsTheLastAnswerToo() throws {
        let rig = try Rig(errorTarget: "http://10.0.0.9:8081/hub/error")
        let client = rig.client()
        rig.send(client, Sample.get)
        rig.stop()
        rig.end(try rig.upstream())
        rig.send(try rig.upstream(), "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\npage")
        #expect(rig.kernel.sent(client).contains("Connection: close"))
        #expect(!rig.kernel.isOpen(client))
    }

    @Test func whoAsksTwiceDoesNotWait() throws {
        let rig = try rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        rig.stop()
        #expect(!rig.hasLeft)
        rig.stop(atOnce: true)
        #expect(rig.hasLeft)
    }

    @Test func keptUpstreamsDoNotHoldTheEndUp() throws {
        let rig = try rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        rig.send(try rig.upstream(), Sample.ok)
        rig.end(client)
        rig.stop()
        rig.pass(.milliseconds(500))
        #expect(rig.connections == 1 && rig.hasLeft)
    }
}
