import Foundation
import OrreryModel
import Testing

@testable import OrreryIdentity

@Suite struct ClaimReaderTests {
    func read(
        _ claims: JSON, userinfo: JSON? = nil, rules: [GroupRule] = [],
        _ change: (inout IssuerConfiguration) -> Void = { _ in }
    ) throws(ClaimOffence) -> Claimant {
        var issuer = IssuerConfiguration(
            label: "wlcg", issuer: "https://idp.example.org", client: "orrery", secret: nil, redirectURI: "",
            groupsClaim: "wlcg.groups", groupsKind: .wlcg, uidClaim: "uidNumber")
        change(&issuer)
        return try ClaimReader(issuer: issuer, token: claims, userinfo: userinfo, now: Date(timeIntervalSince1970: 0))
            .claimant(subject: "7f3c", rules: GroupRules(rules: rules))
    }

    static let numbers: [(JSON, UInt32?)] = [
        (20001, 20001), ("20001", 20001), ("007", 7), (1, 1), (2_147_483_647, 2_147_483_647), (.null, nil), ("", nil),
    ]

    @Test(arguments: numbers) func aUIDIsANumberOrItsDigits(_ claim: JSON, _ uid: UInt32?) throws {
        #expect(try read(["uidNumber": claim]).uid == uid)
    }

    static let notNumbers: [JSON] = [
        0, "0", -1, "-1", "+1", 2_147_483_648, "4294967296", "99999999999999999999", 1.5, "1.5", "0x10", " 1", "١",
        true, [1], [:],
    ]

    @Test(arguments: notNumbers) func whatIsNoUIDVoidsTheLogin(_ claim: JSON) {
        #expect(throws: ClaimOffence.self) { try read(["uidNumber": claim]) }
    }

    static let names: [(JSON, String?)] = [
        ("ada", "gh-ada"), ("Ada L", "gh-Ada L"), ("", nil), (1, nil), (.null, nil), (["ada"], nil),
    ]

    @Test(arguments: names) func aNameIsSuggestedAsItCame(_ claim: JSON, _ name: String?) throws {
        #expect(try read(["preferred_username": claim]) { $0.namePrefix = "gh-" }.suggestedName == name)
    }

    @Test func groupsComeFromTheConfiguredPlaceOnly() throws {
        let (token, userinfo) = (["wlcg.groups": ["/a"]] as JSON, ["wlcg.groups": ["/b"], "uidNumber": 7] as JSON)
        #expect(try read(token, userinfo: userinfo).claimedGroups == ["wlcg:/a"])
        let fromUserinfo = try read(token, userinfo: userinfo) { $0.groupsFrom = .userinfo }
        #expect(fromUserinfo.claimedGroups == ["wlcg:/b"])
        #expect(fromUserinfo.uid == 7)
        #expect(try read(["groups": ["/a"], "wlcg": ["groups": ["/a"]]]).claimedGroups == [])
    }

    static let said: [(GroupsKind, JSON?, [String])] = [
        (.wlcg, ["/wlcg", "/wlcg/analysis"], ["/wlcg", "/wlcg/analysis"]),
        (.wlcg, nil, []), (.wlcg, .null, []), (.wlcg, [], []),
        (.wlcg, ["/a.b/c_d-e/9"], ["/a.b/c_d-e/9"]), (.list, ["a b", "cn=x,ou=y"], ["a b", "cn=x,ou=y"]),
        (.list, "cn=x,ou=y", ["cn=x,ou=y"]), (.list, "", []), (.commas, "a,b", ["a", "b"]), (.commas, ["a,b"], ["a,b"]),
        (.aarc(egi), "urn:mace:egi.eu:group:x", ["urn:mace:egi.eu:group:x"]),
        (
            .aarc(egi), ["urn:mace:egi.eu:group:x#egi.eu", "urn:geant:y:group:x", "member", ""],
            ["urn:mace:egi.eu:group:x#egi.eu"]
        ),
    ]

    static let egi = EntitlementNamespace(parts: ["mace", "egi.eu"])

    @Test(arguments: said) func groupsAreReadAsTheirKindSays(
        _ kind: GroupsKind, _ claim: JSON?, _ groups: [String]
    ) throws {
        #expect(try ClaimedGroups.read(claim, kind: kind).values == groups)
    }

    static let notGroups: [(GroupsKind, JSON)] = [
        (.wlcg, ["/wlcg", "analysis"]), (.wlcg, ["/"]), (.wlcg, ["/wlcg/"]), (.wlcg, ["//wlcg"]),
        (.wlcg, ["/wlcg/../x"]),
        (.wlcg, ["/wlcg/.x"]), (.wlcg, ["/wlcg/a b"]), (.wlcg, ["/wlcg\n"]), (.wlcg, ["/wlcg", 1]),
        (.wlcg, [["/wlcg"]]),
        (.wlcg, "/wlcg"), (.wlcg, "/wlcg,/wlcg/x"), (.wlcg, ""), (.aarc(egi), [1]), (.commas, ["a", 1]), (.wlcg, true),
        (.wlcg, 1), (.wlcg, [:]), (.list, ["a", .null]), (.list, 1),
        (.list, .array(Array(repeating: "g", count: 1001))),
    ]

    @Test(arguments: notGroups) func c13OneWrongGroupVoidsTheLogin(_ kind: GroupsKind, _ claim: JSON) {
        #expect(throws: ClaimOffence.self) { try ClaimedGroups.read(claim, kind: kind) }
    }

    @Test func valuesThatAreNoGroupsOfTheIssuerAreCounted() throws {
        let claimant = try read(["ent": ["urn:mace:egi.eu:group:x", "urn:geant:y:group:x", "member"]]) {
            $0.groupsClaim = "ent"
            $0.groupsKind = .aarc(Self.egi)
        }
        #expect(claimant.claimedGroups == ["wlcg:urn:mace:egi.eu:group:x"] && claimant.ignoredGroups == 2)
    }

    static let versions: [(JSON, Bool)] = [
        (.null, true), ("1.0", true), ("1.3", true), ("1.12", true), ("2.0", false), ("10.0", false), ("1", false),
        ("1.", false), ("1.0.0", false), (1.0, false), ("", false), ("1.0\n", false),
    ]

    @Test(arguments: versions) func anotherMajorVersionOfTheProfileVoidsTheLogin(_ version: JSON, _ isKnown: Bool) {
        let claims = JSON.object(["wlcg.ver": version].filter { $0.value != .null })
        #expect(((try? read(claims)) != nil) == isKnown)
        #expect((try? read(claims) { $0.groupsKind = .list }) != nil)
    }
}
