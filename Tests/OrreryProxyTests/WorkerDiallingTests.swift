import OrreryLink
import OrreryWire
import Testing

@testable import OrreryProxy

/// Upstreams of all kinds: what is dialled, what is handed over, and who shares a connection with whom.
struct WorkerDiallingTests {
    private static let routes = [
        "/unix": "unix:/run/a.sock", "/pod": "cluster:north/pod-1:8888", "/other": "cluster:north/pod-2:8888",
        "/same": "cluster:north/pod-1:8888", "/tls": "https://10.0.0.2:8888", "/plain": "http://10.0.0.2:8888",
    ]

    private func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n" }

    @Test func aSocketInTheFileSystemServes() throws {
        let rig = try Rig(routes: Self.routes)
        let client = rig.client()
        rig.send(client, get("/unix/x"))
        let upstream = try rig.upstream()
        #expect(rig.kernel.sockets[upstream]?.path == "/run/a.sock")
        rig.send(upstream, Sample.ok)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 200 "))
        rig.send(client, get("/unix/y"))
        #expect(rig.kernel.connected == [upstream], "a kept connection serves the next request")
    }

    @Test func aConnectionThatIsHandedOverServes() throws {
        let rig = try Rig(routes: Self.routes)
        let client = rig.client()
        rig.send(client, get("/pod/x"))
        #expect(rig.kernel.connected == [] && rig.kernel.asked.count == 1)
        #expect(
            rig.shared.routes.peers.peer(UInt32(rig.kernel.asked[0].word))
                == .cluster(name: "north", pod: "pod-1", port: 8888))
        let upstream = try #require(rig.kernel.hand(connected: true))
        rig.turn()
        #expect(rig.kernel.sent(upstream).hasPrefix("GET /pod/x HTTP/1.1\r\n"))
        rig.send(upstream, Sample.ok)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 200 "))
        rig.send(client, get("/same/x"))
        #expect(rig.kernel.asked.isEmpty, "two routes to one port share its connections")
        rig.send(upstream, Sample.ok)
        _ = rig.kernel.sent(client)
        rig.send(client, get("/other/x"))
        #expect(rig.kernel.asked.count == 1, "another pod's connection is another one")
    }

    @Test func aBodyWaitsForTheConnection() throws {
        let rig = try Rig(routes: Self.routes)
        let client = rig.client()
        rig.send(client, "POST /pod HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc")
        rig.send(client, "def")
        let upstream = try #require(rig.kernel.hand(connected: true))
        rig.turn()
        #expect(rig.kernel.sent(upstream).hasSuffix("\r\n\r\nabcdef"))
    }

    @Test func noConnectionIs503AtOnceWithATimeToTryAgain() throws {
        let rig = try Rig(routes: Self.routes)
        let client = rig.client()
        rig.send(client, get("/pod/x"))
        rig.kernel.hand(connected: false)
        rig.turn()
        let answer = rig.kernel.sent(client)
        #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("\r\nRetry-After: 1\r\n"))
        #expect(rig.connections == 1 && rig.heldBuffers == 0)
    }

    /// No room here for the descriptor of a connection that was handed over: what came with it goes too.
    @Test func aConnectionThatIsLostOnItsWayLeavesNothing() throws {
        let signal = SharedDescriptor(try Descriptor.signal())
        let rig = try Rig(
            routes: Self.routes,
            makeTunnel: { Tunnel(peers: $0, signal: signal, identity: "here", pins: [], address: nil) })
        let tunnel = try #require(rig.shared.tunnel)
        let address = try #require(SocketAddress.resolve("192.0.2.7", port: 1))
        func lose() {
            tunnel.figures.bind(1, cluster: "north")
            let word = tunnel.cloakroom.leave(
                Traveller(
                    stream: TLSStream(), kind: .data, publicKey: [], address: address, early: [],
                    binding: AgentBinding(key: 1, run: AgentRun(cluster: "north", agent: AgentID(number: 1)))))
            rig.kernel.hand(connected: false, word: word)
            rig.turn()
            #expect(tunnel.figures.bound(in: "north") == 0 && tunnel.cloakroom.take(word) == nil)
        }
        let client = rig.client()
        rig.send(client, get("/plain/x"))
        let kept = try rig.upstream()
        rig.send(kept, Sample.ok)
        _ = rig.kernel.sent(client)
        rig.send(client, get("/pod/x"))
        // A connection that is only kept makes room for another try.
        lose()
        #expect(!rig.kernel.isOpen(kept) && rig.kernel.asked.count == 1 && rig.kernel.sent(client).isEmpty)
        lose()
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 503 ") && rig.kernel.asked.isEmpty)
        #expect(rig.connections == 1 && rig.heldBuffers == 0)
    }

    @Test func anAnswerThatNeverComesIs504() throws {
        let rig = try Rig(routes: Self.routes)
        let client = rig.client()
        rig.send(client, get("/pod/x"))
        rig.pass(.seconds(6))
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 504 "))
        let late = try #require(rig.kernel.hand(connected: true))
        rig.turn()
        #expect(!rig.kernel.isOpen(late), "nobody waits for it any more")
    }

    @Test func aClientThatLeavesWhileItIsAskedForLeavesNothing() throws {
        let rig = try Rig(routes: Self.routes)
        let client = rig.client()
        rig.send(client, get("/pod/x"))
        rig.fail(client)
        #expect(rig.connections == 0)
        let late = try #require(rig.kernel.hand(connected: true))
        rig.turn()
        #expect(!rig.kernel.isOpen(late) && rig.connections == 0)
    }

    @Test func aFullChannelIs503() throws {
        let rig = try Rig(routes: Self.routes)
        let client = rig.client()
        rig.kernel.connecting = .fails
        rig.send(client, get("/pod/x"))
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 503 ") && rig.connections == 1)
    }

    @Test func aKeptPlainConnectionServesNoTLSRoute() throws {
        let rig = try Rig(routes: Self.routes)
        let client = rig.client()
        rig.send(client, get("/plain/x"))
        let plain = try rig.upstream()
        rig.send(plain, Sample.ok)
        _ = rig.kernel.sent(plain)
        rig.send(client, get("/tls/x"))
        #expect(rig.kernel.sent(plain) == "", "the same address, but not the same peer")
    }

    @Test func hostAndPathTogetherFindTheRoute() throws {
        let rig = try Rig(
            routes: ["/": "http://10.0.0.1:1", "/Ada.example/user": "http://10.0.0.2:2"], routesByHost: true)
        let client = rig.client()
        for (host, path, served) in [
            ("ada.EXAMPLE:8000", "/user/x", "10.0.0.2:2"), ("ada.example", "/x", "10.0.0.1:1"),
            ("other", "/ada.example/user", "10.0.0.1:1"),
        ] {
            rig.send(client, "GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
            let upstream = try #require(rig.kernel.connected.last { !rig.kernel.sent($0).isEmpty })
            #expect(rig.kernel.sockets[upstream]?.address?.description == served, "\(host)\(path)")
            rig.send(upstream, Sample.ok)
        }
        _ = rig.kernel.sent(client)
        rig.send(client, "GET /user%2fx HTTP/1.1\r\nHost: ada.example\r\n\r\n")
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 400 "))
    }
}
