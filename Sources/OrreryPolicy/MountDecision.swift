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
}

/// The answer to one request.
enum MountAnswer {
    case granted(GrantedMount)
    case refused(Refusal, MountRequest)
}
