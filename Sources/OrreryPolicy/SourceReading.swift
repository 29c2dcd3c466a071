import OrreryDocument
import OrreryModel

/// Reads the entries of `sources:` in a cluster's binding.
///
/// A source names one storage:
///
/// | key | value |
/// |---|---|
/// | `pvc` | a PersistentVolumeClaim in the namespace of the sessions |
/// | `claim` | `{class, size, modes, onUserDelete: retain}`: a claim for each person, made by the hub |
/// | `nfs` | `{server, path}`: an export, mounted by the node |
/// | `hostPath` | a directory of the nodes, inside one of `hostPaths` |
/// | `csi` | a driver that makes a volume for each pod, with `inline`, what it is told |
/// | `image` | an image by digest, from one of `registries` |
/// | `s3` | `{endpoint, sts, region}`, for a fileset with `deliver: s3` |
///
/// and beside it
///
/// | key | value | absent |
/// |---|---|---|
/// | `path` | path in it with `{user}` `{uid}` `{gid}` `{group}`; `.` is its root | `.` |
/// | `wall` | `mount` or `mount+posix` | `mount` |
/// | `quota` | `enforced` or `advisory`; wanted where the fileset has a quota | says nothing |
/// | `create` | `never`: directories exist already; `provisioner`: a job of the site makes them | `never` |
/// | `readOnly` | the storage lets nobody write | false |
/// | `automount` | the node mounts more inside it while the session runs | false |
/// | `server` | the NFS server behind a `pvc`, `hostPath` or `csi` | none |
/// | `own` | what a `csi` driver mounts is one person's as a whole | false |
struct SourceReading {
    let hostPaths: [FilePath]
    let registries: [Registry]

    private static let storages = ["pvc", "claim", "nfs", "hostPath", "csi", "image", "s3"]
    private static let others = ["path", "wall", "quota", "create", "readOnly", "automount", "inline", "server", "own"]

    func source(_ node: DocumentNode, of fileset: Fileset) throws(DocumentError) -> ClusterBinding.Source {
        let keys = try node.mapping(Self.storages + Self.others)
        let given = Self.storages.filter { keys[$0] != nil }
        guard let kind = given.first, given.count == 1, let value = keys[kind] else {
            throw node.error("a source has one of `\(Self.storages.joined(separator: "`, `"))`")
        }
        var source = ClusterBinding.Source(
            storage: try storage(kind, value, keys, of: fileset),
            path: try keys["path"].map { node throws(DocumentError) in try PathTemplate(node, absolute: false) }
                ?? .root,
            wall: try keys["wall"].map { node throws(DocumentError) in try node.choice() } ?? .mount,
            quota: try keys["quota"].map { node throws(DocumentError) in try node.choice() })
        source.creation = try keys["create"].map { node throws(DocumentError) in try node.choice() } ?? .never
        source.isReadOnly = try keys["readOnly"]?.bool() ?? (kind == "image")
        source.isAutomounted = try keys["automount"]?.bool() ?? false
        source.serverBehind = try keys["server"].map { node throws(DocumentError) in try node.server() }
        source.isOwn = try keys["own"]?.bool() ?? false
        try SourceRules(fileset: fileset, source: source, kind: kind).check(keys)
        return source
    }

    private func storage(
        _ kind: String, _ node: DocumentNode, _ keys: DocumentMapping, of fileset: Fileset
    ) throws(DocumentError) -> ClusterBinding.Storage {
        switch kind {
        case "pvc": .shared(.claim(try Self.claim(node)))
        case "claim": .ownClaim(try ClusterBinding.ClaimTerms(node, of: fileset))
        case "nfs": .shared(.nfs(try Plan.NFSExport(node)))
        case "hostPath": .shared(.hostPath(try directory(node)))
        case "csi": try Self.driver(node, keys["inline"])
        case "image": .shared(.image(try image(node)))
        default: .objects(try ClusterBinding.ObjectService(node))
        }
    }

    private static func claim(_ node: DocumentNode) throws(DocumentError) -> String {
        let name = try node.string()
        guard Spelling.isSubdomain(name) else {
            throw node.error("`\(name)` cannot be the name of a PersistentVolumeClaim")
        }
        return name
    }

    private func directory(_ node: DocumentNode) throws(DocumentError) -> String {
        guard let path = try PathTemplate(node, absolute: true).fixed else {
            throw node.error("holes belong in `path`, not in `hostPath`")
        }
        guard hostPaths.contains(where: { path.segments.starts(with: $0.segments) }) else {
            throw node.error("\(path.absolute) lies in none of the directories of `hostPaths`")
        }
        return path.absolute
    }

    private static func driver(
        _ node: DocumentNode, _ inline: DocumentNode?
    ) throws(DocumentError) -> ClusterBinding.Storage {
        let name = try node.string()
        guard Spelling.isSubdomain(name) else { throw node.error("`\(name)` cannot be the name of a CSI driver") }
        var attributes: [String: TextTemplate] = [:]
        for (key, value) in try inline?.entries() ?? [] {
            // The only Secret that a session's volume may be opened with is the one that the fileset names.
            guard !key.lowercased().hasPrefix("secret"), !key.hasPrefix("csi.storage.k8s.io/") else {
                throw value.error(
                    "`\(key)` is the hub's to say: the fileset's `credential` names the person's own Secret")
            }
            attributes[key] = try TextTemplate(value)
        }
        return .driver(name, attributes: attributes)
    }

    private func image(_ node: DocumentNode) throws(DocumentError) -> String {
        let parts = try node.string().split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].hasPrefix("sha256:"), Spelling.sha256.fits(parts[1].dropFirst(7)) else {
            throw node.error("an image with its digest is wanted here: registry/repository@sha256:…")
        }
        let image = try ImageReference(String(parts[0]), node)
        guard registries.contains(where: { $0.has(image) }) else {
            throw node.error("\(image.host)/\(image.repository) is in no registry of `registries`")
        }
        return image.pinned(to: String(parts[1]))
    }
}
