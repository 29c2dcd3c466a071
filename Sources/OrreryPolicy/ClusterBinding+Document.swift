import OrreryDocument
import OrreryModel

/// A file `clusters/*.yaml`: `cluster`, `sources`, `sizes`, and `hostPaths`, the directories of the nodes that sources may
/// lie in (absent: none).
///
/// A source is `{pvc: name}` or `{hostPath: /directory}` with
///
/// | key | value | absent |
/// |---|---|---|
/// | `path` | path in it with `{user}` `{uid}` `{gid}` `{group}`; `.` is its root | `.` |
/// | `wall` | `mount` or `mount+posix` | `mount` |
/// | `quota` | `enforced` or `advisory`; wanted where the fileset has a quota | says nothing |
/// | `create` | `never`: directories exist already | `never` |
extension ClusterBinding {
    struct Context {
        let filesets: [String: Fileset]
        /// All names of the filesets document, of which some may not have been readable.
        let filesetNames: Set<String>
        /// By name; nil for one that could not be read.
        let sizes: [String: Policy.Size?]
    }

    init(_ node: DocumentNode, _ context: Context) throws(DocumentError) {
        let keys = try node.mapping(["cluster", "sources", "sizes", "hostPaths"])
        let name = try keys.required("cluster")
        cluster = try name.string()
        guard Spelling.label.fits(cluster) else {
            throw name.error("a cluster's name has small letters, digits and `-`")
        }
        let hostPaths = try Self.hostPaths(keys["hostPaths"])
        var sources: [String: Source] = [:]
        let node = try keys.required("sources")
        _ = try node.mapping(context.filesetNames.sorted())
        for (name, source) in try node.entries() {
            guard let fileset = context.filesets[name] else { continue }
            sources[name] = try Source(source, of: fileset, hostPaths: hostPaths)
        }
        self.sources = sources
        self.sizes = try SizeTerms.all(keys["sizes"], sizes: context.sizes)
        try refuseOverlaps(among: context.filesets, at: node)
    }

    private static func hostPaths(_ node: DocumentNode?) throws(DocumentError) -> [FilePath] {
        var paths: [FilePath] = []
        for element in try node?.list() ?? [] {
            guard let path = try PathTemplate(element, absolute: true).fixed, !path.segments.isEmpty else {
                throw element.error("a directory is wanted here, not a template or the root")
            }
            paths.append(path)
        }
        return paths
    }
}

extension ClusterBinding.Source {
    private static let keys = ["pvc", "hostPath", "path", "wall", "quota", "create"]
    private static let later = ["nfs", "csi", "claim", "image", "inline", "automount", "credential", "s3"]

    init(_ node: DocumentNode, of fileset: Fileset, hostPaths: [FilePath]) throws(DocumentError) {
        let keys = try node.mapping(Self.keys, later: Self.later)
        if let create = keys["create"], try create.name(among: ["never", "provisioner"], kind: "way") != "never" {
            throw create.error("`create: provisioner` is not supported yet: directories must exist already")
        }
        self.init(
            storage: try Self.storage(node, keys, hostPaths: hostPaths),
            path: try keys["path"].map { node throws(DocumentError) in try PathTemplate(node, absolute: false) }
                ?? .root,
            wall: try keys["wall"].map(Self.choice) ?? .mount,
            quota: try keys["quota"].map(Self.choice))
        guard path.holes.isDisjoint(with: [.group]) || fileset.each != nil else {
            throw node.error("`{group}` needs a fileset with `each`, and `\(fileset.name)` has none")
        }
        if let quota = fileset.quota, self.quota == nil {
            throw node.error(
                "`\(fileset.name)` has a quota of \(quota): say `quota: enforced`, or `advisory` if nothing keeps it")
        }
        try refuseWholeTree(of: fileset, node)
    }

    private static func storage(
        _ node: DocumentNode, _ keys: DocumentMapping, hostPaths: [FilePath]
    ) throws(DocumentError) -> Plan.Source {
        switch (keys["pvc"], keys["hostPath"]) {
        case (let claim?, nil):
            let name = try claim.string()
            guard Spelling.subdomain.fits(name) else {
                throw claim.error("`\(name)` cannot be the name of a PersistentVolumeClaim")
            }
            return .claim(name)
        case (nil, let directory?):
            guard let path = try PathTemplate(directory, absolute: true).fixed else {
                throw directory.error("holes belong in `path`, not in `hostPath`")
            }
            guard hostPaths.contains(where: { path.segments.starts(with: $0.segments) }) else {
                throw directory.error("\(path.absolute) lies in none of the directories of `hostPaths`")
            }
            return .hostPath(path.absolute)
        default:
            throw node.error("a source is either `pvc` or `hostPath`")
        }
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ node: DocumentNode
    ) throws(DocumentError) -> Choice where Choice.RawValue == String {
        let name = try node.name(among: Choice.allCases.map(\.rawValue), kind: "word")
        guard let choice = Choice(rawValue: name) else { throw node.error("`\(name)` is not possible") }
        return choice
    }

    /// With the mount as the only wall, a fileset that is somebody's own must lie in a directory of its own.
    private func refuseWholeTree(of fileset: Fileset, _ node: DocumentNode) throws(DocumentError) {
        guard wall == .mount else { return }
        if fileset.each != nil, !path.holes.contains(.group) {
            throw node.error(
                "`\(fileset.name)` is one directory per group, but this source is the same for all: put `{group}` in `path`"
            )
        }
        if !fileset.at.holes.isDisjoint(with: [.user, .uid]), path.holes.isDisjoint(with: [.user, .uid]) {
            throw node.error(
                "`\(fileset.name)` is one directory per person, but this source is the same for all: put `{user}` in `path`"
            )
        }
    }
}
