import OrreryLink
import OrreryModel
import Testing

@testable import OrreryProxy

struct ControlTalkTests {
    private static let key = KeyID(subjectPublicKeyInfo: [1])
    private static let entry = AgentEntry(key: key, cluster: "south", uid: "uid-south")
    private static let hello = PlayedAgent.hello(PlayedAgent.Manner())

    private func talk() -> ControlTalk { ControlTalk(key: Self.key, host: .init(proxy: "p", pins: ["q"]), at: 0) }

    private func welcomed() -> ControlTalk {
        var talk = talk()
        _ = talk.hear(Self.hello, entry: Self.entry, wall: 5000, at: 0)
        return talk
    }

    private static func types(_ acts: [ControlTalk.Act]) -> [String] {
        acts.map { act in
            switch act {
            case .say(let frame): "say \(frame.type)"
            case .post(let frame): "post \(frame.type)"
            case .admitted: "admitted"
            case .leaving: "leaving"
            case .close: "close"
            }
        }
    }

    @Test func aKnownKeyIsWelcomedAndTheHubHearsOfIt() {
        var talk = talk()
        let acts = talk.hear(Self.hello, entry: Self.entry, wall: 5000, at: 0)
        #expect(Self.types(acts) == ["post hello", "say welcome", "admitted"])
        guard case .say(let welcome) = acts[1] else { return }
        #expect(welcome["time"]?.integer == 5 && welcome["proxy"] == "p" && welcome["pins"] == ["q"])
        #expect(welcome["peers"] == nil)
        #expect(talk.cluster == "south" && talk.frameLimit == ControlFrame.limit)
    }

    @Test func otherProxiesAreNamedInTheWelcomeAndWhenTheyChange() {
        var names = AgentPeers.Names(addresses: ["two.test:443"], pins: ["q", "r"])
        var member = welcomed()
        guard case .say(let frame)? = member.meet(names).first else {
            Issue.record("a member is told")
            return
        }
        #expect(frame.type == "peers" && frame["peers"] == ["two.test:443"] && frame["pins"] == ["q", "r"])
        // Whoever waits reads it in its welcome.
        var stranger = talk()
        _ = stranger.hear(Self.hello, entry: nil, wall: 0, at: 0)
        #expect(stranger.meet(names).isEmpty)
        names.addresses = ["three.test:443"]
        #expect(stranger.meet(names).isEmpty)
        guard case .say(let welcome)? = stranger.look(Self.entry, wall: 0).first else {
            Issue.record("it is welcomed")
            return
        }
        #expect(welcome["peers"] == ["three.test:443"] && welcome["pins"] == ["q", "r"])
    }

    @Test func aStrangerIsOnlyHeardOnceAndWaits() {
        var talk = talk()
        #expect(Self.types(talk.hear(Self.hello, entry: nil, wall: 0, at: 0)) == ["post hello"])
        #expect(talk.frameLimit == ControlFrame.strangerLimit)
        #expect(talk.hear(ControlFrame("inventory"), entry: nil, wall: 0, at: 1).isEmpty)
        #expect(Self.types(talk.look(Self.entry, wall: 0)) == ["say welcome", "admitted"])
        #expect(talk.look(Self.entry, wall: 0).isEmpty, "once")
    }

    @Test func whoeverSaysNothingForTenSecondsIsDenied() {
        var talk = talk()
        #expect(talk.tick(idle: 0, bound: 0, at: 9_999).isEmpty)
        #expect(Self.types(talk.tick(idle: 0, bound: 0, at: 10_000)) == ["say denied", "close"])
    }

    @Test func aStrangerWaitsForAnHourOnOneConnection() {
        var talk = talk()
        _ = talk.hear(Self.hello, entry: nil, wall: 0, at: 0)
        _ = talk.hear(ControlFrame("pong"), entry: nil, wall: 0, at: 3_599_999)
        #expect(!Self.types(talk.tick(idle: 0, bound: 0, at: 3_599_999)).contains("close"))
        #expect(Self.types(talk.tick(idle: 0, bound: 0, at: 3_600_000)) == ["say denied", "close"])
        var member = welcomed()
        _ = member.hear(ControlFrame("pong"), entry: Self.entry, wall: 0, at: 3_599_999)
        #expect(!Self.types(member.tick(idle: 0, bound: 0, at: 3_600_000)).contains("close"))
    }

    @Test func pingsGoEveryTenSecondsAndSilenceEndsIt() {
        var talk = welcomed()
        #expect(Self.types(talk.tick(idle: 4, bound: 9, at: 1000)) == ["say ping", "post beat"])
        #expect(talk.tick(idle: 4, bound: 9, at: 10_999).isEmpty)
        #expect(talk.hear(ControlFrame("pong", ["number": 1]), entry: Self.entry, wall: 0, at: 1030).isEmpty)
        #expect(talk.roundTrip == 30)
        let acts = talk.tick(idle: 4, bound: 9, at: 11_000)
        guard case .post(let beat) = acts[1] else { return }
        #expect(beat["rtt"] == 30 && beat["idle"] == 4 && beat["bound"] == 9)
        #expect(Self.types(talk.tick(idle: 0, bound: 0, at: 31_029)) == ["say ping", "post beat"])
        #expect(talk.silence == 0)
        #expect(Self.types(talk.tick(idle: 0, bound: 0, at: 31_030)) == ["close"])
        #expect(talk.silence == 30, "for which the hub is told that it was away by then")
    }

    @Test func theHubIsToldHowFarTheClockIsOffWhenItHearsOfItAndWhenItIsPutRight() {
        var talk = welcomed()
        func said(_ acts: [ControlTalk.Act]) -> JSON? {
            guard acts.count == 2, case .post(let beat) = acts[1] else { return nil }
            return beat["skew"]
        }
        // It said 0 in its hello when it was five seconds past.
        #expect(said(talk.tick(idle: 0, bound: 0, at: 1000)) == -5)
        _ = talk.hear(ControlFrame("pong", ["number": 1, "time": 608]), entry: Self.entry, wall: 8000, at: 1030)
        #expect(said(talk.tick(idle: 0, bound: 0, at: 11_000)) == 600)
        for time in [JSON.integer(.max), .integer(-1), "8"] {
            _ = talk.hear(ControlFrame("pong", ["number": 2, "time": time]), entry: Self.entry, wall: 8000, at: 11_030)
        }
        #expect(said(talk.tick(idle: 0, bound: 0, at: 21_000)) == 600)
    }

    @Test func aPongToAnotherPingSaysNothing() {
        var talk = welcomed()
        _ = talk.tick(idle: 0, bound: 0, at: 1000)
        _ = talk.hear(ControlFrame("pong", ["number": 2]), entry: Self.entry, wall: 0, at: 1001)
        #expect(talk.roundTrip == nil)
    }

    @Test func whatIsForTheHubIsPassedOnAndWhatIsForUsIsNot() {
        var talk = welcomed()
        #expect(
            Self.types(talk.hear(ControlFrame("inventory"), entry: Self.entry, wall: 0, at: 1)) == ["post inventory"])
        #expect(
            Self.types(talk.hear(ControlFrame("ping", ["number": 3]), entry: Self.entry, wall: 0, at: 1)) == [
                "say pong"
            ])
        #expect(Self.types(talk.hear(ControlFrame("drain"), entry: Self.entry, wall: 0, at: 1)) == ["leaving"])
        #expect(talk.isLeaving)
    }

    @Test(arguments: ["beat", "gone", "hello", "welcome", "x"])
    func whatTheProxySaysOfItsAgentsNoAgentSays(_ type: String) {
        var talk = welcomed()
        #expect(talk.hear(ControlFrame(type, ["rtt": 1]), entry: Self.entry, wall: 0, at: 1).isEmpty)
    }

    @Test(
        arguments: [
            .string(String(repeating: "\u{1}", count: 60_000)), ["a"], .null, .number(1.5),
        ] as [JSON])
    func aPingIsAnsweredWithANumberWhateverItBrought(_ number: JSON) {
        var talk = welcomed()
        let acts = talk.hear(ControlFrame("ping", ["number": number]), entry: Self.entry, wall: 0, at: 1)
        #expect(acts == [.say(ControlFrame("pong", ["number": 0]))])
    }

    @Test func ofAHelloOnlyItsOwnMembersGoOn() {
        var talk = talk()
        var members = Self.hello.members
        members["ballast"] = .string(String(repeating: "x", count: 9000))
        let acts = talk.hear(ControlFrame("hello", members), entry: nil, wall: 0, at: 0)
        #expect(acts == [.post(Self.hello)])
    }

    @Test func aFloodEndsIt() {
        var talk = welcomed()
        var last: [ControlTalk.Act] = []
        for _ in 0..<ControlTalk.rateLimit { last = talk.hear(ControlFrame("x"), entry: Self.entry, wall: 0, at: 1) }
        #expect(Self.types(last) == ["say denied", "close"])
    }

    @Test func theHubsNoEndsIt() {
        let denied = ControlFrame("denied", ["reason": "because"])
        #expect(Self.types(talk().answered([denied], closes: false)) == ["say denied", "close"])
        #expect(Self.types(talk().answered([], closes: true)) == ["close"])
        #expect(Self.types(talk().answered([ControlFrame("pending")], closes: false)) == ["say pending"])
    }
}

struct PoolControllerTests {
    @Test func anIdleClusterKeepsFourAndOneInUseSixteen() {
        var controller = PoolController()
        #expect(controller.target(at: 0, roundTrip: 30, isInUse: false) == 4)
        #expect(controller.target(at: 0, roundTrip: 30, isInUse: true) == 16)
    }

    @Test func aBurstIsRememberedForFiveMinutes() {
        var controller = PoolController()
        for _ in 0..<100 { controller.opened(at: 1000, roundTrip: 30) }
        #expect(controller.target(at: 1001, roundTrip: 30, isInUse: true) == 150)
        #expect(controller.target(at: 250_000, roundTrip: 30, isInUse: true) == 150)
        #expect(controller.target(at: 310_000, roundTrip: 30, isInUse: true) == 16)
        #expect(controller.target(at: 700_000, roundTrip: 30, isInUse: false) == 4)
    }

    @Test func itNeverAsksForMoreThanItsLimit() {
        var controller = PoolController()
        for _ in 0..<1000 { controller.opened(at: 1000, roundTrip: 30) }
        #expect(controller.target(at: 1001, roundTrip: 30, isInUse: true) == 256)
    }

    @Test func opensFarApartAreNoBurst() {
        var controller = PoolController()
        for second in 1...100 { controller.opened(at: UInt64(second) * 1000, roundTrip: 30) }
        #expect(controller.target(at: 100_001, roundTrip: 30, isInUse: true) == 16)
    }
}
