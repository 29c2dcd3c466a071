import OrreryWire
import Testing

@testable import OrreryProxy

/// Secured connections whose records a kernel makes. The scripted one does it with ciphers of OpenSSL's, so that a client
/// only understands what has the right key, nonce and number.
struct WorkerKernelTLSTests {
    private static let body = (0..<500_003).map { UInt8(97 + $0 / 7 % 26) }
    private static let large = Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body

    /// Lets the upstream answer, and carries all of it to the client.
    /// Once the kernel encrypts, there is only `room` for it at a time.
    private func answer(_ client: SecurePeer, _ rig: Rig, _ bytes: [UInt8], room: Int = .max) throws {
        rig.kernel.feed(try rig.upstream(), bytes)
        // Each turn of the rig is a few of the worker's, and moves some pipes full; 60 would do.
        for _ in 0..<(room == .max ? 60 : 60 + bytes.count / room) {
            if rig.kernel.lendings > 0, room != .max { rig.kernel.setRoom(client.number, room) }
            rig.turnOnce()
            client.run()
        }
    }

    private func large(_ secure: SecureRig, before: [String] = [], room: Int = .max) throws -> SecurePeer {
        let client = secure.client()
        for path in before {
            client.send("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
            try answer(client, secure.rig, Array(Sample.ok.utf8))
            _ = client.read()
        }
        client.send(Sample.get)
        try answer(client, secure.rig, Self.large, room: room)
        return client
    }

    private func endsWithBody(_ client: SecurePeer) -> Bool {
        client.read().hasSuffix(String(decoding: Self.body, as: UTF8.self))
    }

    @Test(arguments: ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"])
    func aLargeAnswerIsEncryptedByTheKernel(_ cipher: String) throws {
        let secure = try SecureRig(lendsKeys: true, ciphers: cipher)
        let client = try large(secure, before: ["/user/ada/a", "/user/ada/b"])
        #expect(secure.rig.kernel.splices > 4)
        #expect(secure.rig.kernel.lendings == 1)
        #expect(endsWithBody(client))
        // The connection serves the next requests, small and large.
        client.send(Sample.get)
        try answer(client, secure.rig, Array(Sample.ok.utf8))
        #expect(client.read().hasSuffix("ok"))
        client.send(Sample.get)
        try answer(client, secure.rig, Self.large)
        #expect(endsWithBody(client))
        #expect(secure.rig.kernel.lendings == 1)
    }

    @Test(arguments: [9001, 65_536]) func aSlowReaderIsWaitedFor(_ room: Int) throws {
        let secure = try SecureRig(lendsKeys: true)
        let client = try large(secure, room: room)
        #expect(secure.rig.kernel.lendings == 1)
        #expect(endsWithBody(client))
    }

    @Test func aKernelThatDoesNotKnowTheCipherIsAskedOnce() throws {
        let secure = try SecureRig(lendsKeys: true)
        secure.rig.kernel.offersTLS = false
        let client = try large(secure)
        #expect(endsWithBody(client))
        client.send(Sample.get)
        try answer(client, secure.rig, Self.large)
        #expect(endsWithBody(client))
        #expect(secure.rig.kernel.lendings == 1 && secure.rig.kernel.splices == 0)
    }

    @Test(arguments: [(true, TLSVersion.v12), (false, .v13)])
    func nobodysKeysAreLentThatAreNotKept(_ lends: Bool, _ version: TLSVersion) throws {
        let secure = try SecureRig(lendsKeys: lends, greatest: version)
        let client = try large(secure)
        #expect(endsWithBody(client))
        #expect(secure.rig.kernel.lendings == 0)
    }

    @Test func keysThatWereChangedAreNotLent() throws {
        let secure = try SecureRig(lendsKeys: true)
        let client = secure.client()
        client.changeKeys()
        client.send(Sample.get)
        try answer(client, secure.rig, Self.large)
        #expect(endsWithBody(client))
        #expect(secure.rig.kernel.lendings == 0)
    }

    /// The kernel has no others, and to go on with the old ones would break the client's trust in what it asked for.
    @Test func whoWantsOtherKeysThanTheKernelHasIsLeft() throws {
        let secure = try SecureRig(lendsKeys: true)
        let client = try large(secure)
        client.changeKeys()
        client.send(Sample.get)
        #expect(!secure.rig.kernel.isOpen(client.number))
        #expect(secure.rig.connections == 0)
    }

    /// The kernel makes records of 16 KiB, whatever was agreed on.
    @Test func whoWantsSmallRecordsGetsThem() throws {
        let secure = try SecureRig(lendsKeys: true)
        let client = secure.client(fragments: 1)
        client.send(Sample.get)
        try answer(client, secure.rig, Self.large)
        #expect(endsWithBody(client))
        #expect(secure.rig.kernel.lendings == 0)
    }

    @Test func rubbishIsAnsweredOnceAndNotWithAnOrderlyEnd() throws {
        let secure = try SecureRig(lendsKeys: true)
        let client = try large(secure)
        secure.rig.kernel.setUnconfirmed(client.number, 1)
        secure.rig.kernel.feed(client.number, [23, 3, 3, 0, 32] + [UInt8](repeating: 7, count: 32))
        secure.rig.turn()
        secure.rig.kernel.setUnconfirmed(client.number, 0)
        secure.rig.pass(ProxyLimits().linger * 2)
        #expect(!secure.rig.kernel.isOpen(client.number))
        #expect(secure.rig.kernel.socket(client.serial)?.alerts == [.badRecord])
    }

    // MARK: The end

    private func leaving(_ secure: SecureRig) throws -> SecurePeer {
        let client = secure.client()
        client.send("GET /user/ada/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        secure.rig.kernel.setUnconfirmed(client.number, 300_000)
        try answer(client, secure.rig, Self.large)
        #expect(endsWithBody(client))
        #expect(client.hasEnded, "TLS's word for the end")
        #expect(secure.rig.kernel.isOpen(client.number), "the kernel would throw away what is left")
        return client
    }

    @Test func aConnectionIsClosedOnceAllIsConfirmed() throws {
        let secure = try SecureRig(lendsKeys: true)
        let client = try leaving(secure)
        for left in [200_000, 100_000, 1] {
            secure.rig.kernel.setUnconfirmed(client.number, left)
            secure.rig.pass(ProxyLimits().linger * 2)
            #expect(secure.rig.kernel.isOpen(client.number))
        }
        secure.rig.kernel.setUnconfirmed(client.number, 0)
        secure.rig.pass(ProxyLimits().linger * 2)
        #expect(!secure.rig.kernel.isOpen(client.number))
        #expect(secure.rig.heldBuffers == 0)
    }

    /// Nor is whoever pauses cut off: as long as an answer may stand still.
    @Test func whoTakesNothingMoreIsNotWaitedFor() throws {
        var limits = ProxyLimits()
        limits.stall = .seconds(20)
        let secure = try SecureRig(limits: limits, lendsKeys: true)
        let client = try leaving(secure)
        for _ in 0..<8 { secure.rig.pass(limits.linger) }
        #expect(secure.rig.kernel.isOpen(client.number))
        for _ in 0..<4 { secure.rig.pass(limits.linger) }
        #expect(!secure.rig.kernel.isOpen(client.number))
    }

    @Test func whoHasGoneIsNotWaitedFor() throws {
        let secure = try SecureRig(lendsKeys: true)
        let client = try leaving(secure)
        secure.rig.fail(client.number)
        #expect(!secure.rig.kernel.isOpen(client.number))
    }

    /// Whoever is left with more for it in the pipe: no end is said, so none is waited for.
    @Test func whoIsCutIsClosedOnceAllIsConfirmed() throws {
        let secure = try SecureRig(lendsKeys: true)
        let client = secure.client()
        client.send(Sample.upgrade)
        secure.rig.kernel.setUnconfirmed(client.number, 9001)
        try answer(client, secure.rig, Array(Sample.switching.utf8) + Self.body)
        #expect(secure.rig.kernel.lendings == 1)
        secure.rig.kernel.setRoom(client.number, 0)
        try answer(client, secure.rig, Self.body)
        client.changeKeys()
        client.send("x")
        #expect(secure.rig.shared.metrics.value(.tunnelsClosed) == 1)
        #expect(secure.rig.kernel.isOpen(client.number), "the kernel would throw away what is left")
        secure.rig.kernel.setUnconfirmed(client.number, 0)
        secure.rig.pass(ProxyLimits().linger)
        #expect(!secure.rig.kernel.isOpen(client.number))
        #expect(secure.rig.kernel.socket(client.serial)?.alerts == [])
    }

    @Test func theEndIsSaidOnceThereIsRoomForIt() throws {
        let secure = try SecureRig(lendsKeys: true)
        let client = try large(secure)
        _ = client.read()
        secure.rig.setRoom(client.number, 0)
        secure.rig.pass(ProxyLimits().idle * 2)
        client.run()
        #expect(secure.rig.kernel.isOpen(client.number) && !client.hasEnded)
        secure.rig.setRoom(client.number, .max)
        client.takeLast()
        #expect(client.hasEnded && !secure.rig.kernel.isOpen(client.number))
    }

    /// Even if it has not confirmed what it was sent last.
    @Test(arguments: [0, 100]) func anIdleOneMakesRoomAtOnce(_ unconfirmed: Int) throws {
        var limits = ProxyLimits()
        limits.connections = 2
        let secure = try SecureRig(limits: limits, lendsKeys: true)
        let client = try large(secure)
        secure.rig.kernel.setUnconfirmed(client.number, unconfirmed)
        // The upstream's, and then the client's place is taken.
        let newcomers = (0..<2).map { _ in secure.client() }
        #expect(newcomers.allSatisfy { $0.isDone })
        #expect(secure.rig.kernel.socket(client.serial)?.isClosed == true)
    }

    @Test func aTunnelsEndIsSaidOnceThereIsRoomForIt() throws {
        let secure = try SecureRig(lendsKeys: true)
        let client = secure.client()
        client.send(Sample.upgrade)
        try answer(client, secure.rig, Array(Sample.switching.utf8) + Self.body)
        #expect(secure.rig.kernel.lendings == 1)
        secure.rig.setRoom(client.number, 0)
        secure.rig.end(try secure.rig.upstream())
        client.run()
        #expect(endsWithBody(client) && !client.hasEnded)
        secure.rig.setRoom(client.number, .max)
        client.run()
        #expect(client.hasEnded)
    }

    @Test func whatIsCountedIsCountedWhenItBeginsToLeave() throws {
        let secure = try SecureRig(lendsKeys: true)
        let client = secure.client()
        client.send(Sample.upgrade)
        try answer(client, secure.rig, Array(Sample.switching.utf8) + Self.body)
        secure.rig.kernel.setUnconfirmed(client.number, 1)
        secure.rig.end(try secure.rig.upstream())
        client.end()
        let metrics = secure.rig.shared.metrics
        #expect(metrics.value(.tunnelsOpened) == 1 && metrics.value(.tunnelsClosed) == 1)
        secure.rig.kernel.setUnconfirmed(client.number, 0)
        secure.rig.pass(ProxyLimits().linger * 2)
        #expect(metrics.value(.tunnelsClosed) == 1 && metrics.value(.clientsClosed) == 1)
    }
}
