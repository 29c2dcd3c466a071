import Foundation
import OrreryFetch
import OrreryIdentity
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

/// Groups that a login holds because of how it was made.
struct RaisedGroupTests {
    private static func ada(_ hub: TestHub, raised: String?, groups: Set<Group> = LoginTests.atlas) {
        let group = raised.map {
            Membership.Raised(group: Group(name: $0, gid: 7), until: hub.clock.now + 3600)
        }
        hub.issuers.knows(
            "ada", as: .init(suggestedName: "ada", groups: groups, raised: [group].compactMap(\.self)))
    }

    private static func isOperator(_ browser: inout TestBrowser) async throws -> Bool {
        try await browser.get("/hub/api/user", headers: []).json?["admin"]?.bool == true
    }

    @Test func theyHoldAtTheBrowserThatShowedMoreAndEnd() async throws {
        try await TestHub.run { hub in
            var plain = TestBrowser(hub)
            Self.ada(hub, raised: nil)
            try await plain.logIn(as: "ada")
            var strong = TestBrowser(hub)
            Self.ada(hub, raised: "operators")
            try await strong.logIn(as: "ada")
            #expect(try await Self.isOperator(&strong))
            #expect(try await strong.get("/hub/home").text.contains("operators"))
            let isPlainRaised = try await Self.isOperator(&plain)
            #expect(!isPlainRaised)
            let stored = try #require(try await hub.database.person(named: "ada"))
            #expect(!stored.isAdmin && stored.person.groups == LoginTests.atlas)
            hub.clock.turn(by: .seconds(3600))
            let isStillRaised = try await Self.isOperator(&strong)
            #expect(!isStillRaised)
            #expect(try await strong.get("/hub/home").status == 200)
        }
    }

    @Test func theyGiveNothingToPrograms() async throws {
        try await TestHub.run { hub in
            Self.ada(hub, raised: "operators")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let page = try await browser.get("/hub/token").text
            #expect(!page.contains("all-") && page.contains("own-servers"))
            let proof = try await browser.proof()
            let headers = [("X-XSRFToken", proof)]
            for right in ["delete:servers", "admin:users", "delete:servers!user=grace"] {
                let answer = try await browser.send(
                    "POST", "/hub/api/users/ada/tokens", headers: headers, body: #"{"scopes": ["\#(right)"]}"#)
                #expect(answer.status == 400, "\(right)")
            }
            let own = try await browser.send(
                "POST", "/hub/api/users/ada/tokens", headers: headers, body: #"{"scopes": ["servers!user"]}"#)
            #expect(own.status == 201)
            let fields = [("_xsrf", proof), ("note", "x"), ("life", "60"), ("all-delete:servers", "yes")]
            #expect(try await browser.post("/hub/token", fields).status == 400)
        }
    }

    @Test func whoEntersThroughOneAloneLetsNoProgramIn() async throws {
        try await TestHub.run { hub in
            Self.ada(hub, raised: "science", groups: [])
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let proof = try await browser.proof()
            let page = try await browser.get("/hub/token")
            #expect(page.status == 200 && page.text.contains("no program can speak for you"))
            #expect(!page.text.contains(#"action="/hub/token""#))
            let fields = [("_xsrf", proof), ("note", "x"), ("life", "60"), ("own-servers", "yes")]
            #expect(try await browser.post("/hub/token", fields).status == 403)
            let made = try await browser.send(
                "POST", "/hub/api/users/ada/tokens", headers: [("X-XSRFToken", proof)], body: "{}")
            #expect(made.status == 403)
            #expect(try await browser.get("/hub/device").status == 403)
            #expect(try await browser.post("/hub/device", [("_xsrf", proof), ("code", "BCDF-GHJK")]).status == 403)
            let ada = try #require(try await hub.database.person(named: "ada"))
            #expect(try await hub.database.tokens(person: ada.id, at: hub.clock.now).isEmpty)
        }
    }

    @Test func whoEntersThroughOneLeavesWithIt() async throws {
        try await TestHub.run { hub in
            Self.ada(hub, raised: "science", groups: [])
            var browser = TestBrowser(hub)
            let arrival = try await browser.logIn(as: "ada")
            #expect(arrival.status == 302 && arrival.location == "/hub/home")
            hub.clock.turn(by: .seconds(3599))
            #expect(try await browser.get("/hub/home").status == 200)
            hub.clock.turn(by: .seconds(1))
            #expect(try await browser.get("/hub/home").status == 302)
        }
    }

    @Test func whoLacksOneIsToldTheWayToIt() async throws {
        try await TestHub.run { hub in
            let dormant = Membership.Dormant(group: "science", shortfall: .context("mfa"))
            hub.issuers.knows("ada", as: .init(suggestedName: "ada", groups: [], dormant: [dormant]))
            var browser = TestBrowser(hub)
            let answer = try await browser.logIn(as: "ada")
            #expect(answer.status == 403 && answer.text.contains("/hub/login/test?raise=science"))
        }
    }
}
