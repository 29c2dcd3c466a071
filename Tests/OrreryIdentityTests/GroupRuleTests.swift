import OrreryModel
import Testing

@testable import OrreryIdentity

@Suite struct GroupRuleTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let rule: GroupRule
        let issuer: String
        let value: String
        let group: Group?
        init(_ rule: GroupRule, _ issuer: String, _ value: String, _ group: Group?) {
            (self.rule, self.issuer, self.value, self.group) = (rule, issuer, value, group)
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
    ]

    @Test(arguments: cases) func opens(_ test: Case) {
        #expect(test.rule.group(openedBy: test.value, of: test.issuer) == test.group)
    }

    @Test func theRuleWithoutAHoleDecidesAboutTheNumber() {
        let rules = GroupRules(rules: [
            GroupRule("project:{g}", gid: 9, from: ["wlcg:/p/{g}"]),
            GroupRule("project:photoz", gid: 5101, from: ["wlcg:/photoz"]),
        ])
        #expect(rules.groups(openedBy: ["/p/photoz"], of: "wlcg") == [Group(name: "project:photoz", gid: 9)])
        #expect(
            rules.groups(openedBy: ["/p/photoz", "/photoz"], of: "wlcg") == [Group(name: "project:photoz", gid: 5101)])
        #expect(
            rules.groups(openedBy: ["/p/a", "/p/b", "/p/a"], of: "wlcg").map(\.name).sorted() == [
                "project:a", "project:b",
            ])
    }

    static let problems: [(GroupRule, String)] = [
        (GroupRule("a", from: ["nobody:/a"]), "label of an issuer"),
        (GroupRule("a", from: ["/a"]), "label of an issuer"),
        (GroupRule("a", from: ["wlcg:"]), "label of an issuer"), (GroupRule("a", from: [":/a"]), "label of an issuer"),
        (GroupRule("a", from: ["wlcg:/a/{g}"]), "same hole"), (GroupRule("p:{g}", from: ["wlcg:/a"]), "same hole"),
        (GroupRule("p:{g}", from: ["wlcg:/a/{h}"]), "same hole"), (GroupRule("p:{g}{h}", from: []), "at most one hole"),
        (GroupRule("p:{", from: []), "at most one hole"), (GroupRule("p:}", from: []), "at most one hole"),
        (GroupRule("p:{}", from: []), "at most one hole"), (GroupRule("a", gids: ["x": 1], from: []), "one gid"),
        (GroupRule("a", gid: 0, from: []), "gid 0"), (GroupRule("p:{g}", gids: ["x": 0], from: []), "gid 0"),
    ]

    @Test(arguments: problems) func aWrongRuleIsExplained(_ rule: GroupRule, _ words: String) {
        let problem = rule.problem(issuers: ["wlcg"])
        #expect(problem?.contains(words) == true, "\(problem ?? "no problem")")
    }

    @Test func goodRulesHaveNoProblem() {
        #expect(Self.analysis.problem(issuers: ["wlcg", "egi"]) == nil)
        #expect(Self.project.problem(issuers: ["wlcg", "egi"]) == nil)
    }
}
