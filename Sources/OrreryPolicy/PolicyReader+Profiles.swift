import OrreryDocument

/// `profiles.yaml`: `registries`, `environments`, `sizes`, `profiles` and `quotas`.
extension PolicyReader {
    struct ProfilesDocument {
        var registries: [Registry] = []
        var environments: [Policy.Environment] = []
        var sizes: [Policy.Size] = []
        var sizeNames: Set<String> = []
        var profiles: [Profile] = []
        var quotas = Quotas()

        /// By name; nil for one that could not be read.
        var sizesByName: [String: Policy.Size?] {
            var all = Dictionary(uniqueKeysWithValues: sizeNames.map { ($0, Policy.Size?.none) })
            for size in sizes { all[size.name] = .some(size) }
            return all
        }
    }

    func readProfiles(_ root: DocumentNode, _ filesets: FilesetsDocument) -> ProfilesDocument {
        var document = ProfilesDocument()
        findings.attempt { () throws(DocumentError) in
            let keys = try root.mapping(["registries", "environments", "sizes", "profiles", "quotas"])
            for element in try keys.required("registries").list() { document.registries.append(try Registry(element)) }
            let registries = document.registries
            let environments = findings.entries(try keys.required("environments"), "environment") {
                name, value throws(DocumentError) in
                try Policy.Environment(name: name, value, registries: registries)
            }
            let sizes = findings.entries(try keys.required("sizes"), "size") { name, value throws(DocumentError) in
                try Policy.Size(name: name, value)
            }
            let context = ProfileContext(
                groups: groups, filesets: filesets.names, home: filesets.filesets.first { $0.isHome }?.name,
                environments: environments.names, sizes: sizes.names)
            let node = try keys.required("profiles")
            document.profiles =
                findings.entries(node, "profile") { name, value throws(DocumentError) in
                    try Profile(name: name, value, context)
                }.values
            document.environments = environments.values
            document.sizes = sizes.values
            document.sizeNames = sizes.names
            try refuseDefaults(document.profiles, node)
            document.quotas = try Quotas(keys["quotas"], groups: groups)
        }
        return document
    }

    /// One default, no more and no less; with an earlier error in the profiles the question waits.
    private func refuseDefaults(_ profiles: [Profile], _ node: DocumentNode) throws(DocumentError) {
        let defaults = profiles.filter(\.isDefault).map(\.name)
        if defaults.count > 1 {
            throw node.error("`\(defaults[0])` and `\(defaults[1])` are both `default: true`; one profile can be")
        }
        if defaults.isEmpty, findings.errors.isEmpty { throw node.error("no profile is `default: true`") }
    }
}
