import OrreryCrypto
import OrreryLink
import OrreryModel
import Testing

@testable import OrreryProxy

/// What becomes of connections in use when their agent is gone.
struct DepartureTests {
    /// An agent with one control connection, which the test ends when it likes.
    private final class Agent {
        let rig: TunnelRig
        let id = AgentID.random()
        private(set) var key: AgentKey
        private(set) var control: SecureStream?
        /// Its ends of data connections: without power it closes none.
        private var ends: [SecureStream] = []

        init(_ rig: TunnelRig, _ key: AgentKey? = nil) throws {
            (self.rig, self.key) = (rig, key ?? rig.key)
            try come()
        }

        func come(with newKey: AgentKey? = nil) throws {
            key = newKey ?? key
            let control = try PlayedAgent.connect(port: rig.port, key, .control)
            var manner = PlayedAgent.Manner()
            manner.agent = id
            control.send(PlayedAgent.hello(manner).encode())
            var reader = FrameReader()
            while try reader.next()?.type != "welcome" { reader.take(control.receiveSome()) }
            self.control = control
        }

        func say(_ frame: ControlFrame) { control?.send(frame.encode()) }

        func goAway() { control = nil }

        /// A browser's WebSocket over a data connection, and the agent's end of it.
        func webSocket() throws -> (browser: Stream, pod: SecureStream) {
            let data = try PlayedAgent.connect(port: rig.port, key, .data)
            data.send(DataGreeting(agent: id, number: 1).encode())
            ends.append(data)
            let browser = try rig.client()
            browser.send("GET /a/ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            _ = data.receive(through: "\r\n\r\n")
            data.send(HandoffAnswer.accepted.encode())
            data.send(Sample.switching)
            #expect(browser.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
            return (browser, data)
        }
    }

    private func rig(absence: Duration, keys: [AgentKey] = [], workers: Int = 2) throws -> TunnelRig {
        let rig = try TunnelRig { ($0.limits.absence, $0.workers) = (absence, workers) }
        try rig.begin(agents: ([rig.key] + keys).map { rig.line($0.id) })
        return rig
    }

    /// Whether bytes still go both ways.
    private func isOpen(_ browser: Stream, _ pod: SecureStream) -> Bool {
        browser.send("ping")
        pod.send("pong")
        return pod.receive(through: "ping") == "ping" && browser.receive(exactly: 4) == Array("pong".utf8)
    }

    @Test func whatGoesOverAnAgentThatDoesNotComeBackIsEnded() throws {
        let rig = try rig(absence: .zero)
        let agent = try Agent(rig)
        let (browser, pod) = try agent.webSocket()
        #expect(isOpen(browser, pod))
        agent.goAway()
        // Within the second in which what depends on time is looked at; without that, never.
        let rest = browser.receive()
        #expect(rest?.isEmpty ?? true)
    }

    @Test(arguments: [false, true]) func oneThatIsBackInTimeFindsItsConnectionsAsTheyWere(_ hasNewKey: Bool) throws {
        let new = try AgentKey.fresh()
        let rig = try rig(absence: .seconds(10), keys: [new])
        let agent = try Agent(rig)
        let (browser, pod) = try agent.webSocket()
        agent.goAway()
        try #require(eventually { !rig.hub.frames("gone").isEmpty })
        try agent.come(with: hasNewKey ? new : nil)
        // Another of the same key is away for good; that is looked at no later than the first would have been.
        let other = try Agent(rig)
        let (lost, _) = try other.webSocket()
        other.goAway()
        #expect(lost.receive()?.isEmpty ?? true)
        #expect(isOpen(browser, pod))
    }

    @Test func whoHasSaidThatItLeavesEndsItsConnectionsItself() throws {
        let rig = try rig(absence: .zero)
        let (leaving, lost) = (try Agent(rig), try Agent(rig))
        let (browser, pod) = try leaving.webSocket()
        let (other, _) = try lost.webSocket()
        leaving.say(ControlFrame("drain", ["seconds": 50]))
        leaving.goAway()
        try #require(eventually { !rig.hub.frames("gone").isEmpty })
        lost.goAway()
        #expect(other.receive()?.isEmpty ?? true)
        #expect(isOpen(browser, pod))
    }

    @Test func oneThatIsBackKeepsItsConnectionsWhenAnotherKeyIsStruck() throws {
        let other = try AgentKey.fresh()
        // What one worker has done to the one connection it has done to all.
        let rig = try rig(absence: .zero, keys: [other], workers: 1)
        let agent = try Agent(rig)
        let (lost, _) = try agent.webSocket()
        agent.goAway()
        #expect(lost.receive()?.isEmpty ?? true)
        try agent.come()
        let (browser, pod) = try agent.webSocket()
        let struck = try Agent(rig, other)
        let (ended, _) = try struck.webSocket()
        try rig.say(#""strike":"\#(other.id)","reason":"stolen""#)
        #expect(ended.receive()?.isEmpty ?? true)
        #expect(isOpen(browser, pod))
    }

    @Test func oneIsNamedForAMinuteUnlessItComesBack() {
        let departures = Departures()
        let runs = (0..<4).map { _ in AgentRun(cluster: "south", agent: .random()) }
        departures.name(runs[0...1], at: 0)
        departures.name([runs[2]], at: 1000)
        #expect(runs.map(departures.contains) == [true, true, true, false])
        departures.forget(runs[1])
        #expect(runs.map(departures.contains) == [true, false, true, false])
        departures.name([runs[3]], at: Departures.memory)
        #expect(runs.map(departures.contains) == [false, false, true, true])
    }
}
