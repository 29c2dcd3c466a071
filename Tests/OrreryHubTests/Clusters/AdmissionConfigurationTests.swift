import OrreryDocument
import OrreryModel
import OrreryPolicy
import Testing

@testable import OrreryHub

/// `admission` in `orrery.yaml`, and what is said beforehand of clusters that join.
struct AdmissionConfigurationTests {
    private func read(_ rules: String, south: String = "holds: [survey]") throws -> HubConfiguration {
        let text = """
            url: http://127.0.0.1:8000
            hub: {away: 5s}
            proxy: {token: t, inner: "127.0.0.1:8002"}
            auth:
              issuers:
                demo: {issuer: "http://127.0.0.1:1/o", groups: {claim: groups}, login: {client: c}}
              groups: {science: {from: ["demo:science"]}}
            clusters: {south: {agent: true, title: The South, labels: {site: s}, \(south)}}
            \(rules)
            """
        return try HubConfiguration.read(DocumentNode.parse(text, file: "/etc/orrery/orrery.yaml"))
    }

    @Test func withoutRulesTokensAndClaimsDecide() throws {
        #expect(try read("").admission == .usual)
    }

    @Test func whatIsSaidBeforehandArrives() throws {
        let configuration = try read("")
        let south = try #require(configuration.expected["south"])
        #expect(configuration.clusters.isEmpty && configuration.away == .seconds(5))
        #expect(configuration.proxy.inner?.port == 8002)
        #expect(south.title == "The South" && south.facts.labels == ["site": "s"] && south.holds == ["survey"])
    }

    @Test(arguments: [("trust: [science]", "clusters trust"), ("scheduling: cordoned", "clusters cordon")])
    func whatIsDecidedAboutAClusterThatJoinsIsNotSaidBeforehand(_ entry: String, _ command: String) {
        #expect {
            try read("", south: entry)
        } throws: { error in
            let words = "\(error)"
            return words.hasPrefix("/etc/orrery/orrery.yaml:8:") && words.contains("the rule of `admission`")
                && words.contains("`orrery \(command)`")
        }
    }

    @Test func everyKeyArrives() throws {
        let admission = try read(
            """
            admission:
              - {rule: ip, networks: [192.0.2.0/24], decision: deny}
              - {rule: token, trust: federation, data: collaboration}
              - {rule: oidc, issuer: demo, group: science, scope: join}
              - {rule: ca, authorities: "-----BEGIN CERTIFICATE-----", subject: "CN=*"}
              - {rule: open, owner: science, scheduling: cordoned, trust: unclaimed}
              - {rule: claim}
              - {rule: approve}
            """
        ).admission
        #expect(admission.rules.map(\.name) == ["ip", "token", "oidc", "ca", "open", "claim", "approve"])
        #expect(admission.rules.map(\.decision) == [.deny, .accept, .accept, .accept, .accept, .queue, .queue])
        #expect(admission.rules[1].terms.trust == .federation && admission.rules[1].terms.ceiling == .collaboration)
        #expect(admission.rules[2].test == .identity(issuer: "demo", group: "science", scope: "join"))
        #expect(admission.rules[4].terms.owner == "science" && admission.rules[4].terms.scheduling == .cordoned)
        #expect(admission.rules[4].terms.trust == .unclaimed)
    }

    @Test(arguments: [
        ("{rule: opne}", "did you mean `open`?"), ("{rule: open, networks: []}", "unknown key `networks`"),
        ("{rule: ip}", "`networks` is missing"), ("{rule: oidc, issuer: dmeo}", "did you mean `demo`?"),
        ("{rule: token, owner: sciense}", "did you mean `science`?"),
        ("{rule: open, decision: maybe}", "unknown decision"), ("{decision: accept}", "`rule` is missing"),
        ("{rule: open, data: secret}", "unknown class of data"),
    ]) func aMistakeIsToldWithWhatWasMeant(_ rule: String, _ hint: String) {
        #expect {
            try read("admission: [\(rule)]")
        } throws: { error in
            "\(error)".contains(hint)
        }
    }
}
