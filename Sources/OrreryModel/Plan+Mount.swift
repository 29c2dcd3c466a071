extension Plan {
    /// One tree at one path.
    package struct Mount: Hashable, Sendable {
        package let fileset: String
        package let path: String
        package let isReadOnly: Bool
        package let source: Source
        /// Path inside the source, relative, without `..`; nil for its root.
        package let subPath: String?
        /// What becomes of file systems that the node mounts inside it.
        package let inner: Inner
        /// What happens to the session when the person loses the right to it.
        package let revoke: Revocation
        /// Whether nothing but owners and modes of files keeps people apart in it: a session with a group that nobody gave
        /// it would see too much.
        package let reliesOnGroups: Bool

        package init(
            fileset: String, path: String, isReadOnly: Bool, source: Source, subPath: String?, inner: Inner = .kept,
            revoke: Revocation = .notify, reliesOnGroups: Bool = false
        ) {
            self.fileset = fileset
            self.path = path
            self.isReadOnly = isReadOnly
            self.source = source
            self.subPath = subPath
            self.inner = inner
            self.revoke = revoke
            self.reliesOnGroups = reliesOnGroups
        }
    }

    /// What becomes of file systems inside a mount. `followed` and `readOnly` exclude each other: Kubernetes makes inner
    /// mounts read-only only where no new ones appear.
    package enum Inner: String, Hashable, Codable, Sendable {
        /// Those of the start are there, writable where they are.
        case kept
        /// Those that the node mounts later appear too, as an automounter needs it.
        case followed
        /// Those of the start are there, and read-only like the mount itself.
        case readOnly
    }

    /// What happens to a running session whose person loses the right to one of its mounts.
    package enum Revocation: String, Hashable, Codable, Sendable, CaseIterable {
        /// It ends, after a warning.
        case stop
        /// The person is told; the mount stays until the session ends.
        case notify
        case none
    }
}

extension Plan.Mount: Codable {
    // What was stored before a member existed has the value that it had then.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            fileset: try container.decode(String.self, forKey: .fileset),
            path: try container.decode(String.self, forKey: .path),
            isReadOnly: try container.decode(Bool.self, forKey: .isReadOnly),
            source: try container.decode(Plan.Source.self, forKey: .source),
            subPath: try container.decodeIfPresent(String.self, forKey: .subPath),
            inner: try container.decodeIfPresent(Plan.Inner.self, forKey: .inner) ?? .kept,
            revoke: try container.decodeIfPresent(Plan.Revocation.self, forKey: .revoke) ?? .none,
            reliesOnGroups: try container.decodeIfPresent(Bool.self, forKey: .reliesOnGroups) ?? false)
    }

    private enum CodingKeys: CodingKey {
        case fileset, path, isReadOnly, source, subPath, inner, revoke, reliesOnGroups
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(fileset, forKey: .fileset)
        try container.encode(path, forKey: .path)
        try container.encode(isReadOnly, forKey: .isReadOnly)
        try container.encode(source, forKey: .source)
        try container.encodeIfPresent(subPath, forKey: .subPath)
        try container.encode(inner, forKey: .inner)
        try container.encode(revoke, forKey: .revoke)
        if reliesOnGroups { try container.encode(true, forKey: .reliesOnGroups) }
    }
}
