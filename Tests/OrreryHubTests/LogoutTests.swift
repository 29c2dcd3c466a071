import Foundation
import OrreryFetch
import OrreryModel
import OrreryStore
import Synchronization
import Testing

@testable import OrreryHub

struct LogoutTests {
    @Test func endsTheLoginItsTokensAndTellsTheProxy() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let sid = try #require(browser.cookies["jupyterhub-session-id"]?.value)
            let token = try await OAuthTests.visit(session, with: &browser)
            #expect(try await hub.call("GET", "/user", token: token).status == 200)
            let old = browser
            let proof = try await browser.proof()
            let answer = try await browser.post("/hub/logout", [("_xsrf", proof)])
            #expect(answer.status == 200 && answer.text.contains("logged out"))
            #expect(browser.cookies["orrery-session"] == nil && browser.cookies["jupyterhub-session-id"] == nil)
            #expect(try await hub.call("GET", "/user", token: token).status == 403)
            var thief = old
            #expect(try await thief.get("/hub/home").status == 302)
            let end: Date = hub.clock.now + ProxyBook.memory.seconds
            #expect(hub.services.proxy.feed.logouts == [sid: end])
            #expect(try await hub.database.session(id: session.id)?.state == .ready)
        }
    }

    @Test func aFormFromElsewhereDoesNotLogAnybodyOut() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            #expect(try await browser.post("/hub/logout", []).status == 403)
            #expect(try await browser.post("/hub/logout", [("_xsrf", "wrong")]).status == 403)
            #expect(try await browser.get("/hub/home").status == 200)
        }
    }

    @Test func aLinkLogsOutOnlyFromOurOwnSite() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let foreign = try await browser.get("/hub/logout", headers: [("Sec-Fetch-Site", "cross-site")])
            #expect(foreign.location == "/hub/home?leaving=1")
            #expect(try await browser.get("/hub/home?leaving=1").text.contains("press the button"))
            let own = try await browser.get("/hub/logout", headers: [("Sec-Fetch-Site", "same-origin")])
            #expect(own.status == 200)
            #expect(try await browser.get("/hub/home").status == 302)
        }
    }

    // Whoever has logged out expects the old page to be closed, not to be closed in a moment.
    @Test func isInForceAtTheProxyWhenThePageComes() async throws {
        try await TestHub.run { hub in
            #expect(await hub.services.proxy.load())
            _ = try await hub.person("ada")
            let follower = try await hub.follow("a")
            _ = try await follower.lines(3)
            try await hub.report("a", 1)
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let proof = try await browser.proof()
            async let answer = browser.post("/hub/logout", [("_xsrf", proof)])
            let line = try await follower.lines(1)[0]
            #expect(line["number"]?.integer == 2 && line["logouts"]?.array?.count == 1)
            try await hub.report("a", 2)
            #expect(try await answer.status == 200)
        }
    }
}
