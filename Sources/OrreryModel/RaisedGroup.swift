package import FoundationEssentials

/// A group that somebody is in because of how one login was made, and for as long as that counts.
package struct RaisedGroup: Hashable, Codable, Sendable {
    package let group: Group
    /// Nil: as long as the login.
    package let until: Date?

    package init(group: Group, until: Date?) {
        self.group = group
        self.until = until
    }
}
