import Foundation
import OrreryModel
import Testing

@testable import OrreryIdentity

@Suite struct GroupRuleTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let rule: GroupRule
        let issuer: String
        let value: String
        let group: Group?
        let kind: GroupsKind
        init(_ rule: GroupRule, _ issuer: String, _ value: String, _ group: Group?, _ kind: GroupsKind = .list) {
            (self.rule, self.issuer, self.value, self.group, self.kind) = (rule, issuer, value, group, kind)
        }
        var testDescription: String { "\(rule.name) from \(rule.from): \(issuer) says \(value)" }
    }

    static let analysis = GroupRule(
        "analysis", gid: 5001, from: ["wlcg:/wlcg/analysis", "egi:urn:mace:egi.eu:group:x"])
    static let project = GroupRule(
        "project:{g}", gid: 9, gids: ["photoz": 5101], from: ["wlcg:/lsst/project/{g}", "egi:p-{g}-x"])

    static let cases: [Case] = [
        Case(analysis, "wlcg", "/wlcg/analysis", Group(name: "analysis", gid: 5001)),
        Case(analysis, "egi", "urn:mace:egi.eu:group:x", Group(name: "analysis", gid: 5001)),
        // Another issuer's equal text, a child, a parent, a longer word, another case, another spelling of one letter.
        Case(analysis, "egi", "/wlcg/analysis", nil), Case(analysis, "wlcg", "/wlcg/analysis/sub", nil),
        Case(analysis, "wlcg", "/wlcg", nil), Case(analysis, "wlcg", "/wlcg/analysis2", nil),
        Case(analysis, "wlcg", "/wlcg/Analysis", nil), Case(analysis, "wlcg", "", nil),
        Case(analysis, "wlcg:/wlcg", "analysis", nil),
        Case(GroupRule("cms", from: ["wlcg:/cms"]), "wlcg", "/cms/uscms", nil),
        Case(GroupRule("a", from: ["x:\u{e4}"]), "x", "a\u{308}", nil),
        Case(GroupRule("a", from: ["x:\u{e4}"]), "x", "\u{e4}", Group(name: "a")),
        Case(project, "wlcg", "/lsst/project/photoz", Group(name: "project:photoz", gid: 5101)),
        Case(project, "wlcg", "/lsst/project/calib", Group(name: "project:calib", gid: 9)),
        Case(project, "egi", "p-photoz-x", Group(name: "project:photoz", gid: 5101)),
        Case(project, "wlcg", "/lsst/project/", nil), Case(project, "wlcg", "/lsst/project/a/b", nil),
        Case(project, "wlcg", "/lsst/project/..", nil), Case(project, "wlcg", "/lsst/project/.hidden", nil),
        Case(project, "wlcg", "/lsst/project/a b", nil), Case(project, "wlcg", "/lsst/project/a:b", nil),
        Case(project, "wlcg", "/lsst/project/ä", nil), Case(project, "wlcg", "/lsst/project/{g}", nil),
        Case(project, "wlcg", "x/lsst/project/photoz", nil), Case(project, "egi", "p--x", nil),
        Case(project, "egi", "p-x", nil),
        Case(project, "wlcg", "/lsst/project/\(String(repeating: "g", count: 65))", nil),
        // The same words mean more as entitlements, and only within the issuer's namespace.
        Case(vo, "egi", "urn:mace:egi.eu:group:a:b", Group(name: "vo"), .aarc(ClaimReaderTests.egi)),
        Case(vo, "egi", "urn:mace:egi.eu:group:a:b", nil), Case(vo, "b", "urn:mace:egi.eu:group:a", nil, .list),
        Case(vo, "egi", "urn:mace:egi.eu:group:a", nil, .aarc(EntitlementNamespace(parts: ["mace", "b.eu"]))),
        Case(vo, "egi", "urn:mace:egi.eu:group:b", nil, .aarc(ClaimReaderTests.egi)),
        Case(GroupRule("cms", from: ["wlcg:/cms"]), "wlcg", "/cms/uscms", nil, .wlcg),
        Case(GroupRule("t", from: ["gh:#7"]), "gh", "#7", Group(name: "t"), .teams),
    ]

    static let vo = GroupRule("vo", from: ["egi:urn:mace:egi.eu:group:a"])

    @Test("D4 a group is opened by the exact word of the issuer that the rule names", arguments: cases)
    func opens(_ test: Case) {
        #expect(test.rule.group(openedBy: test.value, of: test.issuer, kind: test.kind) == test.group)
    }

    func groups(_ rules: GroupRules, _ values: [String]) -> Set<Group> {
        rules.membership(
            openedBy: values, of: "wlcg", kind: .wlcg, evidence: Evidence(token: [:], userinfo: nil), at: .distantPast
        ).groups
    }

    @Test func theRuleWithoutAHoleDecidesAboutTheNumber() {
        let rules = GroupRules(rules: [
            GroupRule("project:{g}", gid: 9, from: ["wlcg:/p/{g}"]),
            GroupRule("project:photoz", gid: 5101, from: ["wlcg:/photoz"]),
        ])
        #expect(groups(rules, ["/p/photoz"]) == [Group(name: "project:photoz", gid: 9)])
        #expect(groups(rules, ["/p/photoz", "/photoz"]) == [Group(name: "project:photoz", gid: 5101)])
        #expect(groups(rules, ["/p/a", "/p/b", "/p/a"]).map(\.name).sorted() == ["project:a", "project:b"])
        #expect(rules.rules.group(named: "project:photoz").gid == 5101)
    }

    @Test func aGroupOfAFamilyIsFoundByItsName() {
        let rules = [
            GroupRule("project:{g}", gid: 9, gids: ["calib": 7], from: []), GroupRule("cms", gid: 5, from: []),
        ]
        #expect(rules.group(named: "project:calib") == Group(name: "project:calib", gid: 7))
        #expect(rules.group(named: "project:photoz") == Group(name: "project:photoz", gid: 9))
        #expect(rules.group(named: "cms") == Group(name: "cms", gid: 5))
        #expect(rules.group(named: "cms2") == Group(name: "cms2"))
    }

    static let problems: [(GroupRule, String)] = [
        (GroupRule("a", from: ["nobody:/a"]), "label of an issuer"),
        (GroupRule("a", from: ["/a"]), "label of an issuer"),
        (GroupRule("a", from: ["wlcg:"]), "label of an issuer"), (GroupRule("a", from: [":/a"]), "label of an issuer"),
        (GroupRule("a", from: ["wlcg:a"]), "begins with a slash"),
        (GroupRule("a", from: ["wlcg:/a//b"]), "begins with a slash"),
        (GroupRule("a", from: ["egi:/a"]), "an entitlement such as"),
        (GroupRule("a", from: ["egi:urn:mace:b.eu:group:a"]), "outside the namespace"),
        (GroupRule("a", from: ["gh:team"]), "organisation/team"),
        (GroupRule("a", from: ["gh:#x"]), "organisation/team"),
        (GroupRule("a", from: ["mute:x"]), "not asked for groups"),
        (GroupRule("a", from: ["wlcg:/a/{g}"]), "same hole"), (GroupRule("p:{g}", from: ["wlcg:/a"]), "same hole"),
        (GroupRule("p:{g}", from: ["wlcg:/a/{h}"]), "same hole"), (GroupRule("p:{g}{h}", from: []), "at most one hole"),
        (GroupRule("p:{", from: []), "at most one hole"), (GroupRule("p:}", from: []), "at most one hole"),
        (GroupRule("p:{}", from: []), "at most one hole"), (GroupRule("a", gids: ["x": 1], from: []), "one gid"),
        (GroupRule("a", gid: 0, from: []), "gid 0"), (GroupRule("p:{g}", gids: ["x": 0], from: []), "gid 0"),
    ]

    @Test(arguments: problems) func aWrongRuleIsExplained(_ rule: GroupRule, _ words: String) {
        let problem = rule.problem(issuers: Self.issuers)
        #expect(problem?.contains(words) == true, "\(problem ?? "no problem")")
    }

    static let issuers: [IssuerConfiguration] = [
        issuer("wlcg", .wlcg), issuer("egi", .aarc(ClaimReaderTests.egi)), issuer("gh", .teams), issuer("mute", nil),
    ]

    private static func issuer(_ label: String, _ kind: GroupsKind?) -> IssuerConfiguration {
        IssuerConfiguration(
            label: label, issuer: "https://\(label).test", client: "c", secret: nil, redirectURI: "",
            groupsClaim: kind == nil ? nil : "groups", groupsKind: kind ?? .list)
    }

    @Test func goodRulesHaveNoProblem() {
        let rules = [
            GroupRule(
                "analysis", gid: 5001, from: ["wlcg:/wlcg/analysis", "egi:urn:mace:egi.eu:group:x:role=member#y"]),
            GroupRule("project:{g}", from: ["wlcg:/lsst/project/{g}", "egi:urn:mace:egi.eu:group:p:{g}"]),
            GroupRule("team:{g}", from: ["gh:lsst/{g}"]), GroupRule("t", from: ["gh:#17"]),
        ]
        for rule in rules { #expect(rule.problem(issuers: Self.issuers) == nil) }
    }
}
