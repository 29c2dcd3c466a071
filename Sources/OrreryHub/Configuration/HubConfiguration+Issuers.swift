import OrreryDocument
import OrreryIdentity
import OrreryModel

extension HubConfiguration {
    /// Reads `auth.issuers`: one entry per issuer, named by a label that stands in callback addresses and before groups.
    ///
    /// | key | default | meaning |
    /// |---|---|---|
    /// | `title` | the label | what people read |
    /// | `issuer` | required | its exact URL, slash included |
    /// | `also` | none | other exact spellings seen in its tokens |
    /// | `login.client` | required | our client id there |
    /// | `login.secret` | a public client | our client secret |
    /// | `login.scopes` | `[openid, profile]` | what is asked for |
    /// | `groups.claim` | no groups | the claim with the groups |
    /// | `groups.kind` | `list` | how it says them: `list`, `commas` or `wlcg` |
    /// | `groups.from` | `idToken` | where it stands: `idToken` or `userinfo` |
    /// | `name.claim` | `preferred_username` | the claim from which a name is suggested |
    /// | `name.prefix` | none | put in front of it |
    /// | `uid.claim`, `gid.claim` | none | claims with the POSIX numbers |
    static func issuers(_ node: DocumentNode, url: PublicURL) throws(DocumentError) -> [IssuerConfiguration] {
        var issuers: [IssuerConfiguration] = []
        for (label, node) in try node.entries() {
            let issuer = try issuer(label, node, url: url)
            if let problem = issuer.problem { throw node.error(problem) }
            issuers.append(issuer)
        }
        guard !issuers.isEmpty else { throw node.error("without an issuer nobody can log in") }
        return issuers
    }

    private static func issuer(
        _ label: String, _ node: DocumentNode, url: PublicURL
    ) throws(DocumentError) -> IssuerConfiguration {
        let keys = try node.mapping(["title", "issuer", "also", "login", "groups", "name", "uid", "gid"])
        let login = try keys.required("login").mapping(["client", "secret", "scopes"])
        var issuer = IssuerConfiguration(
            label: label, issuer: try keys.required("issuer").string(), title: try keys["title"]?.string(),
            client: try login.required("client").string(), secret: try login["secret"]?.secret(),
            redirectURI: "\(url.origin)/hub/callback/\(label)")
        if let also = keys["also"] { issuer.also = try texts(also) }
        if let scopes = login["scopes"] { issuer.scopes = try texts(scopes) }
        try readGroups(keys["groups"], into: &issuer)
        let name = try keys["name"]?.mapping(["claim", "prefix"])
        if let claim = name?["claim"] { issuer.nameClaim = try claim.string() }
        if let prefix = name?["prefix"] { issuer.namePrefix = try prefix.string() }
        issuer.uidClaim = try keys["uid"]?.mapping(["claim"]).required("claim").string()
        issuer.gidClaim = try keys["gid"]?.mapping(["claim"]).required("claim").string()
        return issuer
    }

    private static func readGroups(
        _ node: DocumentNode?, into issuer: inout IssuerConfiguration
    ) throws(DocumentError) {
        guard let keys = try node?.mapping(["claim", "kind", "from"]) else { return }
        issuer.groupsClaim = try keys.required("claim").string()
        if let kind = keys["kind"] {
            let name = try kind.name(among: IssuerConfiguration.GroupsKind.allCases.map(\.rawValue), kind: "kind")
            issuer.groupsKind = IssuerConfiguration.GroupsKind(rawValue: name) ?? .list
        }
        if let from = keys["from"] {
            let name = try from.name(among: IssuerConfiguration.ClaimSource.allCases.map(\.rawValue), kind: "source")
            issuer.groupsFrom = IssuerConfiguration.ClaimSource(rawValue: name) ?? .idToken
        }
    }

    /// Reads one entry of `auth.groups`.
    ///
    /// | key | default | meaning |
    /// |---|---|---|
    /// | `from` | required | issuer-qualified groups, `label:group`, each exactly; `{g}` stands for one name |
    /// | `gid` | none | the POSIX group |
    /// | `gids` | none | for a rule with a hole: the POSIX group by what stands in the hole |
    static func groupRule(_ name: String, _ node: DocumentNode, issuers: [String]) throws(DocumentError) -> GroupRule {
        let keys = try node.mapping(["from", "gid", "gids"])
        var gids: [String: UInt32] = [:]
        for (hole, gid) in try keys["gids"]?.entries() ?? [] { gids[hole] = try number(gid) }
        let rule = GroupRule(
            name, gid: try keys["gid"].map(number), gids: gids, from: try texts(keys.required("from")))
        if let problem = rule.problem(issuers: issuers) { throw node.error(problem) }
        return rule
    }

    private static func number(_ node: DocumentNode) throws(DocumentError) -> UInt32 {
        UInt32(try node.int(in: 1...Int(Int32.max)))
    }

    private static func texts(_ node: DocumentNode) throws(DocumentError) -> [String] {
        var texts: [String] = []
        for element in try node.list() { texts.append(try element.string()) }
        return texts
    }
}
