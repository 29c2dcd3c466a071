import Foundation
import OrreryModel
import OrreryStore

/// Takes an identity from an account, and ends what somebody opened with it: browsers, the issuer's tokens, and the groups that
/// came with it. Tokens for programs say nothing of how they were made; they are the person's to look through.
struct Expulsion: Sendable {
    let persons: any PersonStore & IdentityStore
    let logins: any LoginStore
    let credentials: Credentials
    let farewell: Farewell
    let recheck: Recheck
    let audit: AuditLog
    /// The issuers' labels, by their URLs.
    let labels: [String: String]
    let now: @Sendable () -> Date

    /// Unlinks `identity` from `person`. Doing it again does what an earlier time could not, so after an error it is tried
    /// again. Throws for the identity of the first login, which stays, and once all is done for one that is not linked.
    func expel(_ identity: Identity, from person: PersonRecord) async throws {
        guard identity != person.person.identity else { throw StoreError.firstIdentity }
        // Before and after: the first so that a failure leaves something to unlink, the second for whoever came in between.
        try await end(identity, of: person)
        let absence = try await unlink(identity, from: person)
        if absence == nil { await audit.record(AuditAct(.unlink, of: person, as: identity)) }
        try await end(identity, of: person)
        try await regroup(person.id)
        if let absence { throw absence }
    }

    /// Why there is nothing to unlink; nil when there was.
    private func unlink(_ identity: Identity, from person: PersonRecord) async throws(StoreError) -> StoreError? {
        do throws(StoreError) {
            try await persons.unlink(identity, from: person.id)
            return nil
        } catch {
            guard error.kind == .missing else { throw error }
            return error
        }
    }

    private func end(_ identity: Identity, of person: PersonRecord) async throws {
        // Of an issuer that is not configured any more only the subject is known; then rather too much ends.
        let label = labels[identity.issuer]
        let open = try await logins.logins(person: person.id, at: now()).filter { login in
            login.origin?.subject == identity.subject && (label == nil || login.origin?.issuer == label)
        }
        for login in open { try await farewell.end(login) }
        for issuer in Set(open.compactMap { $0.origin?.issuer } + [label].compactMap(\.self)) {
            let credential = try await credentials.vault.store.credential(person: person.id, issuer: issuer)
            guard credential?.subject == identity.subject else { continue }
            _ = try await credentials.giveBack(person: person.id, issuer: issuer)
        }
    }

    /// Unless the person's last login is one of those that are left, nobody vouches for the groups: they become what an issuer that
    /// is left says now, and are gone when none does. In one step: who has none for a moment may lose a session to it.
    private func regroup(_ id: Int64) async throws {
        guard try await isUnvouched(id), try await recheck.check(id) != .confirmed else { return }
        // Again: somebody may have logged in while the issuer was asked.
        guard try await isUnvouched(id) else { return }
        _ = try await persons.regroup(person: id, [], isAdmin: false)
    }

    /// Whether what the last login brought is gone, whoever ended it. By whom that login was nobody knows then, so the groups are
    /// taken for those of the identity that goes.
    private func isUnvouched(_ id: Int64) async throws -> Bool {
        guard let person = try await persons.person(id: id) else { return false }
        let latest = try await credentials.vault.store.latestCredential(person: id)
        return latest.map { $0.loginAt < person.lastLogin } ?? true
    }
}
