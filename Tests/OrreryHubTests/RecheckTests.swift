import Foundation
import OrreryFetch
import OrreryIdentity
import OrreryModel
import OrreryStore
import Synchronization
import Testing

@testable import OrreryHub

struct RecheckTests {
    private static let operators = Group(name: "operators")
    private static let science = Group(name: "science")

    private func changes(_ hub: TestHub, to groups: Set<Group>, dormant: [Membership.Dormant] = []) {
        hub.issuers.knows(
            "ada", as: .init(suggestedName: "ada", groups: groups, dormant: dormant, hasTokens: true))
    }

    private func loggedIn(_ hub: TestHub, raised: [Membership.Raised] = []) async throws -> TestBrowser {
        hub.issuers.knows(
            "ada",
            as: .init(
                suggestedName: "ada", groups: LoginTests.atlas.union([Self.operators]), raised: raised, hasTokens: true)
        )
        var browser = TestBrowser(hub)
        try await browser.logIn(as: "ada")
        return browser
    }

    @Test func whatTheIssuerTakesAwayIsGoneAfterTheTime() async throws {
        try await TestHub.run { hub in
            var browser = try await loggedIn(hub)
            changes(hub, to: [Self.science])
            hub.clock.turn(by: .seconds(899))
            try await browser.get("/hub/home")
            await hub.services.recheck.round()
            #expect(try await hub.database.person(named: "ada")?.isAdmin == true)
            hub.clock.turn(by: .seconds(1))
            await hub.services.recheck.round()
            let ada = try #require(try await hub.database.person(named: "ada"))
            #expect(ada.person.groups == [Self.science] && !ada.isAdmin)
            #expect(try await browser.get("/hub/home").status == 200)
            // Asked once, and again after the next time.
            await hub.services.recheck.round()
            #expect(hub.issuers.tokens.withLock { $0.readings } == 1)
        }
    }

    @Test func whomNothingAdmitsIsOutEverywhere() async throws {
        try await TestHub.run { hub in
            var browser = try await loggedIn(hub)
            let ada = try #require(try await hub.database.person(named: "ada"))
            let session = try await hub.session(of: ada)
            let visit = try await OAuthTests.visit(session, with: &browser)
            let server = try await hub.serverToken(for: session)
            let sid = try #require(browser.cookies["jupyterhub-session-id"]?.value)
            changes(hub, to: [Self.operators])
            hub.clock.turn(by: .seconds(900))
            await hub.services.recheck.round()
            #expect(try await browser.get("/hub/home").status == 302)
            #expect(hub.services.proxy.feed.logouts.keys.contains(sid))
            #expect(try await hub.call("GET", "/user", token: visit).status == 403)
            await hub.services.audit.flush()
            let acts = try await hub.database.entries(AuditQuery(), after: 0, limit: 100).map(\.record)
            #expect(acts.contains { $0.act == "logout" && $0.name == "ada" && $0.why?.contains("no group") == true })
            // What runs goes on, and can say so.
            #expect(try await hub.call("GET", "/user", token: server).status == 200)
            #expect(try await hub.database.session(id: session.id)?.state == .ready)
            #expect(try await browser.logIn(as: "ada").status == 403)
        }
    }

    @Test func whoIsNotThereIsNotAskedAbout() async throws {
        try await TestHub.run { hub in
            _ = try await loggedIn(hub)
            hub.clock.turn(by: .seconds(2000))
            await hub.services.recheck.round()
            #expect(hub.issuers.tokens.withLock { $0.readings } == 0)
        }
    }

    // All day in a notebook: the hub hears of the person only by what the server asks about its visitor.
    @Test func whoWorksInANotebookOnlyIsAskedAboutToo() async throws {
        try await TestHub.run { hub in
            var browser = try await loggedIn(hub)
            let ada = try #require(try await hub.database.person(named: "ada"))
            let visit = try await OAuthTests.visit(try await hub.session(of: ada), with: &browser)
            changes(hub, to: [Self.science])
            hub.clock.turn(by: .seconds(3600))
            #expect(try await hub.call("GET", "/user", token: visit).status == 200)
            await hub.services.uses.flush()
            await hub.services.recheck.round()
            #expect(try await hub.database.person(named: "ada")?.person.groups == [Self.science])
        }
    }

    // Each costs a refresh, and its answer could not be recorded any more.
    @Test func aHubThatStopsDoesNotAskAboutEverybodyFirst() async throws {
        try await TestHub.run { hub in
            for number in 1...Recheck.width + 2 {
                let name = "somebody\(number)"
                hub.issuers.knows(
                    name,
                    as: .init(
                        suggestedName: name, groups: LoginTests.atlas, uid: UInt32(20000 + number), hasTokens: true))
                var browser = TestBrowser(hub)
                try await browser.logIn(as: name)
            }
            hub.clock.turn(by: .seconds(900))
            let (waiting, release) = AsyncStream.makeStream(of: Void.self)
            let (begun, tell) = AsyncStream.makeStream(of: Void.self)
            hub.issuers.tokens.withLock {
                $0.meanwhile = {
                    tell.yield()
                    for await _ in waiting { return }
                }
            }
            let round = Task { await hub.services.recheck.round() }
            var asked = 0
            for await _ in begun {
                asked += 1
                if asked == Recheck.width { break }
            }
            round.cancel()
            release.finish()
            await round.value
            #expect(hub.issuers.tokens.withLock { $0.refreshes.count } == Recheck.width)
        }
    }

    @Test func anIssuerThatIsAwayTakesNothingAway() async throws {
        try await TestHub.run { hub in
            var browser = try await loggedIn(hub)
            changes(hub, to: [])
            for error in [
                TestIssuers.away("test"), IdentityError(.misbehaving, issuer: "test", sentence: "", detail: ""),
            ] {
                hub.issuers.tokens.withLock { $0.error = error }
                hub.clock.turn(by: .seconds(900))
                try await browser.get("/hub/home")
                await hub.services.recheck.round()
                #expect(try await browser.get("/hub/api/user", headers: []).json?["admin"]?.bool == true)
            }
            hub.issuers.tokens.withLock { $0.error = nil }
            hub.issuers.tokens.withLock { $0.rereadError = TestIssuers.away("test") }
            hub.clock.turn(by: .seconds(900))
            try await browser.get("/hub/home")
            await hub.services.recheck.round()
            #expect(try await browser.get("/hub/home").status == 200)
            hub.issuers.tokens.withLock { $0.rereadError = nil }
            hub.clock.turn(by: .seconds(900))
            await hub.services.recheck.round()
            #expect(try await browser.get("/hub/home").status == 302)
        }
    }

    @Test func anIssuerThatSaysNoGroupsWithoutALoginTakesNothingAway() async throws {
        try await TestHub.run { hub in
            var browser = try await loggedIn(hub)
            hub.issuers.tokens.withLock { $0.saysGroups = false }
            hub.clock.turn(by: .seconds(900))
            await hub.services.recheck.round()
            #expect(hub.issuers.tokens.withLock { $0.readings } == 1)
            #expect(try await browser.get("/hub/api/user", headers: []).json?["admin"]?.bool == true)
        }
    }

    // An issuer that thinks for long speaks of a login that is not the last one any more.
    @Test func whoLogsInMeanwhileKeepsTheGroupsOfThatLogin() async throws {
        try await TestHub.run { hub in
            _ = try await loggedIn(hub)
            let ada = try #require(try await hub.database.person(named: "ada"))
            let there = Identity(issuer: "https://other.test", subject: "there")
            try await hub.database.link(there, to: ada.id, at: hub.clock.now)
            hub.issuers.knows("there", as: .init(suggestedName: "ada", groups: [Self.science]))
            changes(hub, to: [])
            hub.issuers.tokens.withLock {
                $0.meanwhile = {
                    hub.issuers.tokens.withLock { $0.meanwhile = nil }
                    hub.clock.turn(by: .seconds(1))
                    var other = TestBrowser(hub)
                    try await other.logIn(as: "there", at: "other")
                }
            }
            #expect(try await hub.services.recheck.check(ada.id) == .unknown)
            #expect(try await hub.database.person(named: "ada")?.person.groups == [Self.science])
            #expect(try await hub.database.logins(person: ada.id, at: hub.clock.now).count == 2)
        }
    }

    @Test("C10: what is required of the person is asked again") func whoDoesNotQualifyAnyMoreIsOut() async throws {
        try await TestHub.run { hub in
            var browser = try await loggedIn(hub)
            hub.issuers.tokens.withLock {
                $0.rereadError = IdentityError(.insufficient, issuer: "test", sentence: "", detail: "assurance")
            }
            hub.clock.turn(by: .seconds(900))
            await hub.services.recheck.round()
            #expect(try await browser.get("/hub/home").status == 302)
        }
    }

    @Test func aLoginThatTheIssuerEndedGoesOnButStartsNothing() async throws {
        try await TestHub.run { hub in
            var browser = try await loggedIn(hub)
            hub.issuers.tokens.withLock { $0.error = TestIssuers.revoked("test") }
            hub.clock.turn(by: .seconds(900))
            await hub.services.recheck.round()
            #expect(try await browser.get("/hub/home").status == 200)
            let proof = try await browser.proof()
            let answer = try await browser.post("/hub/start", [("_xsrf", proof)])
            #expect(answer.status == 403 && answer.text.contains("does not vouch for your login any more"))
            let ada = try #require(try await hub.database.person(named: "ada"))
            let token = try await hub.token(of: ada, scopes: ["servers!user=ada"])
            #expect(try await hub.call("POST", "/users/ada/server", token: token).status == 403)
            #expect(try await hub.database.active(person: ada.id).isEmpty)
            await hub.services.audit.flush()
            let refused = AuditQuery(acts: ["spawn-refused"])
            let records = try await hub.database.entries(refused, after: 0, limit: 9).map(\.record)
            #expect(records.count == 2 && records.allSatisfy { $0.name == "ada" && $0.why?.contains("vouch") == true })
        }
    }

    // What an issuer's access token may start goes by the last login too.
    @Test func aLogoutDoesNotLetWhomTheIssuerEndedStartAgain() async throws {
        try await TestHub.run { hub in
            var browser = try await loggedIn(hub)
            hub.issuers.tokens.withLock { $0.error = TestIssuers.revoked("test") }
            let ada = try #require(try await hub.database.person(named: "ada"))
            #expect(try await hub.services.recheck.check(ada.id) == .ended)
            let proof = try await browser.proof()
            #expect(try await browser.post("/hub/logout", [("_xsrf", proof)]).status == 200)
            #expect(try await hub.services.recheck.check(ada.id) == .ended)
            let call = try await hub.send(
                "POST", "/hub/api/users/ada/server", headers: [("Authorization", "Bearer access:ada")])
            #expect(call.status == 403 && call.text.contains("does not vouch for your login any more"))
            // A new login mends it.
            hub.issuers.tokens.withLock { $0.error = nil }
            try await browser.logIn(as: "ada")
            #expect(try await hub.services.recheck.check(ada.id) == .confirmed)
        }
    }

    @Test func beforeAStartTheGroupsAreReadAgain() async throws {
        try await TestHub.run { hub in
            var browser = try await loggedIn(hub)
            let proof = try await browser.proof()
            changes(hub, to: [Self.operators])
            let answer = try await browser.post("/hub/start", [("_xsrf", proof)])
            #expect(answer.location == "/hub/login?next=%2Fhub%2Fhome")
            let ada = try #require(try await hub.database.person(named: "ada"))
            #expect(ada.person.groups == [Self.operators])
            hub.clock.turn(by: .seconds(10))
            // By a program too.
            changes(hub, to: LoginTests.atlas)
            #expect(try await browser.logIn(as: "ada").status == 302)
            let token = try await hub.token(of: ada, scopes: ["servers!user=ada"])
            changes(hub, to: [Group(name: "project:x")])
            let start = try await hub.call("POST", "/users/ada/server", token: token)
            #expect(start.status == 403)
        }
    }

    // The start goes by the groups of that login, not by those that the caller has read before.
    @Test func whoLogsInMeanwhileIsReadAgainBeforeTheStart() async throws {
        try await TestHub.run { hub in
            _ = try await loggedIn(hub)
            let there = Identity(issuer: "https://other.test", subject: "there")
            let id = try #require(try await hub.database.person(named: "ada")?.id)
            try await hub.database.link(there, to: id, at: hub.clock.now)
            hub.issuers.knows("there", as: .init(suggestedName: "ada", groups: [Self.science]))
            let ada = try #require(try await hub.database.person(named: "ada"))
            hub.issuers.tokens.withLock {
                $0.meanwhile = {
                    hub.issuers.tokens.withLock { $0.meanwhile = nil }
                    hub.clock.turn(by: .seconds(1))
                    var other = TestBrowser(hub)
                    try await other.logIn(as: "there", at: "other")
                }
            }
            #expect(try await hub.services.recheck.beforeStart(of: ada))
            // The new login's issuer says nothing, and nobody has come since.
            let now = try #require(try await hub.database.person(named: "ada"))
            #expect(try await !hub.services.recheck.beforeStart(of: now))
        }
    }

    @Test func ofManyStartsAtOnceOneAsks() async throws {
        try await TestHub.run { hub in
            _ = try await loggedIn(hub)
            let ada = try #require(try await hub.database.person(named: "ada"))
            hub.clock.turn(by: .seconds(1))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 { group.addTask { try await hub.services.recheck.beforeStart(of: ada) } }
                try await group.waitForAll()
            }
            #expect(hub.issuers.tokens.withLock { $0.refreshes.count } == 1)
            hub.clock.turn(by: .seconds(10))
            try await hub.services.recheck.beforeStart(of: ada)
            #expect(hub.issuers.tokens.withLock { $0.refreshes.count } == 2)
        }
    }

    @Test("D5 groups that nobody confirmed for a week start nothing")
    func groupsThatNobodyConfirmedForAWeekStartNothing() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            hub.clock.turn(by: .seconds(7 * 86400))
            try await hub.services.recheck.beforeStart(of: ada)
            hub.clock.turn(by: .seconds(1))
            let refusal = await #expect(throws: HubError.self) { try await hub.services.recheck.beforeStart(of: ada) }
            #expect(refusal?.message.contains("too long ago") == true)
        }
    }

    // A second factor was shown at that browser; what opens the group is still for the issuer to say.
    @Test func aRaisedGroupStaysWhileTheIssuerSaysWhatOpensIt() async throws {
        try await TestHub.run { hub in
            let raised = Membership.Raised(group: Self.science, until: nil)
            var browser = try await loggedIn(hub, raised: [raised])
            let sleeping = Membership.Dormant(group: "science", shortfall: .context("mfa"))
            changes(hub, to: [], dormant: [sleeping])
            hub.clock.turn(by: .seconds(900))
            await hub.services.recheck.round()
            #expect(try await browser.get("/hub/home").text.contains("science"))
            changes(hub, to: [], dormant: [.init(group: "science", shortfall: .assurance("high"))])
            hub.clock.turn(by: .seconds(900))
            await hub.services.recheck.round()
            #expect(try await browser.get("/hub/home").status == 302)
        }
    }

    @Test func aDeniedIdentityOrAForeignGidIsOut() async throws {
        try await TestHub.run { hub in
            var browser = try await loggedIn(hub)
            hub.issuers.knows(
                "ada", as: .init(suggestedName: "ada", groups: [Self.science], gid: 5001, hasTokens: true))
            hub.clock.turn(by: .seconds(900))
            await hub.services.recheck.round()
            #expect(try await browser.get("/hub/home").status == 302)
        }
    }
}
