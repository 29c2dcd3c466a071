package import Foundation
package import OrreryModel

/// Somebody for whom an issuer vouched just now: what it says, read by our rules. Not yet a person of this hub.
package struct Claimant: Hashable, Sendable {
    package let identity: Identity
    /// The label of the issuer.
    package let issuer: String
    /// The claimed name with the issuer's prefix, as it came: it may break the rule for names or be somebody's already.
    package let suggestedName: String?
    /// What the issuer calls the person, for display only.
    package let displayName: String?
    /// Never 0.
    package let uid: UInt32?
    package let gid: UInt32?
    /// The hub groups that the rules open.
    package let membership: Membership
    /// What the issuer said, with its label in front: for telling somebody which groups they did bring.
    package let claimedGroups: [String]
    /// How many further values of the groups' claim were no groups of this issuer.
    package let ignoredGroups: Int
    /// When the person logged in at the issuer, if it says so.
    package let authenticatedAt: Date?
    /// What the issuer gave at the login; nil when it keeps nothing that could be used later.
    package var tokens: IssuerTokens?
    /// What the issuer calls its session of this browser (`sid`), if it says so.
    package var session: String?

    package init(
        identity: Identity, issuer: String, suggestedName: String?, displayName: String? = nil, uid: UInt32? = nil,
        gid: UInt32? = nil, membership: Membership = Membership(), claimedGroups: [String] = [],
        ignoredGroups: Int = 0, authenticatedAt: Date? = nil,
        tokens: IssuerTokens? = nil, session: String? = nil
    ) {
        self.identity = identity
        self.issuer = issuer
        self.suggestedName = suggestedName
        self.displayName = displayName
        self.uid = uid
        self.gid = gid
        self.membership = membership
        self.claimedGroups = claimedGroups
        self.ignoredGroups = ignoredGroups
        self.authenticatedAt = authenticatedAt
        self.tokens = tokens
        self.session = session
    }
}
