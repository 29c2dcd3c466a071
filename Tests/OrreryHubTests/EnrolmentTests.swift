import Foundation
import OrreryFetch
import OrreryIdentity
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

struct EnrolmentTests {
    @Test func whoIsInNoAdmittedGroupIsToldWhichOnesThereAre() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("s-1", as: .init(suggestedName: "eve", groups: [Group(name: "visitors")]))
            var browser = TestBrowser(hub)
            let answer = try await browser.logIn(as: "s-1")
            #expect(answer.status == 403)
            #expect(answer.text.contains("visitors") && answer.text.contains("atlas, science"))
            #expect(browser.cookies["orrery-session"] == nil)
            #expect(try await hub.database.allPersons().isEmpty)
        }
    }

    @Test func whoIsDeniedIsRefusedWhateverTheGroups() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("banned", as: .init(suggestedName: "eve", groups: LoginTests.atlas))
            var browser = TestBrowser(hub)
            let answer = try await browser.logIn(as: "banned")
            #expect(answer.status == 403)
        }
    }

    @Test func aSuspendedPersonIsOutAtOnceAndDoesNotGetBackIn() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let token = try await hub.token(of: ada, scopes: ["read:users!user=ada"])
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            #expect(try await browser.get("/hub/home").status == 200)
            _ = try await hub.database.setSuspended(true, person: ada.id)
            #expect(try await browser.get("/hub/home").status == 302)
            #expect(try await hub.call("GET", "/user", token: token).status == 403)
            let again = try await browser.logIn(as: "ada")
            #expect(again.status == 403 && again.text.contains("suspended"))
        }
    }

    @Test func aTakenNameIsFollowedByANumberAndNeverGivesTheAccount() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("first", as: .init(suggestedName: "ada", groups: LoginTests.atlas, uid: 1, gid: 1))
            hub.issuers.knows("second", as: .init(suggestedName: "ada", groups: LoginTests.atlas, uid: 2, gid: 2))
            for subject in ["first", "second", "first"] {
                var browser = TestBrowser(hub)
                try await browser.logIn(as: subject)
            }
            let persons = try await hub.database.allPersons()
            #expect(persons.map(\.person.name) == ["ada", "ada-2"])
            #expect(persons.map(\.person.identity.subject) == ["first", "second"])
        }
    }

    @Test func thereIsANameForEverybodyWhoIsCalledTheSame() async throws {
        try await TestHub.run { hub in
            for number in 1...99 {
                let identity = Identity(issuer: "https://issuer.test", subject: "a-\(number)")
                let name = number == 1 ? "ada" : "ada-\(number)"
                let person = Person(identity: identity, name: name, uid: nil, gid: nil, groups: [])
                _ = try await hub.database.register(person, isAdmin: false, at: hub.clock.now)
            }
            hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: LoginTests.atlas))
            var browser = TestBrowser(hub)
            #expect(try await browser.logIn(as: "s-1").status == 302)
            #expect(try await hub.database.allPersons().count == 100)
        }
    }

    @Test func aUidOfTheHubsRangeIsNobodysToClaim() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: LoginTests.atlas, uid: 200_001, gid: 7))
            var browser = TestBrowser(hub)
            let answer = try await browser.logIn(as: "s-1")
            #expect(answer.status == 409 && answer.text.contains("(uid)"))
            #expect(try await hub.database.allPersons().isEmpty)
        }
    }

    // Whoever has a number keeps it, whatever the issuer says now.
    @Test func whoHasANumberOfTheRangeMayBeToldSo() async throws {
        try await TestHub.run { hub in
            var browser = TestBrowser(hub)
            for (uid, gid, status) in [
                (nil, nil, 302), (200_000, 200_000, 302), (200_001, 200_000, 302), (200_001, 200_001, 409),
            ] as [(UInt32?, UInt32?, Int)] {
                hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: LoginTests.atlas, uid: uid, gid: gid))
                let answer = try await browser.logIn(as: "s-1")
                #expect(answer.status == status)
                #expect(try await hub.database.person(named: "ada")?.person.uid == 200_000)
            }
        }
    }

    @Test func aUidThatIsTakenIsRefused() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("first", as: .init(suggestedName: "ada", groups: LoginTests.atlas, uid: 7))
            hub.issuers.knows("second", as: .init(suggestedName: "grace", groups: LoginTests.atlas, uid: 7))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "first")
            #expect(try await browser.logIn(as: "second").status == 409)
        }
    }

    @Test func whoHasNoUidGetsOneOfTheRangeAndTheGroupOfThatNumber() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: LoginTests.atlas, uid: nil, gid: nil))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "s-1")
            try await browser.logIn(as: "s-1")
            let ada = try #require(try await hub.database.person(named: "ada")).person
            #expect(ada.uid == 200_000 && ada.gid == 200_000)
        }
    }

    @Test func groupsAndRightsAreThoseOfTheLastLogin() async throws {
        try await TestHub.run { hub in
            let operators: Set<Group> = [Group(name: "atlas"), Group(name: "operators")]
            hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: operators))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "s-1")
            #expect(try #require(try await hub.database.person(named: "ada")).isAdmin)
            hub.issuers.knows("s-1", as: .init(suggestedName: "lovelace", groups: LoginTests.atlas))
            try await browser.logIn(as: "s-1")
            let ada = try #require(try await hub.database.person(named: "ada"))
            #expect(!ada.isAdmin && ada.person.groups == LoginTests.atlas)
            #expect(try await hub.database.person(named: "lovelace") == nil)
        }
    }

    @Test func theSameNameFromTwoIssuersIsTwoPeople() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: LoginTests.atlas, uid: nil, gid: nil))
            for issuer in ["test", "other", "test"] {
                var browser = TestBrowser(hub)
                try await browser.logIn(as: "s-1", at: issuer)
            }
            let persons = try await hub.database.allPersons().map(\.person)
            #expect(persons.map(\.name) == ["ada", "ada-2"])
            #expect(persons.map(\.uid) == [200_000, 200_001] && persons.map(\.gid) == [200_000, 200_001])
            #expect(persons.map(\.identity.issuer) == ["https://issuer.test", "https://other.test"])
        }
    }

    @Test func aUidIsGivenOnceWhateverTheIssuerSaysLater() async throws {
        try await TestHub.run { hub in
            for uid in [20001, 20002, nil] as [UInt32?] {
                hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: LoginTests.atlas, uid: uid, gid: uid))
                var browser = TestBrowser(hub)
                #expect(try await browser.logIn(as: "s-1").status == 302)
                let ada = try #require(try await hub.database.person(named: "ada")).person
                #expect(ada.uid == 20001 && ada.gid == 20001)
            }
        }
    }

    @Test func aGidOfTheHubsRangeIsNobodysToClaim() async throws {
        try await TestHub.run { hub in
            hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: LoginTests.atlas, gid: 200_001))
            var browser = TestBrowser(hub)
            let answer = try await browser.logIn(as: "s-1")
            #expect(answer.status == 409)
        }
    }

    @Test(arguments: [true, false]) func aGroupsGidIsForItsMembers(_ isMember: Bool) async throws {
        try await TestHub.run { hub in
            let groups = isMember ? LoginTests.atlas : [Group(name: "science", gid: 5002)]
            hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: groups, gid: 5001))
            var browser = TestBrowser(hub)
            let answer = try await browser.logIn(as: "s-1")
            #expect(answer.status == (isMember ? 302 : 409))
        }
    }

    @Test func whoIsDeniedByNameIsOutAtOnce() async throws {
        try await TestHub.run { hub in
            let mallory = try await hub.person("mallory")
            let token = try await hub.token(of: mallory, scopes: ["read:users!user=mallory"])
            #expect(try await hub.call("GET", "/user", token: token).status == 403)
            var browser = TestBrowser(hub)
            let answer = try await browser.logIn(as: "mallory")
            #expect(answer.status == 403 && answer.text.contains("do not admit"))
        }
    }

    @Test func whoWouldEnterWithMoreIsToldWhat() async throws {
        try await TestHub.run { hub in
            let dormant = Membership.Dormant(group: "science", shortfall: .assurance("urn:high"))
            hub.issuers.knows("s-1", as: .init(suggestedName: "ada", groups: [], dormant: [dormant]))
            var browser = TestBrowser(hub)
            let answer = try await browser.logIn(as: "s-1")
            #expect(answer.status == 403)
            #expect(answer.text.contains("you would be in science") && answer.text.contains("(urn:high)"))
        }
    }
}
