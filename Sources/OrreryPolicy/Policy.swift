/// Who sees what, runs what, and where: the documents of one directory, checked as a whole. A value without clock and
/// without I/O; whoever asks says for whom, where and when.
package struct Policy: Hashable, Sendable {
    /// By name.
    package let filesets: [String: Fileset]
    /// In the order of the document.
    package let profiles: [Profile]
    package let environments: [String: Environment]
    package let sizes: [String: Size]
    package let registries: [Registry]
    /// By the cluster's name.
    package let bindings: [String: ClusterBinding]
    package let quotas: Quotas

    package init(
        filesets: [Fileset], profiles: [Profile] = [], environments: [Environment] = [], sizes: [Size] = [],
        registries: [Registry] = [], bindings: [ClusterBinding], quotas: Quotas = Quotas()
    ) {
        self.filesets = Dictionary(filesets.map { ($0.name, $0) }) { first, _ in first }
        self.profiles = profiles
        self.environments = Dictionary(environments.map { ($0.name, $0) }) { first, _ in first }
        self.sizes = Dictionary(sizes.map { ($0.name, $0) }) { first, _ in first }
        self.registries = registries
        self.quotas = quotas
        self.bindings = Dictionary(bindings.map { ($0.cluster, $0) }) { first, _ in first }
    }

    /// The same with other bindings.
    init(_ other: Policy, bindings: [ClusterBinding]) {
        (filesets, profiles, environments) = (other.filesets, other.profiles, other.environments)
        (sizes, registries, quotas) = (other.sizes, other.registries, other.quotas)
        self.bindings = Dictionary(bindings.map { ($0.cluster, $0) }) { first, _ in first }
    }

    package func profile(named name: String) -> Profile? { profiles.first { $0.name == name } }

    /// The profile that is taken when nobody chose.
    package var defaultProfile: Profile? { profiles.first { $0.isDefault } }

    /// Every name that the documents define, by kind and sorted: what `orrery check` prints when all is well.
    package var names: [(kind: String, names: [String])] {
        [
            ("filesets", filesets.keys.sorted()), ("profiles", profiles.map(\.name).sorted()),
            ("environments", environments.keys.sorted()), ("sizes", sizes.keys.sorted()),
            ("clusters", bindings.keys.sorted()),
        ]
    }
}
