import Foundation
import Logging
import OrreryIdentity
import OrreryModel
import OrreryStore

/// Decides whether somebody whom an issuer vouches for may enter, and keeps one record per identity.
struct Enrolment: Sendable {
    let store: any PersonStore & IdentityStore
    let auth: HubConfiguration.Auth
    let now: @Sendable () -> Date
    let logger: Logger

    /// The person behind `claimant`, with the groups and numbers of this login. Throws a refusal in words for that person.
    func enter(_ claimant: Claimant, from issuer: String) async throws -> PersonRecord {
        try auth.admit(claimant, from: issuer)
        let record: PersonRecord
        let known = try await store.person(identity: claimant.identity)
        try auth.checkNumbers(of: claimant, own: known?.person.uid)
        if let known {
            guard !known.isSuspended else { throw HubError.suspended }
            guard !auth.denies(known.person) else { throw HubError.denied }
            record = try await refresh(known, with: claimant)
        } else {
            guard try await !store.isRemoved(claimant.identity) else { throw HubError.removed }
            record = try await register(claimant)
        }
        return try await numbered(record, claimant)
    }

    /// Takes from somebody who is here already what an issuer no longer gives: who is refused at the door keeps nothing inside
    /// either. Only the issuer by whose word the person has the groups takes any away.
    func withdraw(from claimant: Claimant, unlessVouchedForBy credentials: any CredentialStore) async throws {
        guard let known = try await store.person(identity: claimant.identity) else { return }
        let last = try await credentials.latestCredential(person: known.id)
        if let last, last.loginAt >= known.lastLogin {
            guard last.issuer == claimant.issuer, last.subject == claimant.identity.subject else { return }
        } else {
            // Nothing is left of the last login. By whom it was is known only of who has one identity.
            guard try await store.identities(person: known.id).count == 1 else { return }
        }
        let groups = stillAdmits(claimant, as: known) ? claimant.membership.groups : []
        _ = try await store.regroup(
            person: known.id, groups, isAdmin: groups.contains { auth.admin.contains($0.name) })
    }

    /// Whether what the issuer says of `person`, who is here already, leaves a place for them. Which groups admit is another
    /// question.
    func stillAdmits(_ claimant: Claimant, as person: PersonRecord) -> Bool {
        !auth.users.denies(claimant.identity, of: claimant.issuer)
            && (try? auth.checkNumbers(of: claimant, own: person.person.uid)) != nil
    }

    private func refresh(_ known: PersonRecord, with claimant: Claimant) async throws(StoreError) -> PersonRecord {
        let person = person(claimant, named: known.person.name, given: known.person.uid)
        return try await store.refresh(person, isAdmin: isAdmin(claimant), at: now())
    }

    /// Gives the name, once: what the issuer suggests, or the nearest free one. Nobody ever gets a name that was given.
    private func register(_ claimant: Claimant) async throws -> PersonRecord {
        for name in PersonName.candidates(for: claimant.suggestedName) {
            guard let record = try await register(claimant, named: name) else { continue }
            logger.notice(
                "person entered for the first time",
                metadata: ["person": "\(name)", "issuer": "\(claimant.identity.issuer)"])
            return record
        }
        throw HubError(.conflict, "no free name could be found for you", next: "ask an operator of this hub")
    }

    /// Nil when the name is taken.
    private func register(_ claimant: Claimant, named name: String) async throws -> PersonRecord? {
        do throws(StoreError) {
            return try await store.register(person(claimant, named: name), isAdmin: isAdmin(claimant), at: now())
        } catch {
            // Another tab of the same person may have been quicker, by any of the three.
            if error.contested != nil, let known = try await store.person(identity: claimant.identity) {
                return try await refresh(known, with: claimant)
            }
            switch error.contested {
            case .name:
                return nil
            case .uid:
                throw HubError(
                    .conflict, "the number (uid) that your issuer gives you belongs to somebody else here",
                    next: "ask an operator of this hub", detail: "\(error)")
            default:
                throw error
            }
        }
    }

    /// The uid of the hub's range for somebody whose issuer gives none, and the group of the same number beside it.
    private func numbered(_ record: PersonRecord, _ claimant: Claimant) async throws -> PersonRecord {
        guard record.person.uid == nil, let range = auth.users.uids else { return record }
        return try await refresh(store.giveUID(to: record.id, from: range), with: claimant)
    }

    /// `number` is what the hub gave before; it is the group too where the issuer says neither.
    private func person(_ claimant: Claimant, named name: String, given number: UInt32? = nil) -> Person {
        Person(
            identity: claimant.identity, name: name, uid: claimant.uid,
            gid: claimant.gid ?? (claimant.uid == nil ? number : nil), groups: claimant.membership.groups)
    }

    private func isAdmin(_ claimant: Claimant) -> Bool {
        claimant.membership.groups.contains { auth.admin.contains($0.name) }
    }
}

extension HubError {
    static var denied: HubError {
        HubError(
            .forbidden, "the operators of this hub do not admit your account", next: "ask an operator of this hub",
            detail: "users.deny")
    }

    fileprivate static var removed: HubError {
        HubError(
            .forbidden, "your account here was removed by an operator of this hub, and no new one is made for you",
            next: "ask an operator of this hub")
    }

    fileprivate static var suspended: HubError {
        HubError(
            .forbidden, "your account here was suspended by an operator of this hub",
            next: "ask an operator of this hub")
    }
}
