import OrreryDocument
import OrreryIdentity
import OrreryModel

extension HubConfiguration {
    /// Reads `admission`, a list of rules of which the first that is about a cluster decides.
    ///
    /// | key | default | meaning |
    /// |---|---|---|
    /// | `rule` | required | `open`, `ip`, `ca`, `token`, `claim`, `oidc` or `approve` |
    /// | `networks` | required for `ip` | where the agent comes from |
    /// | `authorities` | required for `ca` | PEM as `file:PATH` |
    /// | `subject` | any | for `ca`: what the certificate's name looks like, `*` for anything |
    /// | `issuer` | required for `oidc` | its label |
    /// | `group`, `scope` | any | for `oidc`: a hub group of the person, a scope of the token |
    /// | `decision` | `queue` for `claim` and `approve`, else `accept` | or `deny` |
    /// | `owner` | what the token, the claim or `group` says | the hub group that owns it |
    /// | `trust` | `owner` with an owner, else `unclaimed` | or `federation`, or a list of groups |
    /// | `scheduling` | `schedulable` | or `cordoned` |
    /// | `data` | `public` | or `collaboration`, `restricted` |
    static func admission(_ node: DocumentNode?, auth: Auth) throws(DocumentError) -> Admission {
        guard let node else { return .usual }
        var rules: [AdmissionRule] = []
        for element in try node.list() { rules.append(try rule(element, auth)) }
        return Admission(rules: rules)
    }

    private static func rule(_ node: DocumentNode, _ auth: Auth) throws(DocumentError) -> AdmissionRule {
        let own: [String: [String]] = [
            "ip": ["networks"], "ca": ["authorities", "subject"], "oidc": ["issuer", "group", "scope"],
        ]
        let all = ["rule", "decision", "owner", "trust", "scheduling", "data"]
        let anything = try node.mapping(all + own.values.flatMap(\.self))
        let name = try anything.required("rule").name(among: AdmissionRule.Test.names, kind: "rule")
        let keys = try node.mapping(all + (own[name] ?? []))
        let groups = auth.groups.map(\.name)
        var terms = AdmissionRule.Terms()
        terms.owner = try keys["owner"].map { node throws(DocumentError) in try Self.group(node, groups) }
        terms.trust = try keys["trust"].map { node throws(DocumentError) in try joinTrust(node, groups) }
        if let word = try keys["scheduling"]?.name(among: ["schedulable", "cordoned"], kind: "state") {
            terms.scheduling = word == "cordoned" ? .cordoned : .schedulable
        }
        if let word = try keys["data"]?.name(among: DataCeiling.allCases.map(\.rawValue), kind: "class of data") {
            terms.ceiling = DataCeiling(rawValue: word) ?? .public
        }
        let decision = try keys["decision"]?.name(
            among: AdmissionRule.Decision.allCases.map(\.rawValue), kind: "decision")
        return AdmissionRule(
            try test(name, keys, auth), decision.flatMap(AdmissionRule.Decision.init(rawValue:)), terms: terms)
    }

    private static func test(
        _ name: String, _ keys: DocumentMapping, _ auth: Auth
    ) throws(DocumentError) -> AdmissionRule.Test {
        switch name {
        case "open": return .open
        case "token": return .token
        case "claim": return .claim
        case "approve": return .approve
        case "ip":
            let networks = try keys.required("networks")
            return .address(try Self.networks(networks))
        case "ca":
            return .certificate(
                authorities: try pem(keys.required("authorities")), subject: try keys["subject"]?.string())
        default:
            let labels = auth.issuers.map(\.label)
            let names = auth.groups.map(\.name)
            let group = try keys["group"].map { node throws(DocumentError) in try Self.group(node, names) }
            return .identity(
                issuer: try keys.required("issuer").name(among: labels, kind: "issuer"), group: group,
                scope: try keys["scope"]?.string())
        }
    }

    private static func joinTrust(_ node: DocumentNode, _ groups: [String]) throws(DocumentError) -> ClusterTrust {
        if node.word.map({ $0.isExactly("unclaimed") }) == true { return .unclaimed }
        return try trust(node, groups)
    }
}
