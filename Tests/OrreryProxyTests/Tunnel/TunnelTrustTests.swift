import Foundation
import OrreryCrypto
import OrreryLink
import OrreryModel
import OrreryWire
import Testing

@testable import OrreryProxy

/// Whose connections are taken, and for how long.
struct TunnelTrustTests {
    @Test func anUnknownKeyWaitsUntilTheHubKnowsIt() throws {
        let rig = try TunnelRig()
        try rig.begin(agents: [])
        let agent = try PlayedAgent(port: rig.port, key: rig.key)
        try #require(eventually { rig.hub.frames("hello").count == 1 })
        let said = rig.hub.frames("hello")[0]
        #expect(said["key"]?.string == rig.id && said["address"]?.string == "127.0.0.1")
        let spki = Base64.decode((said["spki"]?.string ?? "").utf8)
        #expect(spki.map { KeyID(subjectPublicKeyInfo: $0).text } == rig.id)
        #expect(agent.heard.frames.isEmpty && agent.heard.dialled == 0)
        try rig.say(String(rig.line(rig.id).dropFirst().dropLast()))
        #expect(eventually { agent.heard.frames.first?.type == "welcome" }, "where it waits")
        #expect(agent.heard.frames.first?["cluster"]?.string == "south")
    }

    @Test func replicasOfAnUnknownKeyWaitBesideEachOther() throws {
        let rig = try TunnelRig()
        try rig.begin(agents: [])
        let agents = try (0..<3).map { _ in try PlayedAgent(port: rig.port, key: rig.key) }
        try #require(eventually { rig.hub.frames("hello").count == 3 })
        try rig.say(String(rig.line(rig.id).dropFirst().dropLast()))
        #expect(eventually { agents.allSatisfy { $0.heard.frames.first?.type == "welcome" } })
        #expect(rig.hub.frames("gone").isEmpty && agents.allSatisfy { !$0.heard.isOver })
    }

    @Test func theHubsWordReachesTheAgentThatItIsFor() throws {
        let rig = try TunnelRig()
        try rig.begin(agents: [])
        rig.hub.answerAgents(
            #"{"answers":[{"connection":1,"frames":[{"type":"pending","code":"ABCD-EFGH","page":"p","say":"s"}],"close":false}]}"#
        )
        let agent = try PlayedAgent(port: rig.port, key: rig.key)
        #expect(eventually { agent.heard.frames.first?.type == "pending" })
        rig.hub.answerAgents(#"{"answers":[{"connection":1,"frames":[{"type":"denied","reason":"no","retry":1}]}]}"#)
        try rig.say(#""tell":"\#(rig.id)","frame":{"type":"rotate"}"#)
        #expect(eventually { agent.heard.frames.contains { $0.type == "rotate" } })
    }

    @Test func aKeyFromAnotherClusterIsDeniedAndTheHubHearsOfIt() throws {
        let rig = try TunnelRig()
        try rig.begin()
        var manner = PlayedAgent.Manner()
        manner.uid = "uid-elsewhere"
        let agent = try PlayedAgent(port: rig.port, key: rig.key, manner)
        try #require(eventually { agent.heard.isOver })
        #expect(agent.heard.frames.map(\.type) == ["denied"])
        #expect(eventually { rig.hub.frames("hello").first?["frame"]?["cluster"]?["uid"]?.string == "uid-elsewhere" })
        #expect(eventually { rig.hub.frames("gone").count == 1 })
    }

    @Test func dataConnectionsNeedAKeyAndItsControlConnection() throws {
        let rig = try TunnelRig()
        try rig.begin()
        let greeting = DataGreeting(agent: AgentID(number: 1), number: 1).encode()
        for key in [rig.key, try AgentKey.fresh()] {
            let stream = try PlayedAgent.connect(port: rig.port, key, .data)
            stream.send(greeting)
            #expect(stream.receiveSome().isEmpty, "closed: nobody of this key is here")
        }
        _ = try rig.agent()
        let other = try PlayedAgent.connect(port: rig.port, rig.key, .data)
        other.send(greeting)
        #expect(other.receiveSome().isEmpty, "closed: this agent of the key is not here")
    }

    @Test func withoutAKeyThereIsNoHandshake() throws {
        let rig = try TunnelRig()
        let stream = try SecureStream(
            port: rig.port, PlayedAgent.context(nil, "orrery-c/1"), name: "127.0.0.1")
        // With TLS 1.3 a client is done before the server has judged it.
        #expect(stream.receiveSome().isEmpty)
        let browser = try SecureStream(port: rig.port, PlayedAgent.context(nil, "http/1.1"), name: "127.0.0.1")
        #expect(!browser.isDone, "TLS is for agents alone where browsers are spoken to in the clear")
    }

    @Test(
        arguments: [
            [0, 0, 0x40, 1], [255, 255, 255, 255], [0, 0, 0, 2, 91, 93], [0, 0, 0, 1, 1],
            ControlFrame("pong", ["number": 1]).encode(),
        ] as [[UInt8]])
    func whoeverSpeaksOtherwiseIsDenied(_ bytes: [UInt8]) throws {
        let rig = try TunnelRig()
        try rig.begin()
        let stream = try PlayedAgent.connect(port: rig.port, rig.key, .control)
        stream.send(bytes)
        var reader = FrameReader()
        while case let more = stream.receiveSome(), !more.isEmpty { reader.take(more) }
        #expect(try reader.next()?.type == "denied")
        #expect(try reader.next() == nil)
    }

    @Test func aStrikeEndsWhatStreams() throws {
        // So long the last request waits for another agent, which does not come.
        let rig = try TunnelRig { $0.limits.dialBack = .seconds(5) }
        try rig.begin()
        let agent = try rig.agent { _, data in
            data.send(.accepted)
            _ = data.receive(through: "\r\n\r\n")
            data.stream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while data.stream.send("5\r\nhello\r\n") {}
        }
        let client = try rig.client()
        client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.receive(through: "hello").hasPrefix("HTTP/1.1 200 "))
        try rig.say(#""strike":"\#(rig.id)","reason":"revoked: it was stolen""#)
        #expect(eventually { client.receive()?.isEmpty ?? true })
        try #require(eventually { agent.heard.isOver })
        #expect(agent.heard.frames.last?.type == "revoke")
        #expect(agent.heard.frames.last?["reason"]?.string == "revoked: it was stolen")
        #expect(try rig.get("/a").head.hasPrefix("HTTP/1.1 503 "))
        let again = try PlayedAgent(port: rig.port, key: rig.key)
        try #require(eventually { rig.hub.frames("hello").count == 2 })
        #expect(!again.heard.frames.contains { $0.type == "welcome" })
    }

    @Test func aStrikeEndsKeptConnectionsToo() throws {
        let rig = try TunnelRig()
        try rig.begin()
        let agent = try rig.agent()
        #expect(try rig.get("/a").head.hasPrefix("HTTP/1.1 200 "))
        try rig.say(#""strike":"\#(rig.id)","reason":"over""#)
        try #require(eventually { agent.heard.isOver })
        try rig.say(String(rig.line(rig.id).dropFirst().dropLast()))
        _ = try rig.agent { _, data in data.send(.refused(.policy, say: "fresh")) }
        #expect(eventually { (try? rig.get("/a").body.contains("fresh")) == true }, "not over the old one")
    }

    @Test func agentsComeBackWhileTheHubIsAway() throws {
        let rig = try TunnelRig()
        try rig.begin()
        #expect(eventually { (try? RouteFile.decode(rig.stored()))?.agents.count == 1 })
        rig.stop()
        rig.hub.answer(feed: 503, activity: 503)
        try rig.start()
        _ = try rig.agent()
        #expect(try rig.get("/a").body == "GET /a HTTP/1.1")
    }

    @Test func afterARestartARequestWaitsForTheAgentToComeBack() throws {
        let rig = try TunnelRig()
        try rig.begin()
        #expect(eventually { (try? RouteFile.decode(rig.stored()))?.agents.count == 1 })
        rig.stop()
        rig.hub.answer(feed: 503, activity: 503)
        try rig.start()
        let client = try rig.client()
        client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        _ = try rig.agent()
        #expect(client.answer().body == "GET /a HTTP/1.1", "it waited until the agent had dialled")
    }

    @Test func wordsAreKeptInOrderWhileTheHubIsAway() throws {
        let rig = try TunnelRig()
        try rig.begin()
        rig.hub.answer(activity: 503)
        let agent = try rig.agent()
        for index in 0..<5 { agent.say(ControlFrame("inventory", ["index": .integer(Int64(index))])) }
        try rig.say(#""tell":"\#(rig.id)","frame":{"type":"rotate"}"#)
        try #require(eventually { agent.heard.frames.contains { $0.type == "rotate" } })
        #expect(rig.hub.heard.agents.allSatisfy { $0["frames"]?.array?.isEmpty == true })
        rig.hub.answer(activity: 200)
        try #require(eventually { rig.hub.frames("inventory").count == 5 })
        #expect(rig.hub.frames("inventory").map { $0["frame"]?["index"]?.integer } == [0, 1, 2, 3, 4])
    }

    @Test func aHubThatFailsAtEverythingCostsNoWord() throws {
        let rig = try TunnelRig()
        try rig.begin()
        let agent = try rig.agent()
        try #require(eventually { !rig.hub.frames("hello").isEmpty })
        rig.hub.answer(activity: 500)
        agent.say(ControlFrame("inventory"))
        try rig.say(#""tell":"\#(rig.id)","frame":{"type":"rotate"}"#)
        // More often than it may fail at one word, each time with a question whether it takes anything.
        let before = rig.hub.heard.agentsAsked
        try #require(eventually { rig.hub.heard.agentsAsked > before + 2 * LetterShelf.patience + 2 })
        rig.hub.answer(activity: 200)
        #expect(eventually { rig.hub.frames("inventory").count == 1 })
    }

    @Test func withACertificateBothAreServedOnOnePort() throws {
        let authority = try TestAuthority()
        try authority.issue("server", .init(names: "DNS:localhost,IP:127.0.0.1"))
        let rig = try TunnelRig { $0.tls = SecureRig.configuration(authority) }
        try rig.begin()
        _ = try rig.agent()
        let browser = try SecureStream(port: rig.port, SecureRig.trust(authority))
        browser.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(browser.answer().body == "GET /a HTTP/1.1")
    }

    @Test func theKeyIsMadeOnceAndThePinSaysIt() throws {
        let rig = try TunnelRig()
        try rig.begin()
        try #require(eventually { !rig.hub.heard.agents.isEmpty })
        let pins = rig.hub.heard.agents[0]["pins"]?.array?.compactMap(\.string) ?? []
        #expect(pins.count == 1 && pins.allSatisfy { JoinString.pin($0) != nil })
        rig.stop()
        try rig.start()
        try #require(eventually { (rig.hub.heard.agents.last?["proxy"]) != rig.hub.heard.agents[0]["proxy"] })
        #expect(rig.hub.heard.agents.last?["pins"]?.array?.compactMap(\.string) == pins)
    }
}

extension TunnelRig {
    /// What lies on the disk of the proxy's routes.
    func stored() throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: "\(directory)/routes"))) }
}
