import OrreryDocument
import OrreryIdentity
import OrreryModel

extension HubConfiguration {
    /// Reads `auth.issuers`: one entry per issuer, named by a label that stands in callback addresses and before groups.
    ///
    /// | key | default | meaning |
    /// |---|---|---|
    /// | `type` | `oidc` | what it speaks: `oidc`, or `github` for plain OAuth 2 as GitHub has it |
    /// | `private` | `false` | whether its names may stand for addresses of a private network |
    /// | `title` | the label | what people read |
    /// | `issuer` | required, for `github` `https://github.com` | its exact URL, slash included |
    /// | `also` | none | other exact spellings seen in its tokens |
    /// | `login.client` | required | our client id there |
    /// | `login.secret` | a public client | our client secret |
    /// | `login.method` | `basic` | how the secret is shown: `basic` or `post` |
    /// | `login.scopes` | `[openid, profile]`, for `github` none | what is asked for |
    /// | `groups.claim` | no groups | the claim with the groups |
    /// | `groups.kind` | `list` | how it says them: `list`, `commas`, `wlcg` or `aarc` |
    /// | `groups.namespace` | required for `aarc` | the namespace for which the issuer may speak: `urn:mace:egi.eu:` |
    /// | `groups.from` | `idToken` | where it stands: `idToken` or `userinfo` |
    /// | `name.claim` | `preferred_username` | the claim from which a name is suggested |
    /// | `name.prefix` | none | put in front of it |
    /// | `name.within` | none | a claim that has to stand beside it, such as `idp`; else no name is suggested |
    /// | `uid.claim`, `gid.claim` | none | claims with the POSIX numbers |
    /// | `require` | nothing | what a login must show; see `requirement` |
    /// | `notebook` | no token | what sessions get of its tokens; see `notebookGrant` |
    /// | `api` | no calls | its access tokens open the API; see `bearerTrust` |
    static func issuers(_ node: DocumentNode, url: PublicURL) throws(DocumentError) -> [IssuerConfiguration] {
        var issuers: [IssuerConfiguration] = []
        for (label, node) in try node.entries() {
            let issuer = try issuer(label, node, url: url)
            if let problem = issuer.problem { throw node.error(problem) }
            issuers.append(issuer)
            if let problem = issuers.problem { throw node.error(problem) }
        }
        guard !issuers.isEmpty else { throw node.error("without an issuer nobody can log in") }
        return issuers
    }

    private static func issuer(
        _ label: String, _ node: DocumentNode, url: PublicURL
    ) throws(DocumentError) -> IssuerConfiguration {
        let keys = try node.mapping([
            "type", "title", "private", "issuer", "also", "login", "groups", "name", "uid", "gid", "require", "api",
            "notebook",
        ])
        let login = try keys.required("login").mapping(["client", "secret", "method", "scopes"])
        let isGitHub = try keys["type"].map(type) == .gitHub
        var issuer = IssuerConfiguration(
            label: label, type: isGitHub ? .gitHub : .openID,
            issuer: try isGitHub
                ? keys["issuer"]?.string() ?? "https://github.com" : keys.required("issuer").string(),
            title: try keys["title"]?.string(), client: try login.required("client").string(),
            secret: try login["secret"]?.secret(), redirectURI: "\(url.origin)/hub/callback/\(label)")
        if isGitHub { (issuer.scopes, issuer.groupsKind) = ([], .teams) }
        if let scopes = login["scopes"] { issuer.scopes = try texts(scopes) }
        if let require = keys["require"] { issuer.requirement = try requirement(require) }
        let name = try keys["name"]?.mapping(isGitHub ? ["prefix"] : ["claim", "prefix", "within"])
        if let prefix = name?["prefix"] { issuer.namePrefix = try prefix.string() }
        if let claim = name?["claim"] { issuer.nameClaim = try claim.string() }
        issuer.nameWithin = try name?["within"]?.string()
        issuer.isPrivate = try keys["private"]?.bool() ?? false
        if let api = keys["api"] { issuer.api = try bearerTrust(api, url: url) }
        if let notebook = keys["notebook"] { issuer.notebook = try notebookGrant(notebook) }
        try isGitHub ? refuseClaims(of: keys, login) : readClaims(of: keys, login, into: &issuer)
        return issuer
    }

    private static func type(_ node: DocumentNode) throws(DocumentError) -> IssuerConfiguration.IssuerType {
        let name = try node.name(among: IssuerConfiguration.IssuerType.allCases.map(\.rawValue), kind: "type")
        return IssuerConfiguration.IssuerType(rawValue: name) ?? .openID
    }

    /// A plain OAuth 2 service makes no claims; what reads some would never be used.
    private static func refuseClaims(of keys: DocumentMapping, _ login: DocumentMapping) throws(DocumentError) {
        for key in ["also", "groups", "uid", "gid", "api", "notebook"] where keys[key] != nil {
            throw keys.node.error("an issuer of type github has no `\(key)`", atKey: key)
        }
        if login["method"] != nil {
            throw login.node.error("an issuer of type github has no `method`", atKey: "method")
        }
    }

    private static func readClaims(
        of keys: DocumentMapping, _ login: DocumentMapping, into issuer: inout IssuerConfiguration
    ) throws(DocumentError) {
        if let also = keys["also"] { issuer.also = try texts(also) }
        if let method = login["method"] {
            let name = try method.name(
                among: IssuerConfiguration.SecretMethod.allCases.map(\.rawValue), kind: "method")
            issuer.secretMethod = IssuerConfiguration.SecretMethod(rawValue: name) ?? .basic
        }
        try readGroups(keys["groups"], into: &issuer)
        issuer.uidClaim = try keys["uid"]?.mapping(["claim"]).required("claim").string()
        issuer.gidClaim = try keys["gid"]?.mapping(["claim"]).required("claim").string()
    }

    private static func readGroups(
        _ node: DocumentNode?, into issuer: inout IssuerConfiguration
    ) throws(DocumentError) {
        guard let keys = try node?.mapping(["claim", "kind", "namespace", "from"]) else { return }
        issuer.groupsClaim = try keys.required("claim").string()
        issuer.groupsKind = try groupsKind(keys)
        if let from = keys["from"] {
            let name = try from.name(among: IssuerConfiguration.ClaimSource.allCases.map(\.rawValue), kind: "source")
            issuer.groupsFrom = IssuerConfiguration.ClaimSource(rawValue: name) ?? .idToken
        }
    }

    private static func groupsKind(_ keys: DocumentMapping) throws(DocumentError) -> GroupsKind {
        let kind = try keys["kind"]?.name(among: ["list", "commas", "wlcg", "aarc"], kind: "kind") ?? "list"
        guard kind == "aarc" else {
            if keys["namespace"] != nil {
                throw keys.node.error("only kind aarc has a `namespace`", atKey: "namespace")
            }
            return kind == "wlcg" ? .wlcg : kind == "commas" ? .commas : .list
        }
        let node = try keys.required("namespace")
        guard let namespace = EntitlementNamespace(try node.string()) else {
            throw node.error("the namespace of the issuer's entitlements is wanted here, such as urn:mace:egi.eu:")
        }
        return .aarc(namespace)
    }

    static func texts(_ node: DocumentNode) throws(DocumentError) -> [String] {
        var texts: [String] = []
        for element in try node.list() { texts.append(try element.string()) }
        return texts
    }
}
