import Foundation
import OrreryFetch
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

struct SuspensionTests {
    private static let chief: Set<Group> = [Group(name: "atlas"), Group(name: "operators")]

    private func chiefsToken(_ hub: TestHub) async throws -> String {
        let chief = try await hub.person("grace", groups: Self.chief, isAdmin: true)
        return try await hub.token(of: chief, scopes: ["admin:users"])
    }

    @Test func whoIsSuspendedLosesBrowserTokensAndTicketsAtOnce() async throws {
        try await TestHub.run { hub in
            let token = try await chiefsToken(hub)
            let ada = try await hub.person("ada")
            let own = try await hub.token(of: ada, scopes: ["read:users!user=ada"])
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let sid = try #require(browser.cookies["jupyterhub-session-id"]?.value)
            #expect(try await hub.call("POST", "/users/ada/suspension", token: token).status == 204)
            #expect(try await browser.get("/hub/home").status == 302)
            #expect(try await hub.call("GET", "/user", token: own).status == 403)
            #expect(try await hub.database.logins(person: ada.id, at: hub.clock.now).isEmpty)
            #expect(try await hub.database.tokens(person: ada.id, at: hub.clock.now).isEmpty)
            #expect(hub.services.proxy.feed.logouts.count == 1)
            #expect(try await hub.database.endedLogins(at: hub.clock.now).keys.contains(sid))
            let again = try await browser.logIn(as: "ada")
            #expect(again.status == 403 && again.text.contains("suspended"))
            #expect(try await hub.call("DELETE", "/users/ada/suspension", token: token).status == 204)
            #expect(try await browser.logIn(as: "ada").status == 302)
        }
    }

    @Test func aSessionThatCannotBeStoppedNowKeepsNothingElseOpen() async throws {
        try await TestHub.run { hub in
            let token = try await chiefsToken(hub)
            let ada = try await hub.person("ada")
            let server = try await hub.serverToken(for: try await hub.session(of: ada))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            // No spawner runs in this hub, as when a cluster is away.
            #expect(try await hub.call("POST", "/users/ada/suspension", token: token).status == 503)
            #expect(try await browser.get("/hub/home").status == 302)
            #expect(try await hub.call("GET", "/user", token: server).status == 403)
            #expect(try await hub.database.person(named: "ada")?.isSuspended == true)
            #expect(try await hub.call("DELETE", "/users/ada", token: token).status == 503)
            #expect(try await hub.database.person(named: "ada") != nil)
        }
    }

    @Test func whoIsRemovedDoesNotComeBackAsSomebodyNew() async throws {
        try await TestHub.run { hub in
            let token = try await chiefsToken(hub)
            _ = try await hub.person("ada")
            #expect(try await hub.call("DELETE", "/users/ada", token: token).status == 204)
            #expect(try await hub.call("DELETE", "/users/ada", token: token).status == 404)
            var browser = TestBrowser(hub)
            let answer = try await browser.logIn(as: "ada")
            #expect(answer.status == 403 && answer.text.contains("removed by an operator"))
            #expect(try await hub.database.person(named: "ada") == nil)
            #expect(try await hub.database.isNameGiven("ada"))
        }
    }

    @Test func onlyOperatorsDoThisAndNotToThemselves() async throws {
        try await TestHub.run { hub in
            let token = try await chiefsToken(hub)
            let ada = try await hub.person("ada")
            let own = try await hub.token(of: ada, scopes: Scopes.ofPerson(named: "ada", isAdmin: false).expanded)
            for (method, path) in [
                ("POST", "/users/grace/suspension"), ("DELETE", "/users/grace/suspension"), ("DELETE", "/users/grace"),
            ] {
                #expect(try await hub.call(method, path, token: own).status == 403)
                #expect(try await hub.call(method, path, token: token).status == 409)
            }
            #expect(try await hub.call("POST", "/users/nobody/suspension", token: token).status == 404)
            #expect(Scopes.ofPerson(named: "grace", isAdmin: true).allow("admin:users", user: "ada"))
        }
    }
}
