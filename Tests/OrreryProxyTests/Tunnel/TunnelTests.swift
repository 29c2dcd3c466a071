import OrreryCrypto
import OrreryLink
import OrreryModel
import OrreryWire
import Synchronization
import Testing

@testable import OrreryProxy

/// Requests to pods behind an agent, over real sockets and TLS.
struct TunnelTests {
    @Test func aPodIsReachedOverAConnectionThatItsAgentDialled() throws {
        let rig = try TunnelRig()
        try rig.begin()
        let agent = try rig.agent()
        let client = try rig.client()
        for number in 0..<3 {
            client.send("GET /a/\(number) HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.answer().body == "GET /a/\(number) HTTP/1.1")
        }
        #expect(agent.heard.handoffs.map(\.target) == [.pod(uid: "pod-a", port: 8888)], "one connection is kept for it")
        #expect(!agent.heard.handoffs[0].trace.isEmpty)
        client.send("GET /b HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.answer().body == "GET /b HTTP/1.1")
        #expect(agent.heard.handoffs.map(\.target).last == .pod(uid: "pod-b", port: 8888), "never for another pod")
    }

    @Test func aMissAsksForMoreAtOnce() throws {
        let rig = try TunnelRig()
        try rig.begin()
        var manner = PlayedAgent.Manner()
        manner.obeysPool = false
        let agent = try rig.agent(manner)
        #expect(try rig.get("/a").body == "GET /a HTTP/1.1")
        #expect(agent.heard.frames.contains { $0.type == "want" && $0.count("count") == 1 })
        #expect(
            agent.heard.frames.contains { $0.type == "pool" && $0.count("idle") == 4 }, "and says how many shall wait")
    }

    @Test func aRequestWaitsTwoSecondsAndNoLonger() throws {
        let rig = try TunnelRig { $0.limits.dialBack = ProxyLimits().dialBack }
        try rig.begin()
        var manner = PlayedAgent.Manner()
        (manner.obeysPool, manner.obeysWant) = (false, false)
        _ = try rig.agent(manner)
        let start = ContinuousClock.now
        #expect(try rig.get("/a").head.hasPrefix("HTTP/1.1 503 "))
        #expect(ContinuousClock.now - start > .milliseconds(1900))
    }

    @Test func whereNoAgentCanComeTheAnswerIs503AtOnce() throws {
        let rig = try TunnelRig()
        try rig.begin(agents: [])
        #expect(try rig.get("/a").head.hasPrefix("HTTP/1.1 503 "))
    }

    @Test func aBurstIsServedWhole() throws {
        let rig = try TunnelRig()
        try rig.begin()
        let agent = try rig.agent()
        let clients = try (0..<60).map { _ in try rig.client() }
        for (index, client) in clients.enumerated() { client.send("GET /a/\(index) HTTP/1.1\r\nHost: h\r\n\r\n") }
        for (index, client) in clients.enumerated() { #expect(client.answer().body == "GET /a/\(index) HTTP/1.1") }
        #expect(agent.heard.frames.contains { ($0.count("count") ?? 0) > 1 }, "many are asked for in one word")
    }

    @Test func largeBodiesGoBothWays() throws {
        let rig = try TunnelRig()
        try rig.begin()
        let size = 3_000_000
        _ = try rig.agent { _, data in
            data.send(.accepted)
            _ = data.receive(through: "\r\n\r\n")
            let body = data.receive(exactly: size)
            data.stream.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n")
            for start in stride(from: 0, to: body.count, by: 50_000) {
                data.stream.send(Array(body[start..<min(start + 50_000, body.count)]))
            }
            _ = data.receive(through: "never")
        }
        let client = try rig.client()
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: \(size)\r\n\r\n")
        _ = LoopThread { client.send(body) }
        #expect(client.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
        #expect(client.receive(exactly: size) == body)
    }

    @Test func aWebSocketGoesThroughAndEachHalfEndsAlone() throws {
        let rig = try TunnelRig()
        try rig.begin()
        _ = try rig.agent { _, data in
            data.send(.accepted)
            _ = data.receive(through: "\r\n\r\n")
            data.stream.send(Sample.switching)
            #expect(data.receive(exactly: 5) == Array("hello".utf8))
            data.stream.send("world")
            // To the end of what the browser says; then ours.
            #expect(data.receive(through: "never") == "last")
            data.stream.send("bye")
            data.stream.endSending()
        }
        let client = try rig.client()
        client.send("GET /a/ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        #expect(client.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
        client.send("hello")
        #expect(client.receive(exactly: 5) == Array("world".utf8))
        client.send("last")
        client.shutDown()
        #expect(client.receive(exactly: 3) == Array("bye".utf8))
        #expect(client.receive() == [])
    }

    // MARK: What an agent refuses

    @Test(arguments: [
        (HandoffAnswer.Code.noPod, 503, true), (.policy, 403, true), (.refusedConnection, 503, false),
        (.noAnswer, 504, false), (.noTarget, 502, false), (.leaving, 503, true),
        (.tooMany, 503, true),
    ])
    func aRefusalIsAnsweredInItsWay(_ code: HandoffAnswer.Code, _ status: Int, _ isInWords: Bool) throws {
        let rig = try TunnelRig()
        try rig.begin()
        _ = try rig.agent { _, data in data.send(.refused(code, say: "The site says <no> & sleeps.")) }
        let (head, body) = try rig.get("/a")
        #expect(head.hasPrefix("HTTP/1.1 \(status) "))
        #expect(body.contains("The site says &lt;no&gt; &amp; sleeps.") == isInWords)
    }

    @Test func anotherConnectionIsAskedWhenAnAgentLeaves() throws {
        let rig = try TunnelRig()
        try rig.begin()
        let agent = try rig.agent { _, data in
            if data.number > 2 { data.serveHTTP() } else { data.send(.refused(.leaving, say: "")) }
        }
        try #require(eventually { agent.heard.waiting >= 4 })
        for index in 0..<6 {
            let client = try rig.client()
            // A request with a body too: nothing of it has gone anywhere.
            client.send("POST /a/\(index) HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
            #expect(client.answer().head.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test(arguments: [[UInt8(ascii: "H")], [1, 2, 3], [69, 0, 1, 255, 255]] as [[UInt8]])
    func garbageInPlaceOfAnAnswerIs502(_ bytes: [UInt8]) throws {
        let rig = try TunnelRig { $0.logLevel = .error }
        try rig.begin()
        _ = try rig.agent { _, data in data.stream.send(bytes) }
        #expect(try rig.get("/a").head.hasPrefix("HTTP/1.1 502 "))
    }

    @Test func aConnectionThatDiedWaitingIsReplacedOnce() throws {
        let rig = try TunnelRig()
        try rig.begin()
        let dead = Atomic<Int>(1)
        _ = try rig.agent { _, data in
            // Ends without a word, as one does that was forgotten on its way.
            if dead.subtract(1, ordering: .relaxed).oldValue > 0 { return }
            data.serveHTTP()
        }
        #expect(try rig.get("/a").head.hasPrefix("HTTP/1.1 200 "))
        dead.store(1, ordering: .relaxed)
        let client = try rig.client()
        client.send("POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
        #expect(client.answer().head.hasPrefix("HTTP/1.1 502 "), "what may have been done is not done twice")
    }

    @Test func anAgentThatLeavesIsGivenNothingNew() throws {
        let rig = try TunnelRig()
        try rig.begin()
        let leaving = try rig.agent()
        try #require(eventually { leaving.heard.waiting >= 4 })
        leaving.say(ControlFrame("drain", ["seconds": 5]))
        try rig.say(#""tell":"\#(rig.id)","frame":{"type":"later"}"#)
        try #require(eventually { leaving.heard.waiting == 0 })
        let other = try rig.agent()
        #expect(try rig.get("/a").head.hasPrefix("HTTP/1.1 200 "))
        #expect(leaving.heard.handoffs.isEmpty && other.heard.handoffs.count == 1)
    }

    @Test func whatHappensIsCounted() throws {
        let rig = try TunnelRig { $0.metrics = .init(host: "127.0.0.1", port: 0) }
        try rig.begin()
        _ = try rig.agent { _, data in data.send(.refused(.noPod, say: "no")) }
        #expect(try shows([#"orrery_proxy_tunnel_idle{cluster="south"} 4"#], rig) == [])
        _ = try rig.get("/a")
        let lines = [
            #"orrery_proxy_agents{cluster="south"} 1"#, #"orrery_proxy_tunnel_hits_total{cluster="south"} 1"#,
            #"orrery_proxy_tunnel_misses_total{cluster="south"} 0"#, #"orrery_proxy_tunnel_bound{cluster="south"} 0"#,
            #"orrery_proxy_tunnel_refusals_total{cluster="south",code="1"} 1"#,
        ]
        #expect(try shows(lines, rig) == [])
    }

    /// Which of the lines the proxy's metrics do not show, however long one looks.
    private func shows(_ lines: [String], _ rig: TunnelRig) throws -> [String] {
        let port = try #require(rig.proxy?.server.metricsPort)
        var missing = lines
        _ = eventually {
            guard let page = try? Stream(port: port) else { return false }
            page.send("GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            let text = page.answer().body
            missing = lines.filter { !text.contains($0 + "\n") }
            return missing.isEmpty
        }
        return missing
    }
}
