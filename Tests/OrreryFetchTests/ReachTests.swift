import Glibc
import Testing

@testable import OrreryFetch

/// Where a name may lead: looked at after it was resolved, when the connection is made.
@Suite struct ReachTests {
    @Test(
        "F12: whatever it looks like, an address is of this machine, of a site, or open",
        arguments: [
            ("127.0.0.1", .local), ("127.255.255.254", .local), ("0.0.0.0", .local), ("169.254.169.254", .local),
            ("224.0.0.1", .local), ("255.255.255.255", .local), ("192.0.0.8", .local), ("10.0.0.1", .site),
            ("172.16.0.1", .site), ("172.31.255.255", .site), ("192.168.1.1", .site), ("100.64.0.1", .site),
            ("198.18.0.1", .site), ("172.32.0.1", .open), ("100.128.0.1", .open), ("192.169.0.1", .open),
            ("8.8.8.8", .open), ("::1", .local), ("::", .local), ("fe80::1", .local), ("ff02::1", .local),
            ("fd00:ec2::254", .site), ("fc00::1", .site), ("fec0::1", .site), ("2001:4860:4860::8888", .open),
            ("::ffff:127.0.0.1", .local), ("::ffff:10.0.0.1", .site), ("::ffff:8.8.8.8", .open),
            ("::127.0.0.1", .local), ("64:ff9b::a9fe:a9fe", .local), ("64:ff9b::808:808", .open),
            ("2002:7f00:1::", .local), ("2002:c0a8:101::", .site),
        ] as [(String, AddressKind)])
    func kinds(_ address: String, _ kind: AddressKind) throws {
        #expect(AddressKind(try #require(Self.bytes(of: address))) == kind)
    }

    @Test func onlySomeKindsAreWithinReach() {
        let kinds: [AddressKind] = [.local, .site, .open]
        #expect(kinds.map { $0.isWithin(.anywhere) } == [true, true, true])
        #expect(kinds.map { $0.isWithin(.networks) } == [false, true, true])
        #expect(kinds.map { $0.isWithin(.publicNetworks) } == [false, false, true])
        #expect(AddressKind([1, 2, 3]) == .local)
    }

    @Test("F12: a name that leads to this machine leads nowhere", arguments: ["127.0.0.1", "localhost"])
    func nothingIsSentThere(_ host: String) async throws {
        let server = try ScriptedServer { $0.serve { _ in "the machine's credentials" } }
        let fetcher = Fetcher()
        for reach in [FetchRequest.Reach.networks, .publicNetworks] {
            var request = FetchRequest(url: server.url.replacing("127.0.0.1", with: host))
            request.reach = reach
            let asked = request
            let refusal = await #expect(throws: FetchError.self) { try await fetcher.fetch(asked) }
            #expect(refusal?.kind == .cannotConnect && refusal?.message.contains("may not go") == true)
        }
        #expect(try await fetcher.fetch(FetchRequest(url: server.url)).text == "the machine's credentials")
    }

    @Test("F12: not over a connection either that somebody else has made")
    func aKeptConnectionLeadsNowhereElse() async throws {
        let server = try ScriptedServer { $0.serve { _ in "the machine's credentials" } }
        let fetcher = Fetcher()
        #expect(try await fetcher.fetch(FetchRequest(url: server.url)).text == "the machine's credentials")
        var request = FetchRequest(url: server.url)
        request.reach = .networks
        let asked = request
        let refusal = await #expect(throws: FetchError.self) { try await fetcher.fetch(asked) }
        #expect(refusal?.kind == .cannotConnect)
    }

    private static func bytes(of address: String) -> [UInt8]? {
        if address.contains(":") {
            var number = in6_addr()
            // A C string and a structure of the family that is named.
            guard unsafe inet_pton(AF_INET6, address, &number) == 1 else { return nil }
            return unsafe withUnsafeBytes(of: number) { unsafe Array($0) }
        }
        var number = in_addr()
        guard unsafe inet_pton(AF_INET, address, &number) == 1 else { return nil }
        return unsafe withUnsafeBytes(of: number) { unsafe Array($0) }
    }
}
