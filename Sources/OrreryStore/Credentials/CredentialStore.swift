package import FoundationEssentials
package import OrreryModel

/// What issuers gave at logins: at most one credential for each person and issuer, that of the last login there.
package protocol CredentialStore: Sendable {
    /// Keeps the credential of a login, in the place of that of an earlier login at this issuer.
    func keep(_ credential: CredentialRecord) async throws(StoreError)
    func credential(person: Int64, issuer: String) async throws(StoreError) -> CredentialRecord?
    /// That of the person's last login, whatever the issuer.
    func latestCredential(person: Int64) async throws(StoreError) -> CredentialRecord?
    /// Everybody's, for sealing them with another key.
    func allCredentials() async throws(StoreError) -> [CredentialRecord]

    /// Puts newly sealed tokens in the place of `credential.sealed`. False, and nothing is changed, when somebody has logged in
    /// anew or the credential is gone, ended or was renewed meanwhile.
    func renew(_ credential: CredentialRecord, sealed: [UInt8]) async throws(StoreError) -> Bool
    /// Ends the credential: the tokens are forgotten. False when somebody has logged in anew or it has ended already.
    func end(_ credential: CredentialRecord, at now: Date) async throws(StoreError) -> Bool
    /// Records that the issuer has said which groups the person is in. Passed over when somebody has logged in anew.
    func markChecked(_ credential: CredentialRecord, at now: Date) async throws(StoreError)
    /// Records which groups the issuer of `credential` says its person is in. Nil, and nothing is changed, when that is not the
    /// login any more by which the person has groups: somebody has logged in anew, wherever, or the credential is gone.
    func regroup(by credential: CredentialRecord, _ groups: Set<Group>, isAdmin: Bool) async throws(StoreError)
        -> PersonRecord?
    /// Removes one and gives it back.
    func removeCredential(person: Int64, issuer: String) async throws(StoreError) -> CredentialRecord?
    /// Removes all of a person and gives them back.
    func removeCredentials(person: Int64) async throws(StoreError) -> [CredentialRecord]

    /// The people who were seen at a browser after `seen`, in the hub or in a server of theirs, or whose programs came with a
    /// token since, and whose issuer has not been asked after `checked`. A pod's own token says nothing of its person, nor does
    /// one with which the hub itself looks at a server.
    func dueForRecheck(seenAfter seen: Date, checkedBefore checked: Date, at now: Date) async throws(StoreError)
        -> [Int64]
    /// Removes those of logins before `instant` whose person has neither a login nor a session nor a token for programs any more; gives
    /// their number.
    func removeIdleCredentials(before instant: Date) async throws(StoreError) -> Int
}
