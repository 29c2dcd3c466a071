import Foundation
import OrreryCrypto
import OrreryFetch
import OrreryModel
import OrreryStore
import Synchronization
import Testing

@testable import OrreryHub

/// The hub's side of the proxy's gate: tickets, keys and logouts.
struct GateTests {
    private static let mark = String(repeating: "m", count: 43)

    private static func gate(_ next: String) -> String {
        "/hub/gate?" + FormFields.encode([("next", next), ("state", mark)])
    }

    /// Person and login in an entry that the hub gave in `location`; nil when it does not open there.
    private static func open(_ location: String?, at host: String, _ hub: TestHub) async throws -> [String]? {
        let query = try #require(location?.split(separator: "?").last)
        let ticket = Array(try #require(FormFields(query)["ticket"]).utf8)
        var seal = TicketSeal(try await hub.services.tickets.keys())
        let (place, browser) = (Array(host.utf8), Array(mark.utf8))
        let now = UInt64(hub.clock.now.timeIntervalSince1970)
        let opened = seal.open(ticket.span, as: .entry, host: place.span, browser: browser.span, at: now)
        return opened.map { [seal.person($0, text), seal.session($0, text), "\($0.expires - $0.issued)"] }
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        String(decoding: (0..<bytes.count).map { bytes[$0] }, as: UTF8.self)
    }

    @Test("F10: a host of its own gets a ticket of its own, never the login")
    func aPersonIsLoggedInFirstAndThenSentBackWithATicket() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            let page = "http://ada.hub.test/lab?a=1&b=%20"
            let login = try #require(try await browser.get(Self.gate(page)).location)
            #expect(login.hasPrefix("/hub/login?next="))
            let next = try #require(FormFields(login.dropFirst("/hub/login?".count))["next"])
            let back = try #require(try await browser.logIn(as: "ada", next: next).location)
            #expect(back == next)
            let entrance = try await browser.get(back)
            #expect(entrance.location?.hasPrefix("http://ada.hub.test/.orrery/enter?ticket=") == true)
            #expect(entrance.location?.hasSuffix("&next=%2Flab%3Fa%3D1%26b%3D%2520") == true)
            let sid = try #require(browser.cookies["jupyterhub-session-id"]?.value)
            #expect(try await Self.open(entrance.location, at: "ada.hub.test", hub) == ["ada", sid, "60"])
            #expect(try await Self.open(entrance.location, at: "bob.hub.test", hub) == nil)
            hub.clock.turn(by: .seconds(60))
            #expect(try await Self.open(entrance.location, at: "ada.hub.test", hub) == nil)
        }
    }

    @Test(
        arguments: [
            ("https://hub.example.org/user/ada/", "https://hub.example.org/.orrery/enter"),
            ("https://ada.hub.example.org/", "https://ada.hub.example.org/.orrery/enter"),
            ("https://ADA.Hub.Example.org", "https://ada.hub.example.org/.orrery/enter"),
            ("https://lab.ada.hub.example.org?x=y", "https://lab.ada.hub.example.org/.orrery/enter"),
            ("https://ada.hub.example.org:443/", "https://ada.hub.example.org/.orrery/enter"),
            ("http://ada.hub.example.org/", nil), ("https://ada.hub.example.org:8443/", nil),
            ("https://evil.example/", nil), ("https://evilhub.example.org/", nil),
            ("https://hub.example.org.evil/", nil),
            ("https://example.org/", nil), ("https://.hub.example.org/", nil), ("https://a..hub.example.org/", nil),
            ("https://hub.example.org@evil.example/", nil), ("https://evil.example#.hub.example.org/", nil),
            ("https://evil.example/.hub.example.org/", nil), ("https://evil.example?.hub.example.org", nil),
            ("https://evil.example\\.hub.example.org/", nil), ("https://ada:x@hub.example.org/", nil),
            ("https://evil.example%2F.hub.example.org/", nil), ("https://[::1].hub.example.org/", nil),
            ("https://ada.hub.example.org//evil.example", nil), ("https://ada.hub.example.org/%5Cevil", nil),
            ("https://ada.hub.example.org/a b", nil), ("https://ada.hub.example.org/\r\nX: y", nil),
            ("//ada.hub.example.org/", nil), ("/user/ada/", nil), ("javascript:alert(1)", nil), ("", nil),
        ] as [(String, String?)])
    func ticketsLeadToThisSiteOnly(_ next: String, _ entrance: String?) throws {
        let site = try #require(PublicURL("https://hub.example.org"))
        let destination = GateDestination(next, of: site, domain: nil)
        let address = destination?.entrance(with: "t").prefix { $0 != "?" }
        #expect(address.map { String($0) } == entrance)
    }

    @Test func aDomainOfItsOwnTakesTheHostsPlace() throws {
        let site = try #require(PublicURL("https://hub.example.org:8443"))
        func isOurs(_ next: String) -> Bool { GateDestination(next, of: site, domain: "books.example.net") != nil }
        #expect(isOurs("https://ada.books.example.net:8443/") && isOurs("https://hub.example.org:8443/"))
        #expect(!isOurs("https://ada.hub.example.org:8443/") && !isOurs("https://books.example.net:8443/"))
        #expect(!isOurs("https://ada.books.example.net/"))
    }

    @Test func whatIsNoWayBackIsRefused() async throws {
        try await TestHub.run { hub in
            var browser = TestBrowser(hub)
            for path in [
                "/hub/gate", Self.gate("http://evil.test/"), "/hub/gate?next=http%3A%2F%2Fhub.test%2F",
                Self.gate("http://hub.test/") + "x", Self.gate("http://hub.test/") + "&next=http%3A%2F%2Fevil.test%2F",
            ] {
                let answer = try await browser.get(path)
                #expect(answer.status == 400 && answer.location == nil, "\(path)")
            }
        }
    }

    @Test func aTicketEndsWithTheLogin() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            for _ in 0..<14 {
                hub.clock.turn(by: .seconds(12 * 3600 - 5))
                try await browser.get("/hub/home")
            }
            hub.clock.turn(by: .seconds(30))
            let location = try await browser.get(Self.gate("http://hub.test/user/ada/")).location
            #expect(try await Self.open(location, at: "hub.test", hub)?.last == "40")
        }
    }

    // MARK: Keys

    @Test func proxiesGetTheKeysOfTheDayOnce() async throws {
        try await TestHub.run { hub in
            let book = hub.services.proxy
            #expect(await book.load())
            let before = book.feed.changes(after: 0)?.count
            await book.look()
            #expect(book.feed.changes(after: 0)?.count == before)
            let gate = book.feed.gate
            #expect(gate?["login"] == "http://hub.test/hub/gate")
            let day = Int64(hub.clock.now.timeIntervalSince1970) / 86_400
            let ids = gate?["keys"]?.array?.compactMap { $0["id"]?.integer }
            #expect(ids == [day, day + 1, day - 1])
            let told = gate?["keys"]?.array?.first?["key"]?.string.flatMap { Data(base64Encoded: $0) }.map { Array($0) }
            let first = try await hub.services.tickets.keys().keys[0]
            #expect(first.reveal() == told)
            hub.clock.turn(by: .seconds(86_400))
            await book.look()
            let later = book.feed.gate?["keys"]?.array
            #expect(later?.compactMap { $0["id"]?.integer } == [day + 1, day + 2, day])
            #expect(later?[2]["key"] == gate?["keys"]?.array?.first?["key"])
        }
    }

    @Test func keysNeedTheSecretAndTheDatabase() async throws {
        try await TestHub.run { hub in
            func keys(_ secret: String) async throws -> GateKeys {
                try await GateTickets(secret: Secret(secret), store: hub.database, now: { hub.clock.now }).keys()
            }
            let ours = try await hub.services.tickets.keys()
            #expect(try await keys(TestHub.proxyToken) == ours, "a hub that was restarted")
            #expect(try await Set(keys("other").keys).isDisjoint(with: ours.keys))
        }
        try await TestHub.run { first in
            try await TestHub.run { second in
                let keys = try await first.services.tickets.keys()
                #expect(try await Set(second.services.tickets.keys().keys).isDisjoint(with: keys.keys))
            }
        }
    }

    // MARK: Logouts

    @Test func aProxyThatStartedAnewHearsOfLogoutsBeforeItGetsKeys() async throws {
        try await TestHub.run { hub in
            #expect(await hub.services.proxy.load())
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let sid = try #require(browser.cookies["jupyterhub-session-id"]?.value)
            try await browser.post("/hub/logout", [("_xsrf", browser.proof())])
            hub.clock.turn(by: .seconds(3600))
            let lines = try await hub.follow("a").lines(4)
            #expect(lines.map { $0.object?.keys.sorted().first } == ["epoch", "end", "logouts", "gate"])
            #expect(lines[2] == ["logouts": [.string(sid)], "seconds": 39_660])
        }
    }

    @Test func logoutsOutliveTheHubUntilNoTicketIsLeft() async throws {
        try await TestHub.run { hub in
            let now = hub.clock.now
            try await hub.database.rememberEnded(sid: "s1", until: now + 100)
            try await hub.database.rememberEnded(sid: "s2", until: now + 1000)
            hub.clock.turn(by: .seconds(100))
            #expect(await hub.services.proxy.load())
            #expect(hub.services.proxy.feed.logouts == ["s2": now + 1000])
            await hub.services.housekeeper.sweep()
            #expect(try await hub.database.endedLogins(at: now) == ["s2": now + 1000])
        }
    }

    @Test func tokensHaveTheMarkThatTheProxyLooksFor() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"))
            let token = try await hub.services.gate.tokens.issueServerToken(for: session).reveal()
            #expect(token.hasPrefix("orrery_") && token.utf8.count == 50)
            #expect(try await hub.call("GET", "/user", token: token).status == 200)
        }
    }
}
