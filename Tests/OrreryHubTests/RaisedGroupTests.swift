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
