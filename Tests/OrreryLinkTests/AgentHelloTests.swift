import OrreryCrypto
import OrreryLink
import OrreryModel
import Testing

struct AgentHelloTests {
    private static let hello = AgentHello(
        agent: AgentID(number: 0x0123_4567_89ab_cdef), version: "1.0", time: 1_795_000_000, host: "hub.example.org",
        cluster: AgentHello.Cluster(name: "south", uid: "0b9a-1", kubernetes: "v1.31", namespaces: ["a", "b"]),
        join: AgentHello.Join(token: Secret("k7m2qd.9nybj0526mjw1jbf")))

    @Test func survivesTheWayThroughAFrame() throws {
        #expect(try AgentHello(Self.hello.frame) == Self.hello)
        var bare = Self.hello
        (bare.join, bare.cluster.name) = (AgentHello.Join(), nil)
        #expect(try AgentHello(bare.frame) == bare)
        #expect(bare.frame["join"] == nil)
        #expect(bare.frame["agent"] == "0123456789abcdef")
    }

    @Test func membersOfLaterVersionsArePassedOver() throws {
        var members = Self.hello.frame.members
        members["features"] = ["x"]
        #expect(try AgentHello(ControlFrame("hello", members)) == Self.hello)
    }

    @Test(
        arguments: [
            (["protocol"], 2), (["agent"], "0123"), (["agent"], "0123456789ABCDEF"), (["time"], "now"),
            (["version"], nil),
            (["host"], nil), (["cluster"], "south"), (["cluster", "uid"], ""), (["cluster", "uid"], "../x"),
            (["cluster", "name"], 1), (["cluster", "namespaces"], ["a", 1]), (["join"], "token"),
            (["join", "token"], 7), (["time"], -1), (["time"], .integer(.min)), (["time"], .integer(253_402_300_800)),
            (["cluster", "namespaces"], ["a/b"]), (["cluster", "namespaces"], ["\u{1b}[2J"]),
            (["cluster", "namespaces"], [""]), (["cluster", "namespaces"], ["-a"]), (["cluster", "namespaces"], ["A"]),
            (["cluster", "namespaces"], [.string(String(repeating: "a", count: 64))]),
            (["version"], "1\n2"), (["cluster", "name"], "a\u{7f}"),
            (["version"], .string(String(repeating: "v", count: 254))),
        ] as [([String], JSON?)])
    func isRefusedWith(_ path: [String], _ value: JSON?) {
        var frame = Self.hello.frame.value
        if path.count == 1 { frame[path[0]] = value } else { frame[path[0]]?[path[1]] = value }
        #expect(throws: LinkError.self) { try AgentHello(try ControlFrame(frame)) }
    }

    @Test(arguments: [0, 253_402_300_799] as [Int64])
    func everyTimeOfACalendarIsTaken(_ time: Int64) throws {
        var hello = Self.hello
        hello.time = time
        #expect(try AgentHello(hello.frame) == hello)
    }

    @Test func anotherFrameIsNoHello() {
        #expect(throws: LinkError.self) { try AgentHello(ControlFrame("pong", Self.hello.frame.members)) }
    }

    @Test func onlyAPointOfTheRightCurveIsAnAgentsKey() throws {
        let key = try AgentKey.fresh().publicKey.info
        #expect(KeyID.isAgentKey(key))
        var other = key
        other[22] ^= 1
        #expect(!KeyID.isAgentKey(other) && !KeyID.isAgentKey(key.dropLast()) && !KeyID.isAgentKey([]))
    }

    @Test func aKeyIsNamedByItsDigest() throws {
        let id = KeyID(subjectPublicKeyInfo: Array("abc".utf8))
        #expect(id.text == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(KeyID(id.text) == id)
        #expect(KeyID(id.text.uppercased()) == nil && KeyID(id.text.dropLast()) == nil && KeyID("") == nil)
        let other = KeyID(subjectPublicKeyInfo: [])
        let message = KeyID.rotation(from: id, to: other)
        #expect(String(decoding: message, as: UTF8.self) == "orrery-rotate 1\n\(id.text)\n\(other.text)")
    }
}
