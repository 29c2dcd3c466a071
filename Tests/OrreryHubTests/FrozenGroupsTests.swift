import Foundation
import OrreryFetch
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

/// Programs hold no right for longer than the issuer's word for it.
struct FrozenGroupsTests {
    private static let operators = LoginTests.atlas.union([Group(name: "operators")])

    private func operatorsToken(_ hub: TestHub, _ browser: inout TestBrowser) async throws -> String {
        hub.issuers.knows("ada", as: .init(suggestedName: "ada", groups: Self.operators))
        try await browser.logIn(as: "ada")
        let ada = try #require(try await hub.database.person(named: "ada"))
        #expect(ada.isAdmin)
        return try await hub.token(
            of: ada, scopes: ["admin:users", "read:users!user=ada"], lasting: .seconds(90 * 86400))
    }

    @Test func whoIsRefusedAtTheDoorKeepsNothingInside() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("grace")
            var browser = TestBrowser(hub)
            let token = try await operatorsToken(hub, &browser)
            hub.issuers.knows("ada", as: .init(suggestedName: "ada", groups: [Group(name: "operators")]))
            #expect(try await browser.logIn(as: "ada").status == 403)
            #expect(try await hub.call("POST", "/users/grace/suspension", token: token).status == 403)
            #expect(try await hub.database.person(named: "ada")?.person.groups == [Group(name: "operators")])
        }
    }

    @Test func aLoginWithAnotherIdentityThatIsRefusedTakesNothingAway() async throws {
        try await TestHub.run { hub in
            var browser = TestBrowser(hub)
            let token = try await operatorsToken(hub, &browser)
            let ada = try #require(try await hub.database.person(named: "ada"))
            try await hub.database.link(
                Identity(issuer: "https://other.test", subject: "a2"), to: ada.id, at: hub.clock.now)
            hub.issuers.knows("a2", as: .init(suggestedName: "ada", groups: []))
            var other = TestBrowser(hub)
            #expect(try await other.logIn(as: "a2", at: "other").status == 403)
            #expect(try await hub.call("GET", "/user", token: token).status == 200)
            #expect(try await hub.database.person(named: "ada")?.isAdmin == true)
        }
    }

    @Test func groupsThatNobodyConfirmedForTooLongOpenNothing() async throws {
        try await TestHub.run { hub in
            var browser = TestBrowser(hub)
            let token = try await operatorsToken(hub, &browser)
            let life = hub.services.configuration.auth.session.max
            hub.clock.turn(by: life)
            #expect(try await hub.call("GET", "/user", token: token).status == 200)
            hub.clock.turn(by: .seconds(1))
            #expect(try await hub.call("GET", "/user", token: token).status == 403)
            try await browser.logIn(as: "ada")
            #expect(try await hub.call("GET", "/user", token: token).status == 200)
        }
    }

    @Test func aLogoutLeavesProgramsTheirIssuer() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("ada", as: .init(suggestedName: "ada", groups: LoginTests.atlas, hasTokens: true))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let ada = try #require(try await hub.database.person(named: "ada"))
            _ = try await hub.token(of: ada, scopes: ["read:users!user=ada"])
            try await browser.post("/hub/logout", [("_xsrf", try await browser.proof())])
            #expect(try await hub.database.credential(person: ada.id, issuer: "test") != nil)
        }
    }
}
