import OrreryWire
import Testing

@testable import OrreryProxy

/// Connections that leave HTTP, and how a logout ends them.
struct WorkerTunnelTests {
    // MARK: Leaving HTTP

    @Test func anUpgradeKeepsBytesThatWereInFlightOnBothSides() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.upgrade + "early")
        let upstream = try rig.upstream()
        let head = rig.kernel.sent(upstream)
        #expect(head.contains("Connection: Upgrade\r\nUpgrade: websocket\r\n") && !head.contains("early"))
        rig.send(client, " bird")
        #expect(rig.kernel.sent(upstream) == "")
        rig.send(upstream, Sample.switching + "hello")
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

    /// Silence is no offence; not taking what waits is, on either side.
    @Test(arguments: [true, false]) func aSideThatTakesNothingIsCut(_ isClient: Bool) throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.upgrade)
        let upstream = try rig.upstream()
        rig.send(upstream, Sample.switching)
        let (slow, fast) = isClient ? (client, upstream) : (upstream, client)
        rig.setRoom(slow, 10)
        rig.send(fast, String(repeating: "x", count: 2000))
        rig.pass(.seconds(200))
        // It has caught up, and is late again.
        rig.setRoom(slow, 2000)
        rig.setRoom(slow, 0)
        rig.pass(.seconds(1000))
        rig.send(fast, "y")
        rig.pass(.seconds(200))
        rig.send(slow, "what it says itself does not count")
        rig.pass(.seconds(99))
        #expect(rig.connections == 2)
        rig.pass(.seconds(2))
        #expect(rig.connections == 0)
    }

    @Test func aTunnelEndsInHalves() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.upgrade)
        let upstream = try rig.upstream()
        rig.send(upstream, Sample.switching)
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
        rig.send(client, Sample.upgrade + Sample.get)
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
        rig.send(try rig.upstream(), Sample.ok)
        #expect(rig.kernel.sent(client).hasSuffix("ok") && rig.kernel.isOpen(client))
    }

    @Test func aTunnelWithASlowReaderIsHeldBack() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.upgrade)
        let upstream = try rig.upstream()
        rig.send(upstream, Sample.switching)
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
        rig.send(client, Sample.upgrade)
        rig.send(try rig.upstream(), Sample.switching)
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
        rig.send(socket, Sample.upgrade)
        #expect(rig.kernel.sent(socket).hasPrefix("HTTP/1.1 403 "))
    }

    /// A kept connection may have died, and an upgrade cannot be asked for twice.
    @Test func anUpgradeGetsAConnectionOfItsOwn() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        rig.send(try rig.upstream(), Sample.ok)
        rig.send(client, Sample.upgrade)
        #expect(rig.kernel.connected.count == 2)
        rig.send(try rig.upstream(), Sample.switching)
        #expect(rig.kernel.sent(client).contains("101 Switching Protocols"))
    }
}
