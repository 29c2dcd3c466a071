import Foundation
import OrreryFetch
import OrreryModel
import Testing

@testable import OrreryIdentity

/// Groups as a WLCG issuer may say them, comparisons by bytes, and where an issuer's names may lead.
@Suite struct ClaimedGroupRuleTests {
    @Test(
        "C13: one bad group drops the token",
        arguments: [
            .string("/wlcg,/wlcg/analysis"), .string("/wlcg"), .object([:]), .bool(true), .integer(1),
            .array([.string("/wlcg"), .integer(1)]), .array([.string("/wlcg"), .null]),
            .array([.string("/wlcg"), .string("wlcg")]), .array([.string("/wlcg/")]), .array([.string("//wlcg")]),
            .array([.string("/wlcg/.hidden")]), .array([.string("/wlcg/a b")]), .array([.string("/wlcg/ä")]),
            .array([.string("/wlcg\n")]), .array([.string("")]), .array([.array([.string("/wlcg")])]),
            .array((0...1000).map { .string("/g\($0)") }),
        ] as [JSON])
    func badGroups(_ claim: JSON) {
        #expect(throws: ClaimOffence.self) { try ClaimedGroups.read(claim, kind: .wlcg) }
    }

    @Test("C13: a list of sound groups is taken as it is, and a missing one is none")
    func soundGroups() throws {
        let thousand = (0..<1000).map { "/g\($0)" }
        for groups in [[], ["/wlcg", "/wlcg/analysis", "/a.b-c_d/E"], thousand] {
            let claim = JSON.array(groups.map { .string($0) })
            #expect(try ClaimedGroups.read(claim, kind: .wlcg).values == groups)
        }
        #expect(try ClaimedGroups.read(nil, kind: .wlcg).values.isEmpty)
    }

    // One is the letter, the other a letter with a mark: equal as Swift strings.
    private static let spellings = ("\u{E9}", "e\u{301}")

    @Test func twoSpellingsOfOneLetterAreTwo() {
        let (one, other) = Self.spellings
        #expect(one == other && !one.isExactly(other) && one.isExactly(one) && ![one].containsExactly(other))
        #expect(Identity(issuer: "i", subject: one) != Identity(issuer: "i", subject: other))
        #expect(Identity(issuer: one, subject: "s") != Identity(issuer: other, subject: "s"))
        let needed = Requirement(contexts: [one], organisations: [one])
        let shown = { (text: String) in Evidence(token: ["acr": .string(text), "idp": .string(text)], userinfo: nil) }
        #expect(needed.shortfall(of: shown(one), at: .now) == nil)
        #expect(needed.shortfall(of: shown(other), at: .now) == .organisation)
        let assured = Requirement(assurance: [one])
        let evidence = Evidence(token: ["eduperson_assurance": .array([.string(other)])], userinfo: nil)
        #expect(assured.shortfall(of: evidence, at: .now) == .assurance(one))
    }

    @Test(
        "F12: an issuer's names lead to public networks, unless it is this site's own",
        arguments: [
            ("https://issuer.example", false, .publicNetworks), ("https://issuer.example", true, .networks),
            ("http://127.0.0.1:8080/x", false, .anywhere), ("http://localhost:8080", true, .anywhere),
            ("https://10.0.0.1", false, .publicNetworks),
        ] as [(String, Bool, FetchRequest.Reach)])
    func reach(_ url: String, _ isPrivate: Bool, _ reach: FetchRequest.Reach) {
        var issuer = IssuerConfiguration(label: "i", issuer: url, client: "c", secret: nil, redirectURI: "r")
        issuer.isPrivate = isPrivate
        #expect(issuer.reach == reach)
    }

    @Test(
        arguments: [
            (["eppn": "ada", "idp": "urn:home"], "ada"), (["eppn": "ada"], nil), (["eppn": "ada", "idp": ""], nil),
            (["eppn": "ada", "idp": 7], nil), (["idp": "urn:home"], nil),
        ] as [(JSON, String?)])
    func aNameCountsBesideTheClaimThatGivesItMeaning(_ token: JSON, _ name: String?) throws {
        var issuer = IssuerConfiguration(
            label: "c", issuer: "https://c.example", client: "c", secret: nil, redirectURI: "r", nameClaim: "eppn")
        issuer.nameWithin = "idp"
        let reader = ClaimReader(issuer: issuer, token: token, userinfo: nil, now: .now)
        #expect(try reader.claimant(subject: "s", rules: GroupRules(rules: [])).suggestedName == name)
    }
}
