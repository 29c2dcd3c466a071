package import Foundation
package import OrreryModel

extension Policy {
    /// The mounts of `plan` to which `person` has no right at `now`, or none to write. Where a source lies, whether it is there
    /// and writable, is no question of rights, and neither is what a profile offers or how paths meet: a session keeps what
    /// it has when only those change.
    package func withdrawn(from plan: Plan, for person: Person, at now: Date) -> [Plan.Mount] {
        let question = MountQuestion(policy: self, person: person, cluster: plan.cluster, now: now)
        return plan.mounts.filter { mount in
            switch question.right(to: mount.fileset, at: mount.path) {
            case .rw: false
            case .ro: !mount.isReadOnly
            case nil: true
            }
        }
    }

    /// The object storage of `plan`, when `person` has no right to it at `now`.
    package func withdrawnBucket(from plan: Plan, for person: Person, at now: Date) -> Plan.Bucket? {
        guard let bucket = plan.bucket else { return nil }
        let question = MountQuestion(policy: self, person: person, cluster: plan.cluster, now: now)
        return question.right(to: bucket.fileset) == nil ? bucket : nil
    }
}

extension MountQuestion {
    /// What the person may do with the fileset of that name, on a cluster that is trusted with it; nil when nothing. One that
    /// each group has is the group's whose `path` that is.
    fileprivate func right(to name: String, at path: String = "") -> Grant.Mode? {
        guard let fileset = policy.filesets[name] else { return nil }
        let requests = requests(for: fileset).filter { fileset.each == nil || self.path(of: $0)?.absolute == path }
        return requests.compactMap(right).max()
    }
}
