import OrreryDocument
import OrreryModel

/// What a source must be for its fileset, so that what the policy says about people is true on the cluster.
struct SourceRules {
    let fileset: Fileset
    let source: ClusterBinding.Source
    /// The key that names the storage.
    let kind: String

    func check(_ keys: DocumentMapping) throws(DocumentError) {
        let node = keys.node
        guard (kind == "s3") == (fileset.at == nil) else {
            throw node.error(
                kind == "s3"
                    ? "`s3` is for a fileset with `deliver: s3`, and `\(fileset.name)` is mounted"
                    : "`\(fileset.name)` is delivered as s3, so its source is `s3: {…}`")
        }
        try refuseStrayKeys(keys)
        try refuseStrangeCredential(node)
        guard holes.isDisjoint(with: [.group]) || fileset.each != nil else {
            throw node.error("`{group}` needs a fileset with `each`, and `\(fileset.name)` has none")
        }
        if let quota = fileset.quota, source.quota == nil {
            throw node.error(
                "`\(fileset.name)` has a quota of \(quota): say `quota: enforced`, or `advisory` if nothing keeps it")
        }
        guard source.creation != .provisioner || !source.path.holes.isDisjoint(with: [.user, .uid]) else {
            throw node.error(
                "`create: provisioner` makes a directory for each person: put `{user}` in `path`, or leave `create` out",
                atKey: "create")
        }
        guard !source.isOwn || !volumeHoles.isDisjoint(with: [.user, .uid]) else {
            throw node.error(
                "`own` is for a volume that differs from person to person: put `{user}` in `inline`; one in `path` is a "
                    + "directory of a volume that all share", atKey: "own")
        }
        try refuseOpenAutomount(node)
        try refuseWholeTree(node)
    }

    /// What says whose part it is, wherever it stands.
    private var holes: Set<PathTemplate.Hole> { source.path.holes.union(volumeHoles) }

    /// What says whose volume it is, as a driver is told.
    private var volumeHoles: Set<PathTemplate.Hole> {
        guard case .driver(_, let attributes) = source.storage else { return [] }
        return attributes.values.reduce([]) { $0.union($1.holes) }
    }

    /// Keys that would be read and not followed.
    private func refuseStrayKeys(_ keys: DocumentMapping) throws(DocumentError) {
        let stray: [String] =
            switch kind {
            case "s3": ["path", "wall", "quota", "create", "readOnly", "automount", "inline", "server", "own"]
            case "image", "claim": ["path", "wall", "create", "readOnly", "automount", "inline", "server", "own"]
            case "csi": ["create"]
            case "nfs": ["inline", "server", "own"]
            default: ["inline", "own"]
            }
        for key in stray where keys[key] != nil {
            throw keys.node.error("`\(key)` has no meaning beside `\(kind)`", atKey: key)
        }
        if kind == "claim", fileset.each != nil {
            throw keys.node.error("`claim` makes one for each person, and `\(fileset.name)` is one for each group")
        }
    }

    private func refuseStrangeCredential(_ node: DocumentNode) throws(DocumentError) {
        guard case .smb = fileset.credential, kind != "csi" else { return }
        throw node.error(
            "`\(fileset.name)` is opened with each person's own SMB credential: its source is `csi` with `inline`")
    }

    /// What appears inside a mount later cannot be kept read-only by it: only a storage that nobody can write to may be
    /// shown read-only then.
    private func refuseOpenAutomount(_ node: DocumentNode) throws(DocumentError) {
        guard source.isAutomounted, !source.isReadOnly, fileset.grants.contains(where: { $0.mode == .ro }) else {
            return
        }
        throw node.error(
            "`\(fileset.name)` is granted read-only, which does not hold for what is mounted inside it later: say "
                + "`readOnly: true` if its storage lets nobody write")
    }

    /// With the mount as the only wall, a fileset that is somebody's own must lie in a directory of its own.
    private func refuseWholeTree(_ node: DocumentNode) throws(DocumentError) {
        guard source.wall == .mount, fileset.credential == nil, kind != "claim", let at = fileset.at else { return }
        if fileset.each != nil, !holes.contains(.group) {
            throw node.error(
                "`\(fileset.name)` is one directory per group, but this source is the same for all: put `{group}` in `path`"
            )
        }
        if fileset.isHome || !at.holes.isDisjoint(with: [.user, .uid]), holes.isDisjoint(with: [.user, .uid]) {
            throw node.error(
                "`\(fileset.name)` is one directory per person, but this source is the same for all: put `{user}` in `path`"
            )
        }
    }
}
