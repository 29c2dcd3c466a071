import Testing

@testable import OrreryAgent

/// Which proxies an agent dials beside the one that it was told of.
struct ProxyPeersTests {
    @Test(arguments: [
        ("b.example:443", true), ("b.example:22", false), ("127.0.0.1:443", false), ("10.0.0.1:443", false),
        ("8.8.8.8:443", false), ("[fe80::1]:443", false), ("[::ffff:7f00:1]:443", false), ("127.1:443", false),
        ("2130706433:443", false), ("a.0x7f:443", false), ("127.0.0.1.:443", false), ("localhost:443", false),
        ("x.LocalHost.:443", false), (".:443", false), ("nonsense", false),
    ]) func aPeerIsDialledByNameAtTheSamePort(_ peer: String, _ isDialled: Bool) {
        var peers = ProxyPeers(ProxyPlace(host: "a.example", port: 443))
        peers.hear([peer], from: ProxyPlace(host: "a.example", port: 443))
        #expect(peers.all.count == (isDialled ? 2 : 1))
    }

    @Test func byAnAddressOnlyWhereTheJoinStringHasOne() {
        let first = ProxyPlace(host: "10.0.0.1", port: 443)
        var peers = ProxyPeers(first)
        peers.hear(["10.0.0.2:443", "10.0.0.3:80"], from: first)
        #expect(peers.all == [first, ProxyPlace(host: "10.0.0.2", port: 443)])
    }

    @Test func theyAreFewAndTheOldOnesAreForgotten() {
        let first = ProxyPlace(host: "a.example", port: 443)
        var peers = ProxyPeers(first)
        for round in 0..<3 {
            peers.hear((0..<40).map { "p\($0).r\(round).example:443" }, from: first)
            #expect(peers.all.count == 1 + ProxyPeers.limit)
            #expect(peers.all.dropFirst().allSatisfy { $0.host.contains(".r\(round).") })
        }
        let other = peers.all[1]
        peers.hear(["c.example:443"], from: other)
        peers.hear([], from: first)
        #expect(peers.all == [first])
    }

    @Test func twoThatOnlyNameEachOtherAreForgottenWithTheOneThatNamedThem() {
        let (first, second) = (ProxyPlace(host: "a.example", port: 443), ProxyPlace(host: "b.example", port: 443))
        var peers = ProxyPeers(first)
        peers.hear(["b.example:443"], from: first)
        peers.hear(["b.example:443", "c.example:443"], from: second)
        peers.hear(["b.example:443"], from: ProxyPlace(host: "c.example", port: 443))
        #expect(peers.all.count == 3)
        peers.hear([], from: first)
        #expect(peers.all == [first])
    }

    @Test(
        arguments: [
            (0, 60, nil), (100, 39, "61 s ahead"), (39, 100, "61 s behind"), (100, .min, "centuries ahead"),
            (-2, .max, "centuries behind"), (0, .max, "9223372036854775807 s behind"),
            (-1, .max, "9223372036854775808 s behind"), (.min, 1, "centuries behind"),
        ] as [(Int64, Int64, String?)]) func aClockMaySayAnything(_ ours: Int64, _ theirs: Int64, _ words: String?)
    {
        #expect(LinkHearing.difference(of: ours, from: theirs) == words)
    }
}
