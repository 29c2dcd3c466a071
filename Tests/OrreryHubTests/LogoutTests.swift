import Foundation
import OrreryFetch
import OrreryIdentity
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

    @Test("F11: a form from elsewhere changes nothing")
    func aFormFromElsewhereDoesNotLogAnybodyOut() async throws {
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

    // Its notebooks are still open, and their tokens still good.
    @Test(arguments: [true, false]) func aLoginThatWasIdleForTooLongIsEndedToo(_ isForm: Bool) async throws {
        try await TestHub.run { hub in
            hub.issuers.tokens.withLock { $0.departure = "https://issuer.test/end" }
            var browser = try await loggedIn(hub)
            let ada = try #require(try await hub.database.person(named: "ada"))
            let session = try await hub.session(of: ada)
            let sid = try #require(browser.cookies["jupyterhub-session-id"]?.value)
            let token = try await OAuthTests.visit(session, with: &browser)
            let proof = try await browser.proof()
            hub.clock.turn(by: hub.services.gate.logins.auth.session.idle + .seconds(60))
            #expect(try await browser.get("/hub/home").location?.hasPrefix("/hub/login") == true)
            #expect(try await hub.call("GET", "/user", token: token).status == 200)
            #expect(try await browser.post("/hub/logout", [("_xsrf", "wrong")]).status == 403)
            let answer =
                try await isForm
                ? browser.post("/hub/logout", [("_xsrf", proof)])
                : browser.get("/hub/logout", headers: [("Sec-Fetch-Site", "same-origin")])
            #expect(answer.status == 200 && answer.headers["Refresh"]?.contains("issuer.test/end") == true)
            #expect(try await hub.call("GET", "/user", token: token).status == 403)
            #expect(hub.services.proxy.feed.logouts.keys.contains(sid))
            #expect(try await hub.database.logins(person: ada.id, at: hub.clock.now).isEmpty)
        }
    }

    /// No browser would know of the one before, and nobody could end it.
    @Test(arguments: ["ada", "bob"]) func whoLogsInAgainAfterAnIdleTimeLeavesNothingOpen(_ name: String) async throws {
        try await TestHub.run { hub in
            var browser = try await loggedIn(hub)
            let ada = try #require(try await hub.database.person(named: "ada"))
            let token = try await OAuthTests.visit(try await hub.session(of: ada), with: &browser)
            hub.clock.turn(by: hub.services.gate.logins.auth.session.idle + .seconds(60))
            let uid: UInt32 = name.isExactly("ada") ? 20001 : 20002
            hub.issuers.knows(name, as: .init(suggestedName: name, groups: LoginTests.atlas, uid: uid, gid: uid))
            let arrival = try await browser.logIn(as: name)
            #expect(arrival.location == "/hub/home", "\(arrival.status) \(arrival.text)")
            if name.isExactly("ada") {
                let proof = try await browser.proof()
                try await browser.post("/hub/logout", [("_xsrf", proof)])
            }
            #expect(try await hub.call("GET", "/user", token: token).status == 403)
            #expect(try await hub.database.logins(person: ada.id, at: hub.clock.now).isEmpty)
        }
    }

    // Once there is another login at this browser, nobody knows of the one before.
    @Test func whoTakesAnothersPlaceHasALoginOnlyAfterThatOneHasEnded() async throws {
        try await TestHub.run { hub in
            var browser = try await loggedIn(hub)
            let ada = try #require(try await hub.database.person(named: "ada"))
            let login = try #require(try await hub.database.logins(person: ada.id, at: hub.clock.now).first)
            let bob = try await hub.person("bob")
            let usual = hub.services.flow
            func arrive(refusing count: Int) async throws -> LoginFlow.Arrival {
                let flow = LoginFlow(
                    issuers: usual.issuers, store: usual.store, enrolment: usual.enrolment, logins: usual.logins,
                    linking: usual.linking, farewell: hub.farewell(refusing: count), vault: usual.vault,
                    audit: usual.audit, now: usual.now, begun: usual.begun)
                let url = try await flow.begin(
                    at: "test", browser: "b", from: ClientAddress(InternetAddress("192.0.2.7")), next: .home)
                let state = try #require(url.split(separator: "state=").last)
                return try await flow.finish(
                    at: "test", browser: "b", query: FormFields("code=bob&state=\(state)"), by: nil, after: login)
            }
            await #expect(throws: StoreError.self) { try await arrive(refusing: 1) }
            #expect(try await hub.database.logins(person: bob.id, at: hub.clock.now).isEmpty)
            #expect(try await browser.get("/hub/home").status == 200)
            #expect(try await arrive(refusing: 0).entry?.person.person.name == "bob")
            #expect(try await browser.get("/hub/home").status == 302)
            #expect(hub.services.proxy.feed.logouts.keys.contains(login.sid))
        }
    }

    @Test func aBrowserThatWasIdleForTooLongKeepsNoRefreshToken() async throws {
        try await TestHub.run { hub in
            var idle = try await loggedIn(hub)
            let ada = try #require(try await hub.database.person(named: "ada"))
            let token = try await OAuthTests.visit(try await hub.session(of: ada), with: &idle)
            hub.clock.turn(by: hub.services.gate.logins.auth.session.idle)
            func logOutElsewhere() async throws -> Int {
                var browser = try await loggedIn(hub)
                let proof = try await browser.proof()
                try await browser.post("/hub/logout", [("_xsrf", proof)])
                return try await hub.database.allCredentials().count
            }
            // Somebody works in a notebook there, and their groups are to be read again.
            #expect(try await hub.call("GET", "/user", token: token).status == 200)
            await hub.services.uses.flush()
            #expect(try await logOutElsewhere() == 1)
            hub.clock.turn(by: hub.services.gate.logins.auth.session.idle)
            #expect(try await logOutElsewhere() == 0)
        }
    }

    // The redirect to the issuer comes after the page.
    @Test func nobodyIsSaidToHaveLeftTheIssuerBefore() {
        let html = LogoutPage(loginHref: "/hub/login", issuer: "Photon Lab", issuerHref: "https://issuer.test").html()
        #expect(html.contains("You are still logged in at Photon Lab") && !html.contains("you are logged out at"))
    }

    private func loggedIn(_ hub: TestHub, session: String? = nil) async throws -> TestBrowser {
        hub.issuers.knows(
            "ada", as: .init(suggestedName: "ada", groups: LoginTests.atlas, hasTokens: true, session: session))
        var browser = TestBrowser(hub)
        try await browser.logIn(as: "ada")
        return browser
    }

    @Test func theBrowserGoesOnToTheIssuer() async throws {
        try await TestHub.run { hub in
            hub.issuers.tokens.withLock { $0.departure = "https://issuer.test/end" }
            var browser = try await loggedIn(hub)
            var other = try await loggedIn(hub)
            let proof = try await browser.proof()
            let answer = try await browser.post("/hub/logout", [("_xsrf", proof)])
            let next = "https://issuer.test/end?hint=identity&back=http://hub.test/hub/logout"
            #expect(answer.status == 200 && answer.headers["Refresh"] == "0; url=\(next)")
            #expect(answer.text.contains("Go on to test"))
            #expect(try await browser.get("/hub/home").status == 302)
            #expect(try await browser.get("/hub/logout").status == 200)
            // The refresh token is the other browser's too.
            #expect(hub.issuers.tokens.withLock { $0.revoked }.isEmpty)
            let otherProof = try await other.proof()
            try await other.post("/hub/logout", [("_xsrf", otherProof)])
            #expect(hub.issuers.tokens.withLock { $0.revoked } == [Secret("refresh-0")])
            #expect(try await hub.database.allCredentials().isEmpty)
        }
    }

    @Test func anIssuerWithoutSuchAPageIsNotVisited() async throws {
        try await TestHub.run { hub in
            var browser = try await loggedIn(hub)
            let proof = try await browser.proof()
            let answer = try await browser.post("/hub/logout", [("_xsrf", proof)])
            #expect(answer.status == 200 && answer.headers["Refresh"] == nil && !answer.text.contains("Go on to"))
            #expect(hub.issuers.tokens.withLock { $0.revoked } == [Secret("refresh-0")])
        }
    }

    private func order(_ hub: TestHub, subject: String?, session: String?) {
        let order = LogoutOrder(id: "1", subject: subject, session: session, end: hub.clock.now + 60)
        hub.issuers.tokens.withLock { $0.orders["test token"] = order }
    }

    private func tell(_ hub: TestHub, _ body: String, label: String = "test") async throws -> Answer {
        try await hub.send(
            "POST", "/hub/logout/\(label)", headers: [("Content-Type", "application/x-www-form-urlencoded")], body: body
        )
    }

    @Test("C15: the issuer ends the session that it names, and no other") func oneSessionEnds() async throws {
        try await TestHub.run { hub in
            var (here, there) = (try await loggedIn(hub, session: "a"), try await loggedIn(hub, session: "b"))
            let sid = try #require(here.cookies["jupyterhub-session-id"]?.value)
            order(hub, subject: "ada", session: "a")
            let answer = try await tell(hub, "logout_token=token")
            #expect(answer.status == 200 && answer.headers["Cache-Control"] == "no-store" && answer.body.isEmpty)
            #expect(try await here.get("/hub/home").status == 302)
            #expect(try await there.get("/hub/home").status == 200)
            #expect(Array(hub.services.proxy.feed.logouts.keys) == [sid])
            #expect(try await hub.database.allCredentials().allSatisfy { $0.sealed != nil })
            order(hub, subject: nil, session: "b")
            #expect(try await tell(hub, "logout_token=token").status == 200)
            #expect(try await there.get("/hub/home").status == 302)
            // The tokens were those of this session.
            #expect(try await hub.database.allCredentials().allSatisfy { $0.sealed == nil })
        }
    }

    @Test("C15: without a session all of the person's logins through this issuer end") func allSessionsEnd()
        async throws
    {
        try await TestHub.run { hub in
            var (here, there) = (try await loggedIn(hub, session: "a"), try await loggedIn(hub))
            hub.issuers.knows("grace", as: .init(suggestedName: "grace", groups: LoginTests.atlas, uid: 20002))
            var grace = TestBrowser(hub)
            try await grace.logIn(as: "grace")
            order(hub, subject: "ada", session: nil)
            #expect(try await tell(hub, "logout_token=token").status == 200)
            #expect(try await here.get("/hub/home").status == 302)
            #expect(try await there.get("/hub/home").status == 302)
            #expect(try await grace.get("/hub/home").status == 200)
        }
    }

    @Test func theTokensOfAnotherIdentityOfThePersonStay() async throws {
        try await TestHub.run { hub in
            var ada = try await loggedIn(hub)
            let person = try #require(try await hub.database.person(named: "ada"))
            let second = Identity(issuer: TestIssuers.url(of: "test"), subject: "second")
            try await hub.database.link(second, to: person.id, at: hub.clock.now)
            hub.issuers.knows("second", as: .init(suggestedName: "ada", groups: LoginTests.atlas, hasTokens: true))
            var other = TestBrowser(hub)
            try await other.logIn(as: "second")
            order(hub, subject: "ada", session: nil)
            #expect(try await tell(hub, "logout_token=token").status == 200)
            #expect(try await ada.get("/hub/home").status == 302)
            #expect(try await other.get("/hub/home").status == 200)
            let record = try #require(try await hub.database.credential(person: person.id, issuer: "test"))
            #expect(record.subject == "second" && record.endedAt == nil)
        }
    }

    // The issuer sends the same token again, and nothing else would end those logins.
    @Test func anOrderThatCouldNotBeCarriedOutMayComeAgain() async throws {
        try await TestHub.run { hub in
            var (here, there) = (try await loggedIn(hub, session: "a"), try await loggedIn(hub, session: "a"))
            order(hub, subject: "ada", session: "a")
            let logout = IssuerLogout(
                issuers: hub.issuers, logins: hub.database, vault: hub.services.flow.vault,
                farewell: hub.farewell(refusing: 1), persons: hub.database, audit: hub.services.audit,
                now: { hub.clock.now })
            let error = await #expect(throws: StoreError.self) { try await logout.obey("token", of: "test") }
            #expect(error?.kind == .unavailable)
            #expect(hub.issuers.tokens.withLock { $0.allowedAgain } == ["1"])
            // One of the two was ended all the same.
            let ada = try #require(try await hub.database.person(named: "ada"))
            #expect(try await hub.database.logins(person: ada.id, at: hub.clock.now).count == 1)
            #expect(try await hub.database.allCredentials().allSatisfy { $0.sealed == nil })
            #expect(try await logout.obey("token", of: "test") == 1)
            #expect(hub.issuers.tokens.withLock { $0.allowedAgain } == ["1"])
            #expect(try await here.get("/hub/home").status == 302)
            #expect(try await there.get("/hub/home").status == 302)
        }
    }

    // Without a login of theirs the next try would find nobody whose tokens are to be forgotten.
    @Test func tokensThatCouldNotBeForgottenAreForgottenByTheNextTry() async throws {
        try await TestHub.run { hub in
            var browser = try await loggedIn(hub, session: "a")
            order(hub, subject: nil, session: "a")
            let store = StubbornCredentialStore(hub.database, refusing: 1)
            let logout = IssuerLogout(
                issuers: hub.issuers, logins: hub.database,
                vault: CredentialVault(store: store, keys: hub.services.flow.vault.keys),
                farewell: hub.farewell(refusing: 0), persons: hub.database, audit: hub.services.audit,
                now: { hub.clock.now })
            await #expect(throws: StoreError.self) { try await logout.obey("token", of: "test") }
            #expect(try await hub.database.allCredentials().allSatisfy { $0.sealed != nil })
            #expect(try await logout.obey("token", of: "test") == 1)
            #expect(try await hub.database.allCredentials().allSatisfy { $0.sealed == nil })
            #expect(try await browser.get("/hub/home").status == 302)
        }
    }

    @Test func aCredentialThatNoKeyOpensKeepsNobodysLoginOpen() async throws {
        try await TestHub.run { hub in
            var browser = try await loggedIn(hub, session: "a")
            let record = try #require(try await hub.database.allCredentials().first)
            try await hub.database.keep(
                CredentialRecord(
                    person: record.person, issuer: "test", subject: "ada", sealed: [1], loginAt: record.loginAt,
                    checkedAt: record.checkedAt))
            order(hub, subject: "ada", session: nil)
            #expect(try await tell(hub, "logout_token=token").status == 200)
            #expect(try await browser.get("/hub/home").status == 302)
        }
    }

    @Test(
        "C15: what is no logout token of this issuer is a bad request",
        arguments: [
            ("", "test"), ("logout_token=other", "test"), ("logout_token=token", "other"), ("token=token", "test"),
            ("logout_token=token&logout_token=token", "test"),
        ])
    func badOrders(_ body: String, _ label: String) async throws {
        try await TestHub.run { hub in
            var browser = try await loggedIn(hub, session: "a")
            order(hub, subject: "ada", session: nil)
            let answer = try await tell(hub, body, label: label)
            #expect(answer.status == 400 && answer.headers["Cache-Control"] == "no-store")
            #expect(try await browser.get("/hub/home").status == 200)
        }
    }
}
