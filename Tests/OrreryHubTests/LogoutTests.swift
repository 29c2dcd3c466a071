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
            let told = hub.proxy.held.withLock { $0.logouts }
            #expect(told == [["session-ids": [.string(sid)], "seconds": 43_260]])
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

    @Test func aProxyThatIsAwayIsToldLater() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            hub.proxy.held.withLock { $0.refusesEverything = true }
            let proof = try await browser.proof()
            #expect(try await browser.post("/hub/logout", [("_xsrf", proof)]).status == 200)
            hub.proxy.held.withLock { $0.refusesEverything = false }
            await hub.services.proxy.repair()
            #expect(hub.proxy.held.withLock { $0.logouts.count } == 1)
        }
    }
}
