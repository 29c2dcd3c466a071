package import OrreryModel

/// What one person gets on one cluster at one moment, and what not and why.
package struct MountDecision: Hashable, Sendable {
    /// Sorted by depth of path, then by path.
    package let mounts: [Plan.Mount]
    /// One for each fileset, or each group of an `each` fileset, that is not among the mounts; sorted by name.
    package let refusals: [Refusal]
    /// Those of the refusals that refuse the whole session.
    package let blockers: [Refusal]
    /// Path of the mount that is the home; nil when it is not among the mounts.
    package let home: String?
    /// The groups through which the mounts were granted, sorted by name.
    package let groups: [Group]
    /// The role of an object storage that was granted; nil where none was.
    package var bucket: Plan.Bucket?
    /// How long a session with these mounts may last at most; nil where none of them says.
    package var longest: Duration?
    /// Whether the kubelet may give volumes to the person's group.
    let mayChangeGroups: Bool
}

extension [GrantedMount] {
    /// Whether there is a claim of the person's own, and no volume of others that the kubelet would change as well. What is
    /// read-only it leaves as it is.
    var mayChangeGroups: Bool {
        let writable = filter { !$0.mount.isReadOnly }
        return writable.contains(where: \.mount.source.isOwnClaim)
            && writable.allSatisfy { $0.isOwnVolume || $0.mount.source.keepsItsGroup }
    }
}

extension Plan.Source {
    fileprivate var isOwnClaim: Bool { if case .ownClaim = self { true } else { false } }

    /// The kubelet changes no owners in these.
    fileprivate var keepsItsGroup: Bool {
        switch self {
        case .hostPath, .nfs, .image: true
        case .claim, .ownClaim, .csi: false
        }
    }
}

/// One mount that a fileset asks for: the fileset itself, or its share for one group.
struct MountRequest {
    let fileset: Fileset
    /// The group it is expanded for.
    let group: Group?

    /// Its name for people: `fileset scratch`, `fileset project of project:photoz`.
    var title: String { "fileset \(fileset.name)" + (group.map { " of \($0.name)" } ?? "") }
}

/// A request that was granted.
struct GrantedMount {
    let request: MountRequest
    let path: FilePath
    let mount: Plan.Mount
    let groups: Set<Group>
    /// The NFS server that it comes from, as far as the site says so.
    let server: String?
    /// Whether the whole volume is one person's, not a path in it alone.
    let isOwnVolume: Bool
}

/// The answer to one request.
enum MountAnswer {
    case granted(GrantedMount)
    /// A role of an object storage.
    case delivered(Plan.Bucket, MountRequest)
    case refused(Refusal, MountRequest)
}
