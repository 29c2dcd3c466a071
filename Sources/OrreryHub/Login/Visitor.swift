import Foundation
import OrreryModel
import OrreryStore

/// Somebody at a browser who is logged in.
struct Visitor: Sendable {
    /// With the groups that this login raises, and the rights that come with them.
    let person: PersonRecord
    let login: LoginRecord
    /// What forms of this browser must carry; see `Logins.proof`.
    let proof: String
}

extension PersonRecord {
    /// This person with the groups that `login` raises at `instant`. What the store keeps for the person has none of them: a
    /// second factor shown at one browser says nothing about who sits at another one.
    func raised(by login: LoginRecord, at instant: Date, admin: Set<String>) -> PersonRecord {
        let more = login.raised.filter { $0.until.map { instant < $0 } ?? true }.map(\.group)
        guard !more.isEmpty else { return self }
        let raised = Person(
            identity: person.identity, name: person.name, uid: person.uid, gid: person.gid,
            groups: person.groups.union(more))
        return PersonRecord(
            id: id, person: raised, isAdmin: isAdmin || more.contains { admin.contains($0.name) },
            isSuspended: isSuspended, createdAt: createdAt, lastLogin: lastLogin)
    }
}
