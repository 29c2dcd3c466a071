package import FoundationEssentials
package import OrreryModel

/// The identities that open people's accounts. Each belongs to one person, and to the same one after that person was
/// removed.
package protocol IdentityStore: Sendable {
    /// The person's identities, in the order in which they were linked; the first login's is the first.
    func identities(person id: Int64) async throws(StoreError) -> [Identity]

    /// Whether the person to whom `identity` belonged was removed.
    func isRemoved(_ identity: Identity) async throws(StoreError) -> Bool

    /// Lets `identity` open the account of a person, too. The caller holds fresh proof of both. `.conflict` (`.identity`)
    /// when it is or was somebody else's; nothing happens when it is the person's already.
    func link(_ identity: Identity, to id: Int64, at now: Date) async throws(StoreError)

    /// Lets `identity` not open the account any more; it may then become a person of its own. `.missing` when it is not the
    /// person's, `.conflict` for the identity of the first login, which stays.
    func unlink(_ identity: Identity, from id: Int64) async throws(StoreError)
}
