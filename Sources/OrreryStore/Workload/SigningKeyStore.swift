package import FoundationEssentials

/// A key with which the hub signs tokens for workloads. Only its public half can be read here.
package struct SigningKeyRecord: Hashable, Sendable {
    package let id: String
    /// The public half, a JSON Web Key.
    package let published: String
    /// The private half, sealed by the caller.
    package let sealed: [UInt8]
    package let madeAt: Date

    package init(id: String, published: String, sealed: [UInt8], madeAt: Date) {
        self.id = id
        self.published = published
        self.sealed = sealed
        self.madeAt = madeAt
    }
}

/// The keys with which the hub signs.
package protocol SigningKeyStore: Sendable {
    /// All of them, the oldest first.
    func signingKeys() async throws(StoreError) -> [SigningKeyRecord]
    /// Adds a key unless one was made after `instant`, by another caller meanwhile; gives all that there are then.
    func insert(
        _ key: SigningKeyRecord, unlessMadeAfter instant: Date
    ) async throws(StoreError) -> [SigningKeyRecord]
    func removeSigningKeys(_ ids: Set<String>) async throws(StoreError)
}
