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
    /// The hub groups that the rules open; one group per name.
    package let groups: Set<Group>
    /// What the issuer said, with its label in front: for telling somebody which groups they did bring.
    package let claimedGroups: [String]

    package init(
        identity: Identity, issuer: String, suggestedName: String?, displayName: String? = nil, uid: UInt32? = nil,
        gid: UInt32? = nil, groups: Set<Group> = [], claimedGroups: [String] = []
    ) {
        self.identity = identity
        self.issuer = issuer
        self.suggestedName = suggestedName
        self.displayName = displayName
        self.uid = uid
        self.gid = gid
        self.groups = groups
        self.claimedGroups = claimedGroups
    }
}
