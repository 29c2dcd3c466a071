import Foundation
import OrreryFetch
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

struct TokenPageTests {
    private func proof(on page: String) throws -> String {
        String(try #require(page.firstMatch(of: /name="_xsrf" value="([^"]+)"/)).output.1)
    }

    @Test func aTokenIsMadeShownOnceAndRevoked() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            #expect(try await browser.get("/hub/token").location == "/hub/login?next=%2Fhub%2Ftoken")
            try await browser.logIn(as: "ada")
            let proof = try proof(on: try await browser.get("/hub/token").text)
            let made = try await browser.post(
                "/hub/token",
                [("_xsrf", proof), ("note", "nightly <b>"), ("life", "86400"), ("own-read:users", "yes")])
            #expect(made.status == 200 && made.headers["Cache-Control"] == "no-store")
            let token = try #require(made.text.firstMatch(of: /id="new-token">(orrery_[A-Za-z0-9_-]{43})</)).output.1
            let user = try await hub.call("GET", "/user", token: String(token))
            #expect(user.json?["scopes"]?.array?.contains("read:users!user=ada") == true)
            #expect(user.json?["scopes"]?.array?.contains("servers!user=ada") == false)
            let later = try await browser.get("/hub/token").text
            #expect(!later.contains(token) && later.contains("nightly &lt;b&gt;"))
            let action = try #require(later.firstMatch(of: /action="(\/hub\/token\/[a-z0-9]+\/revoke)"/)).output.1
            #expect(try await browser.post(String(action), [("_xsrf", "wrong")]).status == 403)
            #expect(try await browser.post(String(action), [("_xsrf", proof)]).location == "/hub/token")
            #expect(try await hub.call("GET", "/user", token: String(token)).status == 403)
        }
    }

    @Test func aTokenWithoutRightsOrNameIsNotMade() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let proof = try await browser.proof()
            for fields in [
                [("note", "one"), ("life", "60")], [("note", ""), ("life", "60"), ("own-servers", "yes")],
                [("note", "one"), ("life", "99999999"), ("own-servers", "yes")],
            ] {
                let answer = try await browser.post("/hub/token", [(name: "_xsrf", value: proof)] + fields)
                #expect(answer.status == 400)
            }
            #expect(try await hub.database.tokens(person: ada.id, at: hub.clock.now).isEmpty)
        }
    }

    @Test func onlyOperatorsChooseForEverybodyAndNobodyElseGetsItByTheField() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            #expect(try await !browser.get("/hub/token").text.contains("all-admin:users"))
            let proof = try await browser.proof()
            let answer = try await browser.post(
                "/hub/token", [("_xsrf", proof), ("note", "x"), ("life", "60"), ("all-admin:users", "yes")])
            #expect(answer.status == 400)
            let chiefs: Set<Group> = [Group(name: "atlas"), Group(name: "operators")]
            _ = try await hub.person("grace", groups: chiefs, isAdmin: true)
            var chief = TestBrowser(hub)
            try await chief.logIn(as: "grace")
            let page = try await chief.get("/hub/token").text
            #expect(page.contains("all-admin:users"))
            #expect(page.contains("all-servers") == false)
        }
    }

    @Test func whatIsWrongIsSaidWhereTheFormIs() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let proof = try await browser.proof()
            // 80 characters, as many as the field takes, and more than 200 bytes.
            for (note, words) in [
                (String(repeating: "語", count: 80), "one line of at most 200 bytes"), ("", "200 bytes"),
            ] {
                let fields = [("_xsrf", proof), ("note", note), ("life", "60"), ("own-servers", "yes")]
                let answer = try await browser.post("/hub/token", fields)
                #expect(answer.status == 400 && answer.text.contains("notice failure") && answer.text.contains(words))
                #expect(answer.text.contains(#"action="/hub/token""#))
            }
        }
    }

    // It is about the whole site, whoever has it.
    @Test func whatConcernsTheWholeSiteIsNotOfferedForOneAlone() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("grace", groups: [Group(name: "atlas"), Group(name: "operators")], isAdmin: true)
            var chief = TestBrowser(hub)
            try await chief.logIn(as: "grace")
            let page = try await chief.get("/hub/token").text
            #expect(page.contains("all-admin:policy") && !page.contains("own-admin:policy"))
        }
    }

    @Test(
        arguments: [
            (.seconds(30 * 86400), "30 days"), (.seconds(86400), "1 day"), (.seconds(7200), "2 hours"),
            (.seconds(90), "90 seconds"),
        ] as [(Duration, String)])
    func aLifeIsSaidInItsLargestUnit(_ life: Duration, _ words: String) { #expect(TokenLife.words(life) == words) }

    @Test func noLifeIsLongerThanTheLongest() {
        let choices = TokenLife.choices(.init(usual: .seconds(86400), max: .seconds(10 * 86400)))
        #expect(choices.map(\.title) == ["1 hour", "1 day", "7 days", "10 days"])
        #expect(choices.filter(\.isSelected).map(\.title) == ["1 day"])
    }
}
