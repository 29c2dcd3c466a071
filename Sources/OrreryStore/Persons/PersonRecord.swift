package import FoundationEssentials
package import OrreryModel

/// A person who has logged in at least once. `person.groups` are those of the last login.
package struct PersonRecord: Hashable, Sendable {
    /// Never given to anybody else, not even after this person was removed.
    package let id: Int64
    package let person: Person
    package let isAdmin: Bool
    package let isSuspended: Bool
    package let createdAt: Date
    package let lastLogin: Date

    package init(id: Int64, person: Person, isAdmin: Bool, isSuspended: Bool, createdAt: Date, lastLogin: Date) {
        self.id = id
        self.person = person
        self.isAdmin = isAdmin
        self.isSuspended = isSuspended
        self.createdAt = createdAt
        self.lastLogin = lastLogin
    }
}
