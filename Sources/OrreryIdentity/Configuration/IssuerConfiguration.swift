package import OrreryModel

/// One issuer whose word we take, and what we read from its word.
package struct IssuerConfiguration: Sendable {
    /// What the issuer is called in the documents, in callback addresses and in front of its groups: `wlcg`.
    package var label: String
    package var type: IssuerType
    /// Its exact URL, a slash at the end included. Part of every identity, so it never changes for a running hub.
    package var issuer: String
    /// Other exact spellings of `issuer` that stand in its discovery document or tokens.
    package var also: [String]
    /// What people read on the login page.
    package var title: String
    package var client: String
    /// Nil for a public client, which proves itself by PKCE alone.
    package var secret: Secret?
    package var secretMethod: SecretMethod
    package var scopes: [String]
    /// The callback address of this issuer and of no other, so that an answer cannot be taken for another issuer's.
    package var redirectURI: String
    /// The claim with the groups, literally: `wlcg.groups` is one name. Nil: this issuer gives no groups.
    package var groupsClaim: String?
    package var groupsKind: GroupsKind
    package var groupsFrom: ClaimSource
    package var nameClaim: String
    /// Put in front of the claimed name to make the suggested one: `gh-`.
    package var namePrefix: String
    package var uidClaim: String?
    package var gidClaim: String?
    /// Without it nobody enters through this issuer.
    package var requirement: Requirement
    /// Whether the issuer is in the site's own network: its names may stand for private addresses.
    package var isPrivate = false
    /// A claim without which the name in `nameClaim` is none: that claim means something only beside it.
    package var nameWithin: String?
    /// Nil: nobody calls our API with an access token of this issuer.
    package var api: BearerTrust?
    /// Nil: sessions get no token of this issuer.
    package var notebook: NotebookGrant?

    package init(
        label: String, type: IssuerType = .openID, issuer: String, also: [String] = [], title: String? = nil,
        client: String, secret: Secret?, secretMethod: SecretMethod = .basic,
        scopes: [String] = ["openid", "profile"], redirectURI: String, groupsClaim: String? = nil,
        groupsKind: GroupsKind = .list, groupsFrom: ClaimSource = .idToken, nameClaim: String = "preferred_username",
        namePrefix: String = "", uidClaim: String? = nil, gidClaim: String? = nil,
        requirement: Requirement = Requirement()
    ) {
        self.label = label
        self.type = type
        self.issuer = issuer
        self.also = also
        self.title = title ?? label
        self.client = client
        self.secret = secret
        self.secretMethod = secretMethod
        self.scopes = scopes
        self.redirectURI = redirectURI
        self.groupsClaim = groupsClaim
        self.groupsKind = groupsKind
        self.groupsFrom = groupsFrom
        self.nameClaim = nameClaim
        self.namePrefix = namePrefix
        self.uidClaim = uidClaim
        self.gidClaim = gidClaim
        self.requirement = requirement
    }

    /// What the issuer speaks.
    package enum IssuerType: String, Sendable, CaseIterable {
        /// OpenID Connect with discovery.
        case openID = "oidc"
        /// Plain OAuth 2 and a REST interface, as GitHub and GitHub Enterprise Server have it.
        case gitHub = "github"
    }

    /// How the client secret is shown to the token endpoint (OpenID Connect Core 9).
    package enum SecretMethod: String, Sendable, CaseIterable {
        case basic
        case post
    }

    /// Where the groups are said.
    package enum ClaimSource: String, Sendable, CaseIterable {
        case idToken
        case userinfo
    }
}
