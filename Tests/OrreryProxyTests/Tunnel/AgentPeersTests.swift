import Testing

@testable import OrreryProxy

struct AgentPeersTests {
    @Test func oneThatIsNamedNoMoreCountsForTenMinutesStill() {
        var peers = AgentPeers()
        // A proxy that has just begun says nothing of the others, rather than that there are none.
        #expect(peers.others(than: "one:1", at: 0) == .init())
        peers.hear(addresses: ["one:1", "two:1"], pins: ["p", "q"], at: 0)
        #expect(peers.others(than: "one:1", at: 0) == .init(addresses: ["two:1"], pins: ["p", "q"]))
        // A hub that has begun anew knows one of them so far.
        peers.hear(addresses: ["one:1"], pins: ["p"], at: 1000)
        #expect(peers.others(than: "one:1", at: 600_999).addresses == ["two:1"])
        #expect(peers.others(than: "one:1", at: 601_000) == .init(addresses: [], pins: ["p"]))
        peers.hear(addresses: ["one:1", "two:1"], pins: ["p", "q"], at: 300_000)
        #expect(peers.others(than: "one:1", at: .max - 1).addresses == ["two:1"])
    }

    @Test func aHubThatNamesNobodyIsBelievedAfterTenMinutes() {
        var peers = AgentPeers()
        // It may have begun anew a moment ago.
        peers.hearNothing(at: 0)
        #expect(peers.others(than: nil, at: 1).addresses == nil)
        peers.hear(addresses: ["two:1"], pins: ["q"], at: 1000)
        peers.hearNothing(at: 2000)
        peers.hearNothing(at: 300_000)
        #expect(peers.others(than: nil, at: 601_999) == .init(addresses: ["two:1"], pins: ["q"]))
        #expect(peers.others(than: nil, at: 602_000) == .init(addresses: [], pins: []))
    }

    @Test func noHubMakesItGrowWithoutEnd() {
        var peers = AgentPeers()
        peers.hear(addresses: (0..<10_000).map { "a\($0):1" }, pins: [], at: 0)
        #expect(peers.others(than: nil, at: 0).addresses?.count == AgentPeers.limit)
    }

    @Test(arguments: [
        ("proxy-1.example.org:443", true), ("192.0.2.7:8000", true), ("[2001:db8::7]:443", true), ("proxy:0", false),
        ("proxy", false), (":443", false), ("proxy:65536", false), ("a b:443", false), ("https://proxy:443", false),
        ("proxy:+443", false), ("proxy: 443", false), ("proxy:", false), ("[]:443", false), ("[a b]:443", false),
        ("[proxy]:443", false), ("[::1:443", false), ("a..b:443", false), (".:443", false), ("-a:443", false),
        ("a-.b:443", false),
        ("proxy:443\n", false), ("[2001:db8::7]443:443", false),
        ("\(String(repeating: "a", count: 64)).test:443", false),
    ])
    func anAddressForAgentsIsHostAndPort(_ text: String, _ isOne: Bool) {
        #expect(ProxyConfiguration.isAgentAddress(text) == isOne)
    }
}
