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
        ("<b>192.0.2.7</b>\u{1B}[0m", "b192.0.2.7b[0m"), ("", nil),
        (String(repeating: "1", count: 200) + ",192.0.2.7", String(repeating: "1", count: 118) + ",192.0.2.7"),
    ])
    func ofAddressesTheNearestStay(_ field: String, _ address: String?) {
        #expect(RequestOrigins.address(in: field) == address)
    }
}
