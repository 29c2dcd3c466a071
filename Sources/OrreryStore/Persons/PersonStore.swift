package import FoundationEssentials
package import OrreryModel

/// The people this hub knows. Names, uids and ids are given once: the store keeps them for ever and gives none of them
/// to a second person, not even after the first was removed.
package protocol PersonStore: Sendable {
    func person(id: Int64) async throws(StoreError) -> PersonRecord?
    /// The person whose account `identity` opens: that of the first login, or one that was linked later.
    func person(identity: Identity) async throws(StoreError) -> PersonRecord?
    /// The person who bears `name` now. Compares exactly.
    func person(named name: String) async throws(StoreError) -> PersonRecord?
    /// Everybody, in the order of their names.
    func allPersons() async throws(StoreError) -> [PersonRecord]
    /// Whether `name` belongs or ever belonged to somebody.
    func isNameGiven(_ name: String) async throws(StoreError) -> Bool

    /// Records somebody's first login and gives the name and the uid. `.conflict` with `contested` `.name`, `.uid` or
    /// `.identity` when one of them is taken; then nothing was recorded and another name may be tried.
    func register(_ person: Person, isAdmin: Bool, at now: Date) async throws(StoreError) -> PersonRecord

    /// Records another login: the groups and rights as they are now. The identity finds the record; the name and the
    /// numbers stay what they were, and a number is given only to a person who has none.
    func refresh(_ person: Person, isAdmin: Bool, at now: Date) async throws(StoreError) -> PersonRecord

    /// Records that the issuer has changed the person's groups. `.missing` when the person is not there any more.
    func regroup(person id: Int64, _ groups: Set<Group>, isAdmin: Bool) async throws(StoreError) -> PersonRecord

    /// Gives the person a uid of `range` that nobody ever had, above all that were given from it as long as there is one, unless
    /// the person has a uid. `.unavailable` when the range is used up.
    func giveUID(to id: Int64, from range: ClosedRange<UInt32>) async throws(StoreError) -> PersonRecord

    /// Suspends a person or lifts the suspension. Ending what the person has open is the caller's next step.
    func setSuspended(_ isSuspended: Bool, person id: Int64) async throws(StoreError) -> PersonRecord

    /// Forgets a person with all logins, tokens and ended sessions; name, uid, id and identities stay given, and none of
    /// the identities can be registered again.
    /// `.conflict` (`.liveSession`) while a session has not ended.
    func remove(person id: Int64) async throws(StoreError)
}
