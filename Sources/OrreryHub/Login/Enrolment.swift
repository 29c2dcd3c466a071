import Foundation
import Logging
import OrreryIdentity
import OrreryModel
import OrreryStore

/// Decides whether somebody whom an issuer vouches for may enter, and keeps one record per identity.
struct Enrolment: Sendable {
    let store: any PersonStore
    let auth: HubConfiguration.Auth
    let now: @Sendable () -> Date
    let logger: Logger

    /// The person behind `claimant`, with the groups and numbers of this login. Throws a refusal in words for that person.
    func enter(_ claimant: Claimant, from issuer: String) async throws -> PersonRecord {
        try admit(claimant, from: issuer)
        let record: PersonRecord
        if let known = try await store.person(identity: claimant.identity) {
            guard !known.isSuspended else {
                throw HubError(.forbidden, "your account here is suspended", next: "ask an operator of this hub")
            }
            record = try await refresh(known, with: claimant)
        } else {
            record = try await register(claimant)
        }
        return try await numbered(record, claimant)
    }

    private func admit(_ claimant: Claimant, from issuer: String) throws(HubError) {
        guard !auth.users.deny.contains("\(issuer):\(claimant.identity.subject)") else {
            throw HubError(.forbidden, "your account is not admitted here", next: "ask an operator of this hub")
        }
        guard claimant.groups.contains(where: { auth.allow.contains($0.name) }) else {
            let groups = claimant.groups.map(\.name).sorted().joined(separator: ", ")
            throw HubError(
                .forbidden,
                groups.isEmpty
                    ? "you are logged in, but you are in no group that this hub knows"
                    : "you are logged in, but none of your groups (\(groups)) may enter this hub",
                next: "ask for membership in one of: \(auth.allow.sorted().joined(separator: ", "))",
                detail: "the issuer \(issuer) gives \(claimant.claimedGroups)")
        }
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
            gid: claimant.gid ?? (claimant.uid == nil ? number : nil), groups: claimant.groups)
    }

    private func isAdmin(_ claimant: Claimant) -> Bool { claimant.groups.contains { auth.admin.contains($0.name) } }
}
