/// Who somebody is: the pair that an issuer promises to be unique and never reassigned (OpenID Connect Core 2, `iss`
/// and `sub`). A name or an e-mail address never identifies anybody.
package struct Identity: Hashable, Codable, Sendable {
    /// The issuer's exact URL, as it stands in its tokens.
    package let issuer: String
    package let subject: String

    package init(issuer: String, subject: String) {
        self.issuer = issuer
        self.subject = subject
    }

    /// Compares by bytes: two spellings of one letter are two subjects to the issuer.
    package static func == (left: Identity, right: Identity) -> Bool {
        left.issuer.isExactly(right.issuer) && left.subject.isExactly(right.subject)
    }
}

/// A scientist as policy sees one: an identity with the name given once, POSIX numbers, and the hub groups that the
/// rules on issuer-qualified claims gave at the last look.
package struct Person: Hashable, Codable, Sendable {
    package let identity: Identity
    /// `^[a-z][a-z0-9-]{0,29}[a-z0-9]$`, unique in one hub, never given to anybody else.
    package let name: String
    /// Never 0. Nil when neither a claim nor the hub's range gave one; such a person gets no POSIX fileset.
    package let uid: UInt32?
    package let gid: UInt32?
    package let groups: Set<Group>

    package init(identity: Identity, name: String, uid: UInt32?, gid: UInt32?, groups: Set<Group>) {
        self.identity = identity
        self.name = name
        self.uid = uid
        self.gid = gid
        self.groups = groups
    }

    /// Whether one of the person's groups is called `name`. Compares exactly, case included.
    package func isMember(of name: String) -> Bool { groups.contains { $0.name.isExactly(name) } }
}

/// A hub group: `developers`, or `project:photoz` for one made by a rule with a hole.
package struct Group: Hashable, Codable, Sendable {
    package let name: String
    /// The POSIX group that a session joins when a fileset is granted through this group.
    package let gid: UInt32?

    package init(name: String, gid: UInt32? = nil) {
        self.name = name
        self.gid = gid
    }
}
