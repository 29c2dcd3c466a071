package import OrreryModel

/// One issuer whose word we take, and what we read from its word.
package struct IssuerConfiguration: Sendable {
    /// What the issuer is called in the documents, in callback addresses and in front of its groups: `wlcg`.
    package var label: String
    /// Its exact URL, a slash at the end included. Part of every identity, so it never changes for a running hub.
    package var issuer: String
    /// Other exact spellings of `issuer` that stand in its discovery document or tokens.
    package var also: [String]
    /// What people read on the login page.
    package var title: String
    package var client: String
    /// Nil for a public client, which proves itself by PKCE alone.
    package var secret: Secret?
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

    package init(
        label: String, issuer: String, also: [String] = [], title: String? = nil, client: String, secret: Secret?,
        scopes: [String] = ["openid", "profile"], redirectURI: String, groupsClaim: String? = nil,
        groupsKind: GroupsKind = .list, groupsFrom: ClaimSource = .idToken, nameClaim: String = "preferred_username",
        namePrefix: String = "", uidClaim: String? = nil, gidClaim: String? = nil
    ) {
        self.label = label
        self.issuer = issuer
        self.also = also
        self.title = title ?? label
        self.client = client
        self.secret = secret
        self.scopes = scopes
        self.redirectURI = redirectURI
        self.groupsClaim = groupsClaim
        self.groupsKind = groupsKind
        self.groupsFrom = groupsFrom
        self.nameClaim = nameClaim
        self.namePrefix = namePrefix
        self.uidClaim = uidClaim
        self.gidClaim = gidClaim
    }

    /// How a claim says the groups.
    package enum GroupsKind: String, Sendable, CaseIterable {
        /// A list of texts, or one text that is one group. Any text is a group.
        case list
        /// A list of texts, or one text with commas between the groups.
        case commas
        /// As `commas`, and each group as the WLCG profile spells them: `/wlcg/analysis`. One that is not voids the login.
        case wlcg
    }

    /// Where the groups are said.
    package enum ClaimSource: String, Sendable, CaseIterable {
        case idToken
        case userinfo
    }
}
