/// Whether a cluster belongs to the site.
package enum ClusterMembership: String, Codable, Hashable, Sendable, CaseIterable {
    /// It asks to join, and nobody has decided.
    case pending
    case member
    /// Still connected; it gets nothing new until an administrator of the hub says otherwise.
    case suspended
    /// Its keys open nothing any more.
    case revoked
    /// Gone by its own wish, or by that of whoever configured it.
    case left
}

/// The highest class of data that a cluster may hold.
package enum DataCeiling: String, Codable, Hashable, Sendable, CaseIterable {
    case `public`
    case collaboration
    case restricted

    /// The words of filesets' `clusters: {trust}` up to it. What nobody has classified is `ordinary`.
    package var words: Set<String> {
        let classes = Self.allCases.prefix { $0 != self }.map(\.rawValue) + [rawValue]
        return Set(classes).union(["ordinary"])
    }
}
