import Foundation
import Glibc
import OrreryCrypto
import OrreryLink
import OrreryModel
import OrreryWire
import Testing

@testable import OrreryAgent

/// How an agent keeps its connections to proxies.
@Suite struct ControlTests {
    @Test func theFirstWordIsHello() throws {
        let rig = try RelayRig()
        rig.start()
        let hello = try #require(try rig.proxy.control().frame())
        let read = try AgentHello(hello)
        #expect(read.agent == rig.agent && read.host == "127.0.0.1" && read.cluster.uid == "u-1")
    }

    @Test func asManyWaitAsTheProxyWants() throws {
        let rig = try RelayRig()
        let control = try rig.join(idle: 5)
        #expect(eventually { rig.proxy.idle == 5 && rig.relay.figures.idle == 5 })
        control.send(ControlFrame("want", ["count": 3]))
        #expect(eventually { rig.proxy.idle == 8 })
        // One is used, and the pool is still full enough; then it is not.
        for _ in 0..<4 { _ = try rig.proxy.data() }
        #expect(eventually { rig.relay.figures.idle == 5 })
    }

    @Test func pingsAreAnswered() throws {
        let rig = try RelayRig()
        let control = try rig.join()
        control.send(ControlFrame("ping", ["number": 7]))
        #expect(control.frame("pong")?["number"] == 7)
    }

    @Test func aTypeThatIsNotKnownIsPassedOver() throws {
        let rig = try RelayRig()
        let control = try rig.join()
        control.send(ControlFrame("weather", ["sun": true]))
        control.send(ControlFrame("ping", ["number": 8]))
        #expect(control.frame("pong")?["number"] == 8)
    }

    @Test func aSilentProxyIsDialledAnew() throws {
        let rig = try RelayRig { $0.silence = .milliseconds(100) }
        try rig.join()
        _ = try rig.proxy.welcome()
        #expect(rig.news.reasons.contains { $0.contains("silent") })
    }

    @Test(arguments: [[0, 1, 0, 1], [0, 0, 0, 2, 91, 93], [0, 0, 0, 1, 0]] as [[UInt8]])
    func whatIsNoFrameEndsTheConnection(_ bytes: [UInt8]) throws {
        let rig = try RelayRig()
        let control = try rig.join()
        control.send(bytes)
        #expect(control.ends())
        #expect(eventually { rig.news.reasons.contains { $0.contains("frame") } })
        try rig.proxy.welcome()
    }

    @Test func aProxyThatComesBackHasItsPoolFullAgain() throws {
        let rig = try RelayRig()
        try rig.join(idle: 16)
        #expect(eventually { rig.proxy.idle == 16 })
        rig.proxy.stop()
        #expect(eventually { rig.relay.figures.idle == 0 })
        let again = try ScriptedProxy(rig.authority, port: rig.proxy.port)
        try again.welcome(idle: 16)
        #expect(eventually { again.idle == 16 })
    }

    @Test func whatIsRelayedSurvivesTheLossOfTheControlConnection() throws {
        let rig = try RelayRig()
        let origin = try Origin { stream in stream.send(stream.text(5)) }
        rig.add("pod-1", ports: [origin.port])
        try rig.join()
        let data = try rig.proxy.handed(.pod(uid: "pod-1", port: origin.port))
        #expect(data.answer() == .accepted)
        rig.proxy.loseControls()
        try rig.proxy.welcome()
        data.send("still")
        #expect(data.text(5) == "still")
    }

    @Test func aDenialIsToldAndTheAgentComesBackWhenItWasTold() throws {
        let rig = try RelayRig()
        rig.start()
        let control = try rig.proxy.control()
        let began = Moment.now().monotonic
        control.send(ControlFrame("denied", ["reason": "The token was used before.", "retry": 1]))
        #expect(control.frame("hello") != nil && control.ends())
        #expect(eventually { rig.news.frames.contains { $0.type == "denied" } })
        try rig.proxy.welcome()
        #expect(Moment.now().monotonic - began >= 800)
        #expect(rig.news.frames.first?["reason"] == "The token was used before.")
    }

    @Test func aRevocationEndsTheControlConnection() throws {
        let rig = try RelayRig()
        let control = try rig.join()
        control.send(ControlFrame("revoke", ["reason": "revoked by ann"]))
        #expect(control.ends())
        #expect(eventually { rig.news.frames.contains { $0.type == "revoke" } })
        #expect(eventually { rig.relay.figures.idle == 0 && rig.relay.figures.welcomed == 0 })
    }

    @Test func aKeyThatIsNotPinnedIsRefusedInWords() throws {
        let wrong = [UInt8](repeating: 7, count: 32)
        let rig = try RelayRig(pins: [wrong])
        rig.start()
        #expect(eventually { !rig.news.reasons.isEmpty })
        let reason = try #require(rig.news.reasons.first)
        #expect(reason.contains("not pinned in the join string") && reason.contains("sha256:"))
        #expect(rig.relay.figures.welcomed == 0)
        // The pin that the words name is the right one.
        let start = try #require(reason.range(of: "sha256:"))
        let pin = try #require(JoinString.pin(reason[start.lowerBound...].prefix { $0 != "," }))
        let trust = try LinkTrust(key: RelayRig.key.get(), pins: [pin])
        rig.relay.show(trust)
        try rig.proxy.welcome()
        #expect(eventually { rig.relay.figures.welcomed == 1 })
    }

    @Test func aProxyOfAnotherAuthorityIsRefusedInWords() throws {
        let other = try TestAuthority("another")
        let rig = try RelayRig(authorities: other.authorities)
        rig.start()
        #expect(eventually { rig.news.reasons.contains { $0.contains("its certificate is not good") } })
    }

    @Test func aServerThatIsNoProxyIsRefusedInWords() throws {
        let rig = try RelayRig()
        let other = try ScriptedProxy(rig.authority, protocols: ["http/1.1"])
        rig.relay.use([ProxyPlace(host: "127.0.0.1", port: other.port)])
        #expect(eventually { !rig.news.reasons.isEmpty })
    }

    @Test func anotherKeyIsShownOnNewConnections() throws {
        let rig = try RelayRig()
        try rig.join(idle: 1)
        let new = try AgentKey.fresh()
        rig.relay.show(try LinkTrust(key: new, pins: [], authorities: rig.authority.authorities))
        try rig.proxy.welcome(idle: 1)
        #expect(eventually { rig.relay.figures.welcomed == 1 && rig.relay.figures.idle == 1 })
    }

    @Test func allProxiesAreDialledAndThoseLeftThatAreNotNamed() throws {
        let rig = try RelayRig()
        let second = try ScriptedProxy(rig.authority)
        let places = [rig.proxy.port, second.port].map { ProxyPlace(host: "127.0.0.1", port: $0) }
        rig.relay.use(places)
        let first = try rig.proxy.welcome(idle: 1)
        try second.welcome(idle: 1)
        #expect(eventually { rig.relay.figures.welcomed == 2 && rig.relay.figures.idle == 2 })
        rig.relay.use([places[1]])
        #expect(first.frame("drain") != nil, "what is relayed goes on")
        #expect(first.frame("nothing") == nil)
        #expect(eventually { rig.relay.figures.welcomed == 1 && rig.relay.figures.idle == 1 })
        rig.relay.use(places)
        try rig.proxy.welcome(idle: 1)
        #expect(eventually { rig.relay.figures.welcomed == 2 })
    }

    @Test func whoLeavesSaysSoAndFinishesWhatRuns() throws {
        let rig = try RelayRig()
        let origin = try Origin { stream in stream.send(stream.text(5)) }
        rig.add("pod-1", ports: [origin.port])
        let control = try rig.join()
        let data = try rig.proxy.handed(.pod(uid: "pod-1", port: origin.port))
        #expect(data.answer() == .accepted)
        rig.relay.drain(grace: .seconds(50))
        #expect(control.frame("drain")?["seconds"] == 50)
        #expect(try rig.proxy.handed(.pod(uid: "pod-1", port: origin.port)).refusal() == .leaving)
        #expect(!rig.news.isDrained)
        data.send("still")
        #expect(data.text(5) == "still" && data.ends())
        data.shutDown()
        #expect(eventually { rig.news.isDrained })
    }

    /// Else it would be counted on.
    @Test func whoIsWelcomedWhileItLeavesSaysSo() throws {
        let rig = try RelayRig()
        rig.start()
        let control = try rig.proxy.control()
        #expect(control.frame("hello") != nil)
        rig.relay.drain(grace: .seconds(50))
        control.send(ControlFrame("welcome", ["cluster": "south", "proxy": "p1", "time": 0]))
        #expect((1...50).contains(control.frame("drain")?["seconds"]?.integer ?? 0))
    }

    @Test func whatDoesNotEndIsLeftAfterTheGrace() throws {
        let rig = try RelayRig()
        let origin = try Origin { stream in _ = stream.receive() }
        rig.add("pod-1", ports: [origin.port])
        try rig.join()
        let data = try rig.proxy.handed(.pod(uid: "pod-1", port: origin.port))
        #expect(data.answer() == .accepted)
        rig.relay.drain(grace: .milliseconds(20))
        #expect(eventually { rig.news.isDrained })
        #expect(rig.relay.figures.bound == 1)
    }

    @Test func theWayOutMayLeadThroughAnHTTPProxy() throws {
        let asked = Asked()
        // It answers with its head in two pieces and passes bytes on, one connection after the other.
        let squid = try Origin { stream in
            var head: [UInt8] = []
            while head.suffix(4) != Array("\r\n\r\n".utf8)[...], let next = stream.receive(1), !next.isEmpty {
                head += next
            }
            asked.add(String(decoding: head, as: UTF8.self))
            stream.send("HTTP/1.1 200 Connection est")
            stream.send("ablished\r\n\r\n")
            guard let port = asked.port, let far = Stream.connect(port: port) else { return }
            let back = LoopThread { while let more = far.receive(), !more.isEmpty { stream.send(more) } }
            while let more = stream.receive(), !more.isEmpty { far.send(more) }
            far.shutDown()
            back.join()
        }
        let rig = try RelayRig(httpProxy: HTTPProxy("http://127.0.0.1:\(squid.port)"))
        asked.port = rig.proxy.port
        let origin = try Origin { stream in stream.send(stream.text(5)) }
        rig.add("pod-1", ports: [origin.port])
        try rig.join()
        let data = try rig.proxy.handed(.pod(uid: "pod-1", port: origin.port), "hello")
        #expect(data.answer() == .accepted && data.text(5) == "hello")
        #expect(asked.first?.hasPrefix("CONNECT 127.0.0.1:\(rig.proxy.port) HTTP/1.1\r\n") == true)
    }

    @Test func anHTTPProxyThatRefusesIsNamed() throws {
        let squid = try Origin { stream in
            _ = stream.receive()
            stream.send("HTTP/1.1 403 Forbidden\r\n\r\n")
            _ = stream.receive()
        }
        let rig = try RelayRig(httpProxy: HTTPProxy("http://127.0.0.1:\(squid.port)"))
        rig.start()
        #expect(eventually { rig.news.reasons.contains { $0.contains("HTTP proxy") && $0.contains("403") } })
    }
}
