import Foundation
import OrreryModel
import Testing

@testable import OrreryHub

/// The rules of admission: pure, so that every corner is a row.
struct AdmissionTests {
    private static let now = Date(timeIntervalSince1970: 1_795_256_559)

    private static func evidence(_ change: (inout JoinEvidence) -> Void = { _ in }) -> JoinEvidence {
        var evidence = JoinEvidence(address: "192.0.2.7")
        change(&evidence)
        return evidence
    }

    private static var token: JoinEvidence {
        evidence { $0.invite = .init(id: "k7m2qd", flaw: nil, owner: "science", name: "south") }
    }
    private static var spent: JoinEvidence {
        evidence { $0.invite = .init(id: "k7m2qd", flaw: "it was used", owner: "science") }
    }
    private static var ada: JoinEvidence {
        evidence { $0.identity = .init(issuer: "wlcg", subject: "7f3c", scopes: ["join"], groups: ["science"]) }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let rules: [AdmissionRule]
        let evidence: JoinEvidence
        let outcome: Admission.Outcome
        let rule: String?
        var testDescription: String { name }

        init(
            _ name: String, _ rules: [AdmissionRule], _ evidence: JoinEvidence, _ outcome: Admission.Outcome,
            by rule: String?
        ) {
            (self.name, self.rules, self.evidence, self.outcome, self.rule) = (name, rules, evidence, outcome, rule)
        }
    }

    private static func terms(_ owner: String? = nil, _ trust: ClusterTrust = .unclaimed) -> Admission.Terms {
        Admission.Terms(owner: owner, trust: trust, scheduling: .schedulable, ceiling: .public)
    }

    private static func network(_ text: String) -> AdmissionRule.Test {
        .address([InternetNetwork(text)].compactMap(\.self))
    }

    static var rows: [Row] {
        let plain = evidence()
        let waits = Admission.Outcome.queue(byCode: false, terms())
        var written = AdmissionRule.Terms()
        (written.owner, written.trust, written.scheduling) = ("it", .federation, .cordoned)
        written.ceiling = .restricted
        let asWritten = Admission.Terms(owner: "it", trust: .federation, scheduling: .cordoned, ceiling: .restricted)
        return [
            Row("no rules: an administrator decides", [], plain, waits, by: nil),
            Row("open lets in, and nobody's work goes there", [.init(.open)], plain, .accept(terms()), by: "open"),
            Row("open may refuse the rest", [.init(.token), .init(.open, .deny)], plain, .deny, by: "open"),
            Row(
                "a token says whose it is", [.init(.token), .init(.claim)], token,
                .accept(terms("science", .ownerOnly)), by: "token"),
            Row(
                "a token that is no good is as none", [.init(.token), .init(.claim)], spent,
                .queue(byCode: true, terms()), by: "claim"),
            Row("an address within", [.init(network("192.0.2.0/24"))], plain, .accept(terms()), by: "ip"),
            Row("an address without", [.init(network("10.0.0.0/8")), .init(.approve)], plain, waits, by: "approve"),
            Row(
                "an address that is none", [.init(network("0.0.0.0/0")), .init(.open, .deny)],
                evidence { $0.address = "unknown" }, .deny, by: "open"),
            Row(
                "somebody of the group", [.init(.identity(issuer: "wlcg", group: "science", scope: "join"))], ada,
                .accept(terms("science", .ownerOnly)), by: "oidc"),
            Row(
                "somebody of another group", [.init(.identity(issuer: "wlcg", group: "atlas", scope: nil))], ada, waits,
                by: nil),
            Row(
                "somebody of another issuer", [.init(.identity(issuer: "egi", group: nil, scope: nil))], ada, waits,
                by: nil),
            Row(
                "without the scope", [.init(.identity(issuer: "wlcg", group: nil, scope: "other"))], ada, waits, by: nil
            ),
            Row("what is written counts", [.init(.open, terms: written)], plain, .accept(asWritten), by: "open"),
            Row(
                "the first that matches decides", [.init(network("192.0.2.7"), .deny), .init(.open)], plain, .deny,
                by: "ip"),
            Row(
                "a token may be queued", [.init(.token, .queue)], token,
                .queue(byCode: false, terms("science", .ownerOnly)), by: "token"),
        ]
    }

    @Test(arguments: rows) func theFirstRuleThatIsAboutItDecides(_ row: Row) {
        let verdict = Admission(rules: row.rules).decide(row.evidence, at: Self.now)
        #expect(verdict == Admission.Verdict(outcome: row.outcome, rule: row.rule))
    }

    @Test func aWordIsWorthWhatTodaysRulesAskFor() {
        let rows: [(AdmissionRule, JoinEvidence.Word.Kind?, Bool)] = [
            (.init(.open), nil, true), (.init(.open, .deny), .approve, false), (.init(.claim), .claim, true),
            (.init(.claim), .approve, true), (.init(.approve), .claim, false), (.init(.approve), .approve, true),
            (.init(.claim), nil, false), (.init(.token), nil, false),
        ]
        for (rule, kind, isAdmitted) in rows {
            let evidence = Self.evidence { $0.word = kind.map { .init(kind: $0, by: "ada") } }
            let admission = Admission(rules: [rule])
            #expect(
                admission.wouldAdmit(evidence, at: Self.now) == isAdmitted, "\(rule.name) \(String(describing: kind))")
        }
    }

    @Test func evidenceComesBackFromTheStore() {
        for evidence in [Self.token, Self.spent, Self.ada, Self.evidence()] {
            #expect(JoinEvidence(evidence.json) == evidence)
        }
    }

    @Test(arguments: [
        ("*.example.org", "host.example.org", true), ("*.example.org", "example.org", false), ("a*b*c", "aXbYc", true),
        ("a*b*c", "acb", false), ("CN=*,O=Grid", "CN=site,O=Grid", true), ("CN=*,O=Grid", "CN=site,O=Grid,C=X", false),
        ("*", "", true), ("", "", true), ("", "a", false), ("a*a", "a", false),
    ]) func aStarStandsForAnything(_ pattern: String, _ text: String, _ doesMatch: Bool) {
        #expect(Wildcard(pattern).matches(text) == doesMatch)
    }

    @Test func aNameIsNeverTakenOver() {
        let (key, long) = (String(repeating: "a", count: 64), String(repeating: "x", count: 32))
        let rows: [(String?, Set<String>, String)] = [
            ("south", [], "south"), ("south", ["south"], "south-2"), ("south", ["south", "south-2"], "south-3"),
            (nil, [], "cluster-aaaaaaaa"), ("Not A Name", [], "cluster-aaaaaaaa"), ("claim", [], "cluster-aaaaaaaa"),
            (long, [long], long.dropLast(2) + "-2"), ("../x", ["cluster-aaaaaaaa"], "cluster-aaaaaaaa-2"),
        ]
        for (wish, taken, name) in rows {
            #expect(ClusterName.free(wish, key: key, among: taken) == name, "\(wish ?? "no wish")")
        }
    }
}
