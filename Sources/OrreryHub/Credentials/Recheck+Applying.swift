import Foundation
import Logging
import OrreryIdentity
import OrreryModel
import OrreryStore

// What follows from an issuer's answer.
extension Recheck {
    /// Makes the groups of the person of `record` those of `claimant`; without one, the person is in none. Logins that nothing
    /// admits any more end. False, and nothing happens, when the person has logged in anew since the issuer was asked.
    func apply(_ claimant: Claimant?, of record: CredentialRecord) async throws -> Bool {
        guard let known = try await store.person(id: record.person) else { return true }
        let allowed = claimant.flatMap { enrolment.stillAdmits($0, as: known) ? $0 : nil }
        let groups = allowed?.membership.groups ?? []
        let isAdmin = groups.contains { enrolment.auth.admin.contains($0.name) }
        // Before it is known that there is no newer login: one that comes in between is not judged by an old answer.
        let open = try await store.logins(person: known.id, at: now())
        guard let person = try await regroup(known, by: record, groups, isAdmin: isAdmin) else { return false }
        for login in open {
            try await apply(allowed?.membership.openNames ?? [], to: login, of: person, record)
        }
        try await store.markChecked(record, at: now())
        return true
    }

    /// The person as `record` has it now; nil when that is not the last login's any more.
    private func regroup(
        _ known: PersonRecord, by record: CredentialRecord, _ groups: Set<Group>, isAdmin: Bool
    ) async throws -> PersonRecord? {
        guard groups != known.person.groups || isAdmin != known.isAdmin else {
            let latest = try await store.latestCredential(person: known.id)
            return latest?.issuer == record.issuer && latest?.loginAt == record.loginAt ? known : nil
        }
        let person = try await store.regroup(by: record, groups, isAdmin: isAdmin)
        if person != nil { tell(of: known, groups) }
        return person
    }

    /// A group that the login raised is kept while the issuer still says what opens it: how it was raised was shown then.
    private func apply(
        _ open: Set<String>, to login: LoginRecord, of person: PersonRecord, _ record: CredentialRecord
    ) async throws {
        var login = login
        if login.origin?.issuer == record.issuer, login.origin?.subject == record.subject {
            try await store.keepRaised(open, of: login)
            login = login.raising(only: open)
        }
        guard !logins.isAdmitted(person, by: login, at: now()) else { return }
        logger.notice("login ended: no group admits the person", metadata: ["person": "\(person.person.name)"])
        try await farewell.end(login)
        await audit.record(AuditAct(.logout, of: person, because: "no group admits the person any more"))
    }

    private func tell(of known: PersonRecord, _ groups: Set<Group>) {
        let (before, after) = (Set(known.person.groups.map(\.name)), Set(groups.map(\.name)))
        logger.notice(
            "groups changed at the issuer",
            metadata: [
                "person": "\(known.person.name)", "lost": "\(before.subtracting(after).sorted())",
                "gained": "\(after.subtracting(before).sorted())",
            ])
    }
}

extension Membership {
    /// The groups that the issuer's groups open, but for how the person logged in.
    fileprivate var openNames: Set<String> {
        let sleeping = dormant.filter { $0.shortfall.isAboutTheLogin }.map(\.group)
        return Set(groups.map(\.name) + raised.map(\.group.name) + sleeping)
    }
}

extension LoginRecord {
    /// This login with those of its raised groups that are called in `names`.
    fileprivate func raising(only names: Set<String>) -> LoginRecord {
        LoginRecord(
            hash: hash, person: person, sid: sid, raised: raised.filter { names.contains($0.group.name) },
            origin: origin, createdAt: createdAt, expiresAt: expiresAt, lastSeen: lastSeen)
    }
}
