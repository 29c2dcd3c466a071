import OrreryDocument

extension Profile {
    /// Where sessions of a profile may run and where they should, for whoever chooses a cluster.
    package struct Clusters: Hashable, Sendable {
        /// Labels that the hub's administrator gave a cluster; it must have all of them.
        package let match: [String: String]
        /// The most wanted first; empty leaves it to what is good for everybody.
        package let prefer: [Preference]

        package init(match: [String: String] = [:], prefer: [Preference] = []) {
            self.match = match
            self.prefer = prefer
        }
    }

    /// One reason to take one cluster before another.
    package enum Preference: Hashable, Sendable {
        /// The person's home is there; written `home`.
        case home
        /// Most of what the session mounts is there; written `data`.
        case data
        /// It has the most room; written `headroom`.
        case headroom
        /// That fileset is there; written `{fileset: name}`.
        case fileset(String)
        /// It has these labels; written `{label: {key: value}}`.
        case label([String: String])
    }
}

/// `clusters:` of a profile: `match`, labels with their values, and `prefer`, a list of `home`, `data`, `headroom`,
/// `{fileset: name}` and `{label: {key: value}}`.
extension Profile.Clusters {
    init(_ node: DocumentNode?, filesets: Set<String>) throws(DocumentError) {
        let keys = try node?.mapping(["match", "prefer"])
        var prefer: [Profile.Preference] = []
        for element in try keys?["prefer"]?.list() ?? [] {
            let preference = try Profile.Preference(element, filesets: filesets)
            guard !prefer.contains(preference) else { throw element.error("this is written twice") }
            prefer.append(preference)
        }
        self.init(match: try keys?["match"].map(Self.labels) ?? [:], prefer: prefer)
    }

    fileprivate static func labels(_ node: DocumentNode) throws(DocumentError) -> [String: String] {
        var labels: [String: String] = [:]
        for (key, value) in try node.entries() {
            guard Spelling.labelKey(key) else { throw value.error("`\(key)` cannot be the name of a label") }
            labels[key] = try value.string()
        }
        guard !labels.isEmpty else { throw node.error("at least one label is wanted here") }
        return labels
    }
}

extension Profile.Preference {
    fileprivate init(_ node: DocumentNode, filesets: Set<String>) throws(DocumentError) {
        guard node.isMapping else {
            self =
                switch try node.name(among: ["home", "data", "headroom"], kind: "preference") {
                case "home": .home
                case "data": .data
                default: .headroom
                }
            return
        }
        let keys = try node.mapping(["fileset", "label"])
        switch (keys["fileset"], keys["label"]) {
        case (let fileset?, nil): self = .fileset(try fileset.name(among: filesets.sorted(), kind: "fileset"))
        case (nil, let label?): self = .label(try Profile.Clusters.labels(label))
        default: throw node.error("a preference is either `fileset` or `label`")
        }
    }
}
