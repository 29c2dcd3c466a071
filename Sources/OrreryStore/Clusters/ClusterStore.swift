package import FoundationEssentials

/// The clusters of the site and those that ask to join. Every change of a cluster counts up `clusterRevision`.
package protocol ClusterStore: Sendable {
    /// All that are or were, by name.
    func clusters() async throws(StoreError) -> [ClusterRecord]
    func clusterRevision() async throws(StoreError) -> Int64

    /// Stores a new cluster and forgets that its keys asked to join. With `invite`, one use of that token is taken in the same
    /// transaction. `.conflict`: `.clusterName` when the name is or was another's, `.clusterKey` when a key is,
    /// `.clusterUID` when it is another member's, `.invite` when the token is used up or not good any more at `now`.
    func admit(_ cluster: ClusterRecord, with invite: String?, at now: Date) async throws(StoreError)

    /// Changes what is variable in a cluster and gives it back as it is then, all in one transaction. `change` must be quick and
    /// without effects of its own. Nothing is written when nothing changes. `.missing` when there is none of that name.
    @discardableResult func changeCluster(
        _ name: String, _ change: @escaping @Sendable (inout ClusterRecord) -> Void
    ) async throws(StoreError) -> ClusterRecord

    /// Keeps how a cluster does, in words, for those who look at the database alone. Not counted as a change.
    func note(health: String, of cluster: String, since instant: Date) async throws(StoreError)

    /// Stores a wish to join, in the place of an earlier one of the same key, whose first moment it keeps; of one that was
    /// denied nothing changes. Of more than `most` that wait from one address, and of more than a thousand, the oldest
    /// are forgotten. `.conflict` (`.userCode`) when the code is another one's. Gives what is stored then.
    func keep(_ join: JoinRecord, most: Int) async throws(StoreError) -> JoinRecord
    /// The one of this key, if it has not expired at `now`.
    func join(key: String, at now: Date) async throws(StoreError) -> JoinRecord?
    /// Lets a key that waits wait until `end`. False when none waits.
    func touch(join key: String, at now: Date, until end: Date) async throws(StoreError) -> Bool
    /// Those that have not expired at `now`, the oldest first.
    func joins(at now: Date) async throws(StoreError) -> [JoinRecord]
    /// The one that waits with this code.
    func join(codeHash: [UInt8], at now: Date) async throws(StoreError) -> JoinRecord?
    /// Refuses a key that asks to join, until `end`. False when none waits.
    func deny(join key: String, because reason: String, until end: Date) async throws(StoreError) -> Bool
    /// Forgets that a key asked to join; true when it had.
    func forgetJoin(_ key: String) async throws(StoreError) -> Bool

    func insert(_ invite: InviteRecord) async throws(StoreError)
    /// Those that are good at `now`, the oldest first.
    func invites(at now: Date) async throws(StoreError) -> [InviteRecord]
    func invite(id: String) async throws(StoreError) -> InviteRecord?
    /// True when there was one.
    func removeInvite(_ id: String) async throws(StoreError) -> Bool
    /// Keeps by which keys agents know proxies that have no certificate.
    func note(pins: [String], at now: Date) async throws(StoreError)
    /// Those told at `instant` or later, sorted.
    func pins(since instant: Date) async throws(StoreError) -> [String]
    /// Forgets tokens and wishes that ended before `now`, and pins that were told longest ago; gives their number.
    func removeExpiredJoins(at now: Date) async throws(StoreError) -> Int
}
