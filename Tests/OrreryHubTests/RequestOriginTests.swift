import NIOCore
import OrreryFetch
import Testing

@testable import OrreryHub

/// Which request it is, and where it came from.
@Suite struct RequestOriginTests {
    @Test(arguments: [
        ("3f2a1c00-aaaa_b.c", true), ("12345678", true), (String(repeating: "a", count: 64), true), ("1234567", false),
        (String(repeating: "a", count: 65), false), ("<script>alert", false), ("two words", false),
        ("é12345678", false),
        ("", false),
    ])
    func anIdIsTakenOverWhenItIsHarmless(_ field: String, _ isTaken: Bool) async throws {
        #expect(RequestOrigins.id(in: field) == (isTaken ? field : nil))
        try await TestHub.run { hub in
            guard field.utf8.allSatisfy({ (33..<127).contains($0) }) else { return }
            let answer = try await hub.send("GET", "/hub/nothing", headers: [("X-Request-Id", field)])
            let id = try #require(answer.headers["X-Request-Id"])
            #expect((id == field) == isTaken && id.utf8.count >= 8)
        }
    }

    @Test func anErrorPageShowsTheIdOfItsRequest() async throws {
        try await TestHub.run { hub in
            let answer = try await hub.send(
                "GET", "/hub/nothing", headers: [("X-Request-Id", "request-4711"), ("Accept", "text/html")])
            #expect(answer.text.contains("request-4711"))
        }
    }

    @Test(arguments: [
        ("192.0.2.7", "192.0.2.7"), ("10.0.0.1, 2001:db8::1", "10.0.0.1, 2001:db8::1"),
        ("<b>192.0.2.7</b>\u{1B}[0m", nil), ("", nil), ("your own machine", nil),
        ("192.0.2.1, evil, 192.0.2.7", "192.0.2.7"),
        (String(repeating: "1", count: 200) + ",192.0.2.7", "192.0.2.7"),
        ("192.0.2.1,192.0.2.2,192.0.2.3,192.0.2.4,::ffff:192.0.2.5", "192.0.2.2, 192.0.2.3, 192.0.2.4, 192.0.2.5"),
    ])
    func ofAddressesTheNearestStay(_ field: String, _ words: String?) { #expect(ForwardedFor(field).words == words) }

    @Test(arguments: [
        ("192.0.2.1, 192.0.2.7", "192.0.2.7"), ("192.0.2.1, 192.0.2.7, 10.1.2.3", "192.0.2.7"),
        ("192.0.2.7, 10.1.2.3, ::ffff:10.1.9.9, 2001:db8::5", "192.0.2.7"), ("192.0.2.7, 10.2.0.1", "10.2.0.1"),
        ("10.1.2.3", "10.1.2.3"), ("evil, 10.1.2.3", "10.1.2.3"), ("evil", nil), ("", nil),
    ])
    func whoSentItStandsBeforeTheMachinesThatAreBelieved(_ field: String, _ sender: String?) throws {
        let believed = [try #require(InternetNetwork("10.1.0.0/16")), try #require(InternetNetwork("2001:db8::5"))]
        #expect(ForwardedFor(field).sender(behind: believed)?.description == sender)
    }

    @Test(arguments: [
        ("192.0.2.7, 10.1.2.3", "192.0.2.7", "192.0.2.7, 10.1.2.3"), ("evil", "198.51.100.1", "198.51.100.1"),
        (nil, "198.51.100.1", "198.51.100.1"),
    ])
    func whereNobodyWroteAnAddressItIsTheConnections(_ field: String?, _ client: String, _ words: String) throws {
        let way = RequestWay(
            peer: try SocketAddress(ipAddress: "198.51.100.1", port: 80), forwarded: ForwardedFor(field),
            forwarders: [try #require(InternetNetwork("10.1.0.0/16"))])
        #expect(way.client.description == client && way.words == words)
        let nobody = RequestWay(peer: nil)
        #expect(nobody.client.description == "unknown" && nobody.words == "unknown")
    }

    @Test(arguments: [
        ("10.1.0.0/16", "10.1.255.255", true), ("10.1.0.0/16", "10.2.0.0", false), ("10.0.0.0/9", "10.127.0.1", true),
        ("10.0.0.0/9", "10.128.0.1", false), ("0.0.0.0/0", "192.0.2.7", true), ("0.0.0.0/0", "::1", false),
        ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
        ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false),
    ])
    func aNetworkHasWhatBeginsLikeIt(_ network: String, _ address: String, _ isIn: Bool) throws {
        let address = try #require(InternetAddress(address))
        #expect(try #require(InternetNetwork(network)).contains(address) == isIn)
    }

    @Test(arguments: ["", "10.1.0.0/33", "10.1.0.0/-1", "10.1.0.0/", "10.1/16", "gateway", "::1/129", "::1%lo"])
    func whatIsNoNetworkIsNone(_ text: String) { #expect(InternetNetwork(text) == nil) }
}
