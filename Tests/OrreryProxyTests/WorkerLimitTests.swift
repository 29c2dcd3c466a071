import OrreryWire
import Testing

@testable import OrreryProxy

/// What a client may take of places, time and patience, on a clock that is turned.
struct WorkerLimitTests {
    private static let put = "PUT /user/ada/f HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"

    private func rig(_ change: (inout ProxyLimits) -> Void = { _ in }) throws -> Rig {
        var limits = ProxyLimits()
        change(&limits)
        return try Rig(limits: limits)
    }

    private func refused(_ rig: Rig, _ limit: Metric) -> UInt64 { rig.shared.metrics.value(limit) }

    // MARK: Uploads

    @Test func anUploadThatTricklesIsEnded() throws {
        let rig = try rig()
        let client = rig.client()
        rig.send(client, Self.put)
        for _ in 0..<29 {
            rig.pass(.seconds(1))
            rig.send(client, String(repeating: "x", count: 239))
        }
        #expect(rig.kernel.sent(client).isEmpty)
        rig.pass(.seconds(1))
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 408 ") && refused(rig, .refusedSlowBody) == 1)
    }

    @Test func anUploadThatIsFastEnoughGoesOn() throws {
        let rig = try rig()
        let client = rig.client()
        rig.send(client, Self.put)
        for _ in 0..<20 {
            rig.send(client, String(repeating: "x", count: 30 * 240))
            rig.pass(.seconds(30))
        }
        #expect(rig.kernel.sent(client).isEmpty && rig.connections == 2)
        // What came before does not count for later.
        rig.pass(.seconds(30))
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 408 "))
    }

    @Test func anUpstreamThatDoesNotReadIsNotTheClientsFault() throws {
        let rig = try rig { $0.answer = .seconds(600) }
        let client = rig.client()
        rig.send(client, Self.put)
        rig.setRoom(try rig.upstream(), 0)
        rig.kernel.feed(client, [UInt8](repeating: 120, count: 300_000))
        rig.turn()
        rig.pass(.seconds(290))
        #expect(rig.kernel.sent(client).isEmpty)
        rig.setRoom(try rig.upstream(), .max)
        rig.setRoom(try rig.upstream(), 0)
        rig.kernel.feed(client, [UInt8](repeating: 120, count: 300_000))
        rig.turn()
        for _ in 0..<44 { rig.pass(.seconds(15)) }
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 504 ") && refused(rig, .refusedSlowBody) == 0)
    }

    @Test func whoWaitsToBeToldToGoOnMayWaitForLong() throws {
        let rig = try rig()
        let client = rig.client()
        rig.send(client, Self.put.replacing("\r\n\r\n", with: "\r\nExpect: 100-continue\r\n\r\n"))
        for _ in 0..<9 { rig.pass(.seconds(30)) }
        #expect(rig.kernel.sent(client).isEmpty)
        rig.pass(.seconds(60))
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 408 "))
    }

    @Test func withoutALeastRateOnlySilenceEndsAnUpload() throws {
        let rig = try rig { $0.uploadRate = 0 }
        let client = rig.client()
        rig.send(client, Self.put)
        for _ in 0..<10 {
            rig.pass(.seconds(290))
            rig.send(client, "x")
        }
        #expect(rig.kernel.sent(client).isEmpty)
        rig.pass(.seconds(301))
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 408 "))
    }

    @Test func withoutALeastRateATargetThatTakesNothingIsHeardForAsLongAsAnAnswerMayTake() throws {
        let rig = try rig { ($0.uploadRate, $0.answer) = (0, .seconds(800)) }
        let client = rig.client()
        rig.send(client, Self.put)
        rig.setRoom(try rig.upstream(), 0)
        rig.kernel.feed(client, [UInt8](repeating: 120, count: 300_000))
        rig.turn()
        for _ in 0..<2 { rig.pass(.seconds(301)) }
        #expect(rig.kernel.sent(client).isEmpty)
        rig.pass(.seconds(301))
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 504 ") && refused(rig, .refusedSlowBody) == 0)
    }

    // MARK: Answers

    @Test func anInterimAnswerThatIsReadLateLeavesTheAnswerItsTime() throws {
        let rig = try rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        rig.setRoom(client, 10)
        rig.send(try rig.upstream(), "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n")
        rig.pass(.seconds(10))
        rig.setRoom(client, .max)
        rig.pass(.seconds(301))
        rig.send(try rig.upstream(), Sample.ok)
        #expect(rig.kernel.sent(client).hasSuffix("ok"))
    }

    private func answering(_ rig: Rig, _ count: Int) throws -> CInt {
        let client = rig.client()
        rig.send(client, Sample.get)
        rig.setRoom(client, 100)
        rig.kernel.feed(try rig.upstream(), "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        rig.kernel.feed(try rig.upstream(), [UInt8](repeating: 120, count: count))
        rig.turn()
        return client
    }

    @Test func aReaderThatTricklesIsCut() throws {
        let rig = try rig()
        let client = try answering(rig, 60_000)
        for _ in 0..<29 {
            rig.pass(.seconds(10))
            rig.setRoom(client, 10)
        }
        #expect(rig.kernel.isOpen(client))
        rig.pass(.seconds(11))
        #expect(!rig.kernel.isOpen(client) && refused(rig, .refusedSlowReader) == 1)
    }

    @Test func aReaderThatHasCaughtUpMayWaitForEver() throws {
        let rig = try rig()
        let client = try answering(rig, 5_000)
        rig.pass(.seconds(200))
        rig.setRoom(client, .max)
        rig.pass(.seconds(10_000))
        #expect(rig.kernel.isOpen(client))
        rig.send(try rig.upstream(), "more")
        #expect(rig.kernel.sent(client).hasSuffix("more"))
    }

    @Test func anAnswerMayBeLimitedInItsSilence() throws {
        let rig = try rig { $0.quiet = .seconds(5) }
        let client = rig.client()
        rig.send(client, Sample.get)
        rig.send(try rig.upstream(), "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
        for _ in 0..<5 {
            rig.pass(.seconds(4))
            rig.send(try rig.upstream(), "more")
        }
        #expect(rig.kernel.isOpen(client))
        rig.pass(.seconds(5))
        #expect(!rig.kernel.isOpen(client))
    }

    // MARK: Places

    @Test func anAddressHasOnlySoManyConnections() throws {
        let rig = try rig { $0.connectionsPerAddress = 2 }
        let address = "198.51.100.7"
        let held = [rig.kernel.connectClient(address), rig.kernel.connectClient(address)]
        let third = rig.kernel.connectClient(address)
        let other = rig.kernel.connectClient("198.51.100.8")
        rig.turn()
        #expect(rig.kernel.sent(third).hasPrefix("HTTP/1.1 429 ") && refused(rig, .refusedAddress) == 1)
        rig.end(third)
        rig.send(other, Sample.get)
        #expect(rig.kernel.connected.count == 1)
        rig.end(held[0])
        let fourth = rig.kernel.connectClient(address)
        rig.turn()
        rig.send(fourth, Sample.get)
        #expect(rig.kernel.sent(fourth).isEmpty && rig.kernel.connected.count == 2)
    }

    @Test func localAddressesAreCountedOnRequestOnly() throws {
        for isCounted in [false, true] {
            let rig = try rig {
                $0.connectionsPerAddress = 1
                $0.countsLocalAddresses = isCounted
            }
            _ = rig.kernel.connectClient("10.1.2.3")
            let second = rig.kernel.connectClient("10.1.2.3")
            rig.turn()
            #expect(rig.kernel.sent(second).isEmpty == !isCounted)
        }
    }

    @Test func whoHasBeenIdleForLongestMakesRoom() throws {
        let rig = try rig()
        let clients = (0..<3).map { _ in
            rig.pass(.seconds(1))
            return rig.client()
        }
        rig.send(clients[0], Sample.get)
        rig.kernel.descriptorLimit = 4
        let newcomer = rig.client()
        // The oldest runs a request, so the second goes; the newcomer is served over a place of the third.
        #expect(rig.kernel.isOpen(clients[0]) && !rig.kernel.isOpen(clients[1]) && rig.kernel.isOpen(clients[2]))
        rig.send(newcomer, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(rig.kernel.sent(try rig.upstream()).hasPrefix("GET / "))
        #expect(!rig.kernel.isOpen(clients[2]) && refused(rig, .evicted) == 2)
        #expect(rig.kernel.listenerIsWatched)
    }

    @Test func aFullTableOfPlacesMakesRoomToo() throws {
        let rig = try rig { $0.connections = 2 }
        let first = rig.client()
        rig.pass(.seconds(1))
        let second = rig.client()
        let third = rig.client()
        #expect(!rig.kernel.isOpen(first) || first == third)
        #expect(rig.kernel.isOpen(second) && rig.kernel.isOpen(third) && refused(rig, .evicted) == 1)
    }

    /// Whoever asks is idle no more: closed, its own place would be its upstream's.
    @Test func nobodyMakesRoomForWhatItAsksForItself() throws {
        let rig = try rig()
        let client = rig.client()
        rig.kernel.descriptorLimit = 1
        rig.send(client, Sample.get)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 503 ") && rig.kernel.isOpen(client))
        #expect(rig.kernel.connected.isEmpty && refused(rig, .evicted) == 0)
    }

    @Test func theLastDescriptorIsOfUse() throws {
        let rig = try rig()
        rig.kernel.descriptorLimit = 2
        let (first, second) = (rig.client(), rig.client())
        #expect(rig.kernel.isOpen(first) && rig.kernel.isOpen(second))
        #expect(refused(rig, .evicted) == 0 && rig.kernel.listenerIsWatched)
    }

    @Test func aPlaceIsMadeForAnUpstreamToo() throws {
        let rig = try rig { $0.connections = 2 }
        let idle = rig.client()
        rig.pass(.seconds(1))
        let client = rig.client()
        rig.send(client, Sample.get)
        let upstream = try rig.upstream()
        #expect(rig.kernel.sent(upstream).hasPrefix("GET /user/ada"))
        #expect(rig.kernel.isOpen(client) && refused(rig, .evicted) == 1)
        #expect(!rig.kernel.isOpen(idle) || idle == upstream)
    }

    /// Else the listener, which goes on telling of whoever waits, would take a whole core.
    @Test func theHubWaitsWhereNoDescriptorIsLeft() throws {
        let rig = try Rig(hasInner: true)
        let busy = rig.client()
        rig.send(busy, Sample.get)
        rig.kernel.descriptorLimit = 2
        let hub = rig.kernel.connectClient(at: ScriptedKernel.inner)
        rig.turn()
        #expect(rig.kernel.watched[ScriptedKernel.inner] == nil)
        rig.kernel.descriptorLimit = 3
        rig.pass(.milliseconds(200))
        #expect(rig.kernel.watched[ScriptedKernel.inner] != nil)
        rig.send(hub, Sample.get)
        // It is served there, though there is no tunnel to serve it over.
        #expect(rig.kernel.sent(hub).hasPrefix("HTTP/1.1 404 "))
    }
}
