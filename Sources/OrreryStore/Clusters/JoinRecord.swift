package import FoundationEssentials
package import OrreryModel

/// An agent that is nobody yet and asks to be let in.
package struct JoinRecord: Hashable, Sendable {
    package let key: String
    package let spki: [UInt8]
    /// SHA-256 of the code by which somebody claims it; nil when only an administrator decides.
    package var codeHash: [UInt8]?
    package var state: State
    /// Why it waits or was denied.
    package var reason: String
    /// Where it came from.
    package let address: String
    /// What it says of itself and its cluster.
    package let hello: JSON
    /// What it shows, as the rules see it.
    package let evidence: JSON
    package var firstAt: Date
    package let lastAt: Date
    package let expiresAt: Date

    package enum State: String, Sendable, CaseIterable { case waiting, denied }

    package init(
        key: String, spki: [UInt8], codeHash: [UInt8]? = nil, state: State = .waiting, reason: String,
        address: String, hello: JSON, evidence: JSON, firstAt: Date, lastAt: Date, expiresAt: Date
    ) {
        (self.key, self.spki, self.codeHash, self.state, self.reason) = (key, spki, codeHash, state, reason)
        (self.address, self.hello, self.evidence) = (address, hello, evidence)
        (self.firstAt, self.lastAt, self.expiresAt) = (firstAt, lastAt, expiresAt)
    }
}

/// A join token, of which only the hash of its secret is kept.
package struct InviteRecord: Hashable, Sendable {
    /// The part before the dot, by which people speak of it.
    package let id: String
    package let secretHash: [UInt8]
    /// The hub group that will own the cluster.
    package let owner: String?
    /// What the cluster will be called; nil leaves it to the cluster.
    package let name: String?
    package let madeBy: String
    /// How many clusters may still join with it.
    package let uses: Int64
    package let createdAt: Date
    package let expiresAt: Date

    package init(
        id: String, secretHash: [UInt8], owner: String?, name: String?, madeBy: String, uses: Int64 = 1,
        createdAt: Date, expiresAt: Date
    ) {
        (self.id, self.secretHash, self.owner, self.name, self.madeBy) = (id, secretHash, owner, name, madeBy)
        (self.uses, self.createdAt, self.expiresAt) = (uses, createdAt, expiresAt)
    }
}
