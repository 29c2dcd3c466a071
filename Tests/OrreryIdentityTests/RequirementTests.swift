import Foundation
import OrreryModel
import Testing

@testable import OrreryIdentity

/// C10: what is not said is not there.
@Suite struct RequirementTests {
    static let now = Date(timeIntervalSince1970: 1_780_000_000)
    static let mfa = "https://refeds.org/profile/mfa"
    static let iap = "https://refeds.org/assurance/IAP/"

    struct Case: Sendable, CustomTestStringConvertible {
        let requirement: Requirement
        let token: JSON
        let shortfall: Shortfall?
        init(_ requirement: Requirement, _ token: JSON, _ shortfall: Shortfall?) {
            (self.requirement, self.token, self.shortfall) = (requirement, token, shortfall)
        }
        var testDescription: String { "\(token) for \(requirement)" }
    }

    static let contexts = Requirement(contexts: [mfa, "urn:other"])
    static let recent = Requirement(age: .seconds(3600))
    static let medium = Requirement(assurance: ["\(iap)medium"])
    static let unique = Requirement(assurance: ["https://refeds.org/assurance/ID/unique", "\(iap)low"])
    static let home = Requirement(organisations: ["https://a.test/idp", "urn:mace:b"])

    static let cases: [Case] = [
        Case(Requirement(), [:], nil),
        Case(contexts, ["acr": .string(mfa)], nil), Case(contexts, ["acr": "urn:other"], nil),
        Case(contexts, [:], .context("\(mfa) or urn:other")),
        Case(contexts, ["acr": "loa-1"], .context("\(mfa) or urn:other")),
        Case(contexts, ["acr": .string(mfa + "/")], .context("\(mfa) or urn:other")),
        Case(contexts, ["acr": [.string(mfa)]], .context("\(mfa) or urn:other")),
        Case(recent, ["auth_time": 1_779_999_999], nil), Case(recent, ["auth_time": 1_779_999_999.5], nil),
        Case(recent, ["auth_time": 1_779_996_401], nil), Case(recent, ["auth_time": 1_780_000_060], nil),
        Case(recent, ["auth_time": 1_779_996_400], .age(.seconds(3600))), Case(recent, [:], .age(.seconds(3600))),
        Case(recent, ["auth_time": 0], .age(.seconds(3600))), Case(recent, ["auth_time": -1], .age(.seconds(3600))),
        Case(recent, ["auth_time": 1_780_000_061], .age(.seconds(3600))),
        Case(recent, ["auth_time": "1779999999"], .age(.seconds(3600))),
        Case(medium, ["eduperson_assurance": [.string(iap + "medium")]], nil),
        Case(medium, ["eduperson_assurance": [.string(iap + "high")]], nil),
        Case(medium, ["eduperson_assurance": .string(iap + "high")], nil),
        Case(medium, ["eduperson_assurance": [.string(iap + "low")]], .assurance(iap + "medium")),
        Case(medium, ["eduperson_assurance": [1]], .assurance(iap + "medium")),
        Case(medium, ["eduperson_assurance": [.string(iap + "mediumhigh")]], .assurance(iap + "medium")),
        Case(medium, [:], .assurance(iap + "medium")),
        Case(
            unique, ["eduperson_assurance": [.string(iap + "low")]],
            .assurance("https://refeds.org/assurance/ID/unique")),
        Case(unique, ["eduperson_assurance": ["https://refeds.org/assurance/ID/unique"]], .assurance(iap + "low")),
        Case(
            unique,
            ["eduperson_assurance": ["https://refeds.org/assurance/ID/unique", .string(iap + "medium")]], nil),
        Case(home, ["idp": "urn:mace:b"], nil), Case(home, ["idp": "urn:mace:c"], .organisation),
        Case(home, [:], .organisation), Case(home, ["idp": ["urn:mace:b"]], .organisation),
    ]

    @Test(arguments: cases) func c10IsMetOnlyByWhatIsSaid(_ test: Case) {
        let evidence = Evidence(token: test.token, userinfo: nil)
        #expect(test.requirement.shortfall(of: evidence, at: Self.now) == test.shortfall)
    }

    @Test func howSomebodyLoggedInCountsFromTheSignedTokenOnly() {
        let userinfo: JSON = [
            "acr": .string(Self.mfa), "auth_time": 1_779_999_999, "idp": "urn:mace:b",
            "eduperson_assurance": [.string(Self.iap + "high")],
        ]
        let evidence = Evidence(token: [:], userinfo: userinfo)
        #expect(evidence.context == nil && evidence.authenticatedAt == nil)
        #expect(evidence.organisation == "urn:mace:b" && evidence.assures(Self.iap + "medium"))
        #expect(Evidence(token: ["idp": "urn:a"], userinfo: userinfo).organisation == "urn:a")
    }

    static let shortfalls: [(Shortfall, [String])] = [
        (.organisation, ["home organisation", "ask an operator"]),
        (.assurance("x"), ["(x)", "ask your home organisation"]), (.context("mfa"), ["(mfa)", "log in again"]),
        (.age(.seconds(8 * 3600)), ["8 h", "log in again"]), (.age(.seconds(90)), ["1 min"]),
    ]

    @Test(arguments: shortfalls) func aShortfallSaysWhoseDoingItIsAndWhatNext(_ shortfall: Shortfall, _ words: [String])
    {
        let sentence = shortfall.sentence(issuer: "Demo Institute")
        for word in words + ["Demo Institute"] { #expect(sentence.contains(word)) }
    }
}

@Suite struct MembershipTests {
    static let now = RequirementTests.now
    static let mfa = Requirement(contexts: [RequirementTests.mfa], age: .seconds(3600))
    static let shown: JSON = ["acr": .string(RequirementTests.mfa), "auth_time": 1_779_999_400]

    func membership(_ rules: [GroupRule], _ token: JSON, _ values: [String] = ["/ops"]) -> Membership {
        GroupRules(rules: rules).membership(
            openedBy: values, of: "wlcg", kind: .wlcg, evidence: Evidence(token: token, userinfo: nil), at: Self.now)
    }

    @Test func aGroupThatRequiresMoreSleepsUntilItIsShown() {
        let rules = [GroupRule("operators", gid: 7, from: ["wlcg:/ops"], requirement: Self.mfa)]
        #expect(
            membership(rules, [:]).dormant == [
                .init(group: "operators", shortfall: .context(RequirementTests.mfa))
            ])
        #expect(membership(rules, [:]).groups.isEmpty && membership(rules, [:]).raised.isEmpty)
        let raised = membership(rules, Self.shown)
        #expect(raised.groups.isEmpty && raised.dormant.isEmpty)
        #expect(
            raised.raised == [
                .init(group: Group(name: "operators", gid: 7), until: Date(timeIntervalSince1970: 1_780_003_000))
            ])
    }

    @Test func whatIsAboutThePersonHoldsBeyondTheLogin() {
        let rules = [
            GroupRule("science", from: ["wlcg:/ops"], requirement: Requirement(assurance: ["x"]))
        ]
        #expect(membership(rules, ["eduperson_assurance": "x"]).groups == [Group(name: "science")])
        #expect(membership(rules, [:]).dormant.count == 1)
    }

    @Test(arguments: [false, true]) func theEasierOfTwoRulesCounts(_ isReversed: Bool) {
        let hard = GroupRule("operators", from: ["wlcg:/ops"], requirement: Self.mfa)
        let easy = GroupRule("operators", gid: 7, from: ["wlcg:/chief"])
        let rules = isReversed ? [easy, hard] : [hard, easy]
        for token in [[:], Self.shown] {
            let both = membership(rules, token, ["/ops", "/chief"])
            #expect(both == Membership(groups: [Group(name: "operators", gid: 7)]))
        }
        #expect(membership(rules, [:]).dormant.map(\.group) == ["operators"])
    }

    @Test func whoDoesNotBringTheGroupHearsNothingOfIt() {
        let rules = [GroupRule("operators", from: ["wlcg:/ops"], requirement: Self.mfa)]
        #expect(membership(rules, [:], ["/others"]) == Membership())
    }
}
