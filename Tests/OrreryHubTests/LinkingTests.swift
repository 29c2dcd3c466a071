import Foundation
import OrreryFetch
import OrreryModel
import OrreryStore
import Synchronization
import Testing

@testable import OrreryHub

struct LinkingTests {
    /// Presses the link button for `issuer` and comes back from there as `subject`.
    private func link(
        _ browser: inout TestBrowser, _ subject: String, at issuer: String = "other"
    ) async throws -> Answer {
        let proof = try await browser.proof()
        let leaving = try await browser.post("/hub/account/link/\(issuer)", [(name: "_xsrf", value: proof)])
        guard let state = leaving.onward?.split(separator: "state=").last else { return leaving }
        return try await browser.get("/hub/callback/\(issuer)?code=\(subject)&state=\(state)")
    }

    private static let people: [(String, TestIssuers.Somebody)] = [
        ("s-1", .init(suggestedName: "ada", groups: LoginTests.atlas)),
        ("there", .init(suggestedName: "lovelace", groups: [Group(name: "science")], uid: 7, gid: 7)),
        ("emmy", .init(suggestedName: "emmy", groups: LoginTests.atlas, uid: 8, gid: 8)),
    ]

    private func run(_ body: @escaping @Sendable (TestHub) async throws -> Void) async throws {
        try await TestHub.run { hub in
            for (subject, somebody) in Self.people { hub.issuers.knows(subject, as: somebody) }
            try await body(hub)
        }
    }

    @Test func whoProvesBothOpensOneAccountWithEither() async throws {
        try await run { hub in
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "s-1")
            let answer = try await link(&browser, "there")
            #expect(answer.status == 302 && answer.location == "/hub/account")
            let page = try await browser.get("/hub/account").text
            #expect(page.contains("s-1") && page.contains("there") && page.contains("https://other.test"))
            var elsewhere = TestBrowser(hub)
            try await elsewhere.logIn(as: "there", at: "other")
            let persons = try await hub.database.allPersons()
            #expect(persons.map(\.person.name) == ["ada"])
            #expect(persons[0].person.uid == 20001 && persons[0].person.groups == [Group(name: "science")])
        }
    }

    @Test func theOtherIssuerIsAskedToLetThePersonLogInAgain() async throws {
        try await run { hub in
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "s-1")
            let proof = try await browser.proof()
            let leaving = try await browser.post("/hub/account/link/other", [(name: "_xsrf", value: proof)])
            #expect(leaving.onward?.contains("prompt=login") == true)
        }
    }

    @Test func anOldLoginHereLinksNothing() async throws {
        try await run { hub in
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "s-1")
            hub.clock.turn(by: .seconds(601))
            let answer = try await link(&browser, "there")
            #expect(answer.status == 403 && answer.text.contains("older than ten minutes"))
        }
    }

    @Test func anOldLoginThereLinksNothing() async throws {
        try await run { hub in
            var somebody = Self.people[1].1
            somebody.authenticatedAt = hub.clock.now - 601
            hub.issuers.knows("there", as: somebody)
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "s-1")
            let answer = try await link(&browser, "there")
            #expect(answer.status == 403 && answer.text.contains("more than ten minutes ago"))
            somebody.authenticatedAt = hub.clock.now - 599
            hub.issuers.knows("there", as: somebody)
            let again = try await link(&browser, "there")
            #expect(again.status == 302)
        }
    }

    /// Whoever came in with the identity, whose it was no more.
    @Test func anIdentityThatIsUnlinkedOpensNothingThatIsOpen() async throws {
        try await run { hub in
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "s-1")
            _ = try await link(&browser, "there")
            var other = TestBrowser(hub)
            try await other.logIn(as: "there", at: "other")
            #expect(try await other.get("/hub/home").status == 200)
            let ada = try #require(try await hub.database.person(named: "ada"))
            #expect(try await hub.database.credential(person: ada.id, issuer: "other") != nil)
            let fields = [
                (name: "_xsrf", value: try await browser.proof()), (name: "issuer", value: "https://other.test"),
                (name: "subject", value: "there"),
            ]
            #expect(try await browser.post("/hub/account/unlink", fields).status == 302)
            #expect(try await other.get("/hub/home").status == 302)
            #expect(try await hub.database.credential(person: ada.id, issuer: "other") == nil)
            #expect(try await browser.get("/hub/home").status == 200)
        }
    }

    private func unlink(_ browser: inout TestBrowser) async throws -> Answer {
        try await browser.post(
            "/hub/account/unlink",
            [
                (name: "_xsrf", value: try await browser.proof()), (name: "issuer", value: "https://other.test"),
                (name: "subject", value: "there"),
            ])
    }

    // Of what it opened, groups and rights are the most.
    @Test(arguments: [true, false])
    func theGroupsOfAnIdentityThatIsUnlinkedAreGone(_ doesTheOtherIssuerSayThem: Bool) async throws {
        try await run { hub in
            hub.issuers.knows(
                "s-1",
                as: .init(suggestedName: "ada", groups: LoginTests.atlas, hasTokens: doesTheOtherIssuerSayThem))
            let operators: Set = [Group(name: "science"), Group(name: "operators")]
            hub.issuers.knows("there", as: .init(suggestedName: "lovelace", groups: operators))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "s-1")
            _ = try await link(&browser, "there")
            hub.clock.turn(by: .seconds(1))
            var thief = TestBrowser(hub)
            try await thief.logIn(as: "there", at: "other")
            #expect(try await hub.database.person(named: "ada")?.isAdmin == true)
            let answer = try await unlink(&browser)
            #expect(answer.status == 302)
            let ada = try #require(try await hub.database.person(named: "ada"))
            #expect(!ada.isAdmin && ada.person.groups == (doesTheOtherIssuerSayThem ? LoginTests.atlas : []))
            #expect(try await thief.get("/hub/home").status == 302)
        }
    }

    /// A browser of ada's at which `there` is linked, and another at which somebody is logged in as that.
    private func linked(_ hub: TestHub) async throws -> TestBrowser {
        hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: LoginTests.atlas, hasTokens: true))
        var browser = TestBrowser(hub)
        try await browser.logIn(as: "s-1")
        _ = try await link(&browser, "there")
        hub.clock.turn(by: .seconds(1))
        var other = TestBrowser(hub)
        try await other.logIn(as: "there", at: "other")
        return browser
    }

    // Who is in no group for a moment may lose a session by it.
    @Test func nobodyIsWithoutGroupsWhileTheOtherIssuerIsAsked() async throws {
        try await run { hub in
            var browser = try await linked(hub)
            let seen = Recorded()
            hub.issuers.tokens.withLock {
                $0.meanwhile = {
                    let groups = try await hub.database.person(named: "ada")?.person.groups
                    seen.groups.withLock { $0 = groups }
                }
            }
            #expect(try await unlink(&browser).status == 302)
            #expect(seen.groups.withLock { $0 } == [Group(name: "science")])
            #expect(try await hub.database.person(named: "ada")?.person.groups == LoginTests.atlas)
        }
    }

    @Test func whoLogsInWhileTheOtherIssuerIsAskedKeepsTheGroupsOfThatLogin() async throws {
        try await run { hub in
            var browser = try await linked(hub)
            hub.issuers.tokens.withLock {
                $0.meanwhile = {
                    hub.issuers.tokens.withLock { $0.meanwhile = nil }
                    hub.clock.turn(by: .seconds(1))
                    hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: [Group(name: "science")]))
                    var third = TestBrowser(hub)
                    try await third.logIn(as: "s-1")
                }
            }
            #expect(try await unlink(&browser).status == 302)
            #expect(try await hub.database.person(named: "ada")?.person.groups == [Group(name: "science")])
        }
    }

    private final class Recorded: Sendable {
        let groups = Mutex<Set<Group>?>(nil)
    }

    // The person chose the wrong button, or whose identity it is was denied.
    @Test(arguments: [true, false])
    func aRefusedLoginTakesNothingThatAnotherIdentityBrought(_ hasEntered: Bool) async throws {
        try await run { hub in
            var browser = TestBrowser(hub)
            if hasEntered {
                browser = try await linked(hub)
                hub.clock.turn(by: .seconds(1))
            }
            try await browser.logIn(as: "s-1")
            if !hasEntered { _ = try await link(&browser, "there") }
            let proof = try await browser.proof()
            try await browser.post("/hub/logout", [(name: "_xsrf", value: proof)])
            // What is left is that of the other identity's earlier login, if anything.
            #expect(try await hub.database.allCredentials().map(\.issuer) == (hasEntered ? ["other"] : []))
            hub.issuers.knows("there", as: .init(suggestedName: "lovelace", groups: []))
            var other = TestBrowser(hub)
            #expect(try await other.logIn(as: "there", at: "other").status == 403)
            #expect(try await hub.database.person(named: "ada")?.person.groups == LoginTests.atlas)
        }
    }

    @Test func aRefusedLoginTakesWhatItsOwnIssuerGave() async throws {
        try await run { hub in
            _ = try await linked(hub)
            hub.issuers.knows("there", as: .init(suggestedName: "lovelace", groups: []))
            var other = TestBrowser(hub)
            #expect(try await other.logIn(as: "there", at: "other").status == 403)
            #expect(try await hub.database.person(named: "ada")?.person.groups == [])
        }
    }

    @Test func anUnlinkingThatFailedCanBeTriedAgain() async throws {
        try await run { hub in
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "s-1")
            _ = try await link(&browser, "there")
            hub.clock.turn(by: .seconds(1))
            var thief = TestBrowser(hub)
            try await thief.logIn(as: "there", at: "other")
            let services = hub.services
            let expulsion = Expulsion(
                persons: hub.database, logins: hub.database, credentials: services.credentials,
                farewell: hub.farewell(refusing: 1), recheck: services.recheck, audit: services.audit,
                labels: ["https://other.test": "other"], now: { hub.clock.now })
            let identity = Identity(issuer: "https://other.test", subject: "there")
            let ada = try #require(try await hub.database.person(named: "ada"))
            await #expect(throws: StoreError.self) { try await expulsion.expel(identity, from: ada) }
            #expect(try await hub.database.identities(person: ada.id).contains(identity))
            try await expulsion.expel(identity, from: ada)
            #expect(try await thief.get("/hub/home").status == 302)
            // Also where only the unlinking itself was done before.
            try await hub.database.link(identity, to: ada.id, at: hub.clock.now)
            try await thief.logIn(as: "there", at: "other")
            try await hub.database.unlink(identity, from: ada.id)
            let error = await #expect(throws: StoreError.self) { try await expulsion.expel(identity, from: ada) }
            #expect(error?.kind == .missing)
            #expect(try await thief.get("/hub/home").status == 302)
        }
    }

    @Test func anotherAccountIsNotSwallowed() async throws {
        try await run { hub in
            var emmy = TestBrowser(hub)
            try await emmy.logIn(as: "emmy", at: "other")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "s-1")
            let answer = try await link(&browser, "emmy")
            #expect(answer.status == 409 && answer.text.contains("emmy"))
            #expect(try await hub.database.allPersons().map(\.person.name) == ["ada", "emmy"])
        }
    }

    @Test func whoeverTookTheBrowserOverGetsNothingLinked() async throws {
        try await run { hub in
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "s-1")
            let proof = try await browser.proof()
            let leaving = try await browser.post("/hub/account/link/other", [(name: "_xsrf", value: proof)])
            let state = try #require(leaving.onward?.split(separator: "state=").last)
            try await browser.logIn(as: "emmy")
            let answer = try await browser.get("/hub/callback/other?code=there&state=\(state)")
            #expect(answer.status == 403 && answer.text.contains("somebody else is logged in"))
        }
    }

    @Test func aLinkNeedsTheFormOfThisLogin() async throws {
        try await run { hub in
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "s-1")
            let answer = try await browser.post("/hub/account/link/other", [(name: "_xsrf", value: "guess")])
            #expect(answer.status == 403)
            var nobody = TestBrowser(hub)
            let stranger = try await nobody.post("/hub/account/link/other", [])
            #expect(stranger.location?.hasPrefix("/hub/login") == true)
        }
    }

    @Test func aDeniedIdentityIsNotLinked() async throws {
        try await run { hub in
            hub.issuers.knows("banned", as: Self.people[1].1)
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "s-1")
            let answer = try await link(&browser, "banned", at: "test")
            #expect(answer.status == 403 && answer.text.contains("do not admit"))
        }
    }

    @Test func anIdentityIsUnlinkedButTheFirstStays() async throws {
        try await run { hub in
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "s-1")
            _ = try await link(&browser, "there")
            let proof = try await browser.proof()
            let fields = { (issuer: String, subject: String) in
                [
                    (name: "_xsrf", value: proof), (name: "issuer", value: issuer), (name: "subject", value: subject),
                ]
            }
            let first = try await browser.post("/hub/account/unlink", fields("https://issuer.test", "s-1"))
            #expect(first.status == 409)
            let second = try await browser.post("/hub/account/unlink", fields("https://other.test", "there"))
            #expect(second.status == 302)
            var elsewhere = TestBrowser(hub)
            try await elsewhere.logIn(as: "there", at: "other")
            #expect(try await hub.database.allPersons().map(\.person.name) == ["ada", "lovelace"])
        }
    }
}

extension Answer {
    /// Where the page goes on to by itself: no redirect, which a browser would not follow after a form.
    fileprivate var onward: String? {
        status == 200 ? headers["Refresh"]?.split(separator: "0; url=").last.map(String.init) : nil
    }
}
