import Foundation
import OrreryCrypto
import OrreryFetch
import OrreryModel
import OrreryStore
import Synchronization
import Testing

@testable import OrreryHub

struct LoginTests {
    static let atlas: Set<Group> = [Group(name: "atlas", gid: 5001)]

    @Test func whoBeginsTooManyLoginsWaitsWhenThereIsLittleRoomAndOthersDoNot() async throws {
        try await TestHub.run { hub in
            var flow = hub.services.flow
            flow.most = 6
            let begin = { [flow] (address: String) in
                _ = try await flow.begin(
                    at: "test", browser: RandomToken.make(), from: ClientAddress(InternetAddress(address)), next: .home)
            }
            let (crowded, other) = ("192.0.2.7", "198.51.100.1")
            for _ in 1...2000 { flow.begun.record(crowded) }
            // There is room: whoever else is at that address is let in.
            for _ in 1...3 { try await begin(crowded) }
            let error = await #expect(throws: HubError.self) { try await begin(crowded) }
            #expect(error?.kind == .tooMany)
            try await begin(other)
            // What went beyond the limit while there was room is not waited for.
            hub.clock.turn(by: .seconds(1))
            try await begin(crowded)
            hub.clock.turn(by: .seconds(600))
            #expect(try await hub.database.transactions(at: hub.clock.now) == 0)
        }
    }

    // An address may be many people's, and any page can begin logins there.
    @Test func whatOthersAtTheAddressBeginKeepsNobodyOut() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("ada", as: .init(suggestedName: "ada", groups: Self.atlas))
            for _ in 1...3000 { hub.services.flow.begun.record("127.0.0.1") }
            var browser = TestBrowser(hub)
            let arrival = try await browser.logIn(as: "ada")
            #expect(arrival.status == 302)
        }
    }

    @Test func theLoginPageOffersEveryIssuerAndSaysWhatIsWrongWithOne() async throws {
        try await TestHub.run { hub in
            var browser = TestBrowser(hub)
            let page = try await browser.get("/hub/login?next=/user/ada/lab")
            #expect(page.status == 200)
            #expect(page.text.contains("/hub/login/test?next&#x3D;") || page.text.contains("/hub/login/test?next="))
            #expect(page.text.contains("Test Institute") && page.text.contains("Down Institute does not answer"))
            #expect(page.headers["Content-Security-Policy"]?.contains("frame-ancestors 'none'") == true)
            #expect(page.headers["Cache-Control"] == "no-store")
            #expect(page.headers["X-Request-Id"]?.isEmpty == false)
        }
    }

    @Test func whoComesBackFromTheIssuerIsLoggedInAndLedOn() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: Self.atlas))
            var browser = TestBrowser(hub)
            let home = try await browser.get("/hub/home")
            #expect(home.status == 302 && home.location == "/hub/login?next=%2Fhub%2Fhome")
            let arrival = try await browser.logIn(as: "s-1", next: "/user/ada/lab?x=1")
            #expect(arrival.status == 302 && arrival.location == "/user/ada/lab?x=1")
            #expect(browser.cookies["orrery-session"]?.path == "/hub/")
            #expect(browser.cookies["jupyterhub-session-id"]?.path == "/")
            #expect(try await browser.get("/hub/home").text.contains("ada"))
            #expect(try await browser.get("/hub/login").location == "/hub/home")
        }
    }

    @Test("F9: behind TLS the cookies are bound to the host, and no script reads them")
    func behindTLSTheCookiesAreBoundToTheHost() async throws {
        try await TestHub.run(url: "https://hub.test") { hub in
            hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: Self.atlas))
            var browser = TestBrowser(hub)
            let cookies = try await browser.logIn(as: "s-1").headers.all("Set-Cookie")
            let login = try #require(cookies.first { $0.hasPrefix("__Host-orrery-session=") })
            for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/;"] {
                #expect(login.contains(attribute))
            }
            #expect(cookies.allSatisfy { !$0.contains("Domain") })
        }
    }

    @Test func nobodyIsLedToAnotherSite() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: Self.atlas))
            for next in ["https://evil.test/", "//evil.test", "/\\evil.test", "/%2Fevil.test"] {
                var browser = TestBrowser(hub)
                let arrival = try await browser.logIn(as: "s-1", next: next)
                #expect(arrival.location == "/hub/home")
            }
        }
    }

    @Test("F2: a login under way can be finished once, and only in its browser")
    func aLoginUnderWayCanBeFinishedOnceAndOnlyInItsBrowser() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: Self.atlas))
            var browser = TestBrowser(hub)
            var thief = TestBrowser(hub)
            try await thief.get("/hub/login/test")
            let state = try #require(try await browser.get("/hub/login/test").location?.split(separator: "state=").last)
            let callback = "/hub/callback/test?code=s-1&state=\(state)"
            #expect(try await thief.get(callback).status == 400)
            #expect(try await browser.get("/hub/callback/down?code=s-1&state=\(state)").status == 400)
            #expect(try await browser.get(callback).status == 400)
        }
    }

    @Test func twentyTabsMayLogInAtOnce() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: Self.atlas))
            var browser = TestBrowser(hub)
            var states: [Substring] = []
            for _ in 0..<20 {
                let url = try await browser.get("/hub/login/test").location
                states.append(try #require(url?.split(separator: "state=").last))
            }
            for state in states.reversed() {
                #expect(try await browser.get("/hub/callback/test?code=s-1&state=\(state)").status == 302)
            }
        }
    }

    @Test func tabsThatComeBackAtOnceAllArrive() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: Self.atlas))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "s-1")
            var states: [Substring] = []
            for _ in 0..<20 {
                let url = try await browser.get("/hub/login/test").location
                states.append(try #require(url?.split(separator: "state=").last))
            }
            let before = browser
            let tabs = try await withThrowingTaskGroup(of: TestBrowser.self) { group in
                for state in states {
                    group.addTask {
                        var tab = before
                        let answer = try await tab.get("/hub/callback/test?code=s-1&state=\(state)")
                        #expect(answer.status == 302)
                        return tab
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            // Whichever answer the browser reads last, it is logged in.
            for var tab in tabs { #expect(try await tab.get("/hub/home").status == 200) }
            #expect(Set(tabs.map { $0.cookies["jupyterhub-session-id"]?.value }).count == 20)
            #expect(hub.services.proxy.feed.logouts.isEmpty)
        }
    }

    @Test func aLoginThatTookTooLongStartsAnew() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: Self.atlas))
            var browser = TestBrowser(hub)
            let state = try #require(try await browser.get("/hub/login/test").location?.split(separator: "state=").last)
            hub.clock.turn(by: .seconds(601))
            #expect(try await browser.get("/hub/callback/test?code=s-1&state=\(state)").status == 400)
        }
    }

    @Test func idlenessAndAgeEndALogin() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: Self.atlas))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "s-1")
            hub.clock.turn(by: .seconds(11 * 3600))
            #expect(try await browser.get("/hub/home").status == 200)
            hub.clock.turn(by: .seconds(11 * 3600))
            #expect(try await browser.get("/hub/home").status == 200)
            hub.clock.turn(by: .seconds(12 * 3600 + 61))
            #expect(try await browser.get("/hub/home").status == 302)
            try await browser.logIn(as: "s-1")
            for _ in 0..<20 {
                hub.clock.turn(by: .seconds(10 * 3600))
                try await browser.get("/hub/home")
            }
            #expect(try await browser.get("/hub/home").status == 302)
        }
    }

    @Test(arguments: [
        "", "short", "a b", String(repeating: "z", count: 3000), "é23456789012345678901234567890123456789012",
    ])
    func aBrowserIsNamedByTheHubAlone(_ planted: String) async throws {
        try await TestHub.run { hub in
            var browser = TestBrowser(hub)
            browser.cookies["orrery-browser"] = (planted, "/hub/")
            try await browser.get("/hub/login/test")
            let name = try #require(browser.cookies["orrery-browser"]?.value)
            #expect(name != planted && name.utf8.count == 43)
            try await browser.get("/hub/login/test")
            #expect(browser.cookies["orrery-browser"]?.value == name)
        }
    }

    @Test("F8: logging in again ends the login before")
    func loggingInAgainEndsTheLoginBefore() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: Self.atlas))
            hub.issuers.knows("s-2", as: .init(suggestedName: "emmy", groups: Self.atlas, uid: 20002))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "s-1")
            let before = browser.cookies
            try await browser.logIn(as: "s-2")
            #expect(try await browser.get("/hub/home").text.contains("emmy"))
            var thief = TestBrowser(hub)
            thief.cookies = before
            #expect(try await thief.get("/hub/home").status == 302)
            #expect(hub.services.proxy.feed.logouts.count == 1)
        }
    }

    // Several tabs ask for a login when one has run out: the notebook that the first of them opened goes on.
    @Test func theSamePersonKeepsTheNotebooksOfTheLoginBefore() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: Self.atlas))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "s-1")
            let before = browser.cookies
            try await browser.logIn(as: "s-1")
            #expect(browser.cookies["jupyterhub-session-id"]?.value == before["jupyterhub-session-id"]?.value)
            #expect(browser.cookies["orrery-session"]?.value != before["orrery-session"]?.value)
            var thief = TestBrowser(hub)
            thief.cookies = before
            #expect(try await thief.get("/hub/home").status == 302)
            #expect(hub.services.proxy.feed.logouts.isEmpty)
        }
    }
}
