package import Foundation
package import OrreryModel

extension Policy {
    /// The mounts of `plan` that `person` would not get at `now`, or no longer writable. Where a source lies is no question of
    /// rights, and neither is what a profile offers: a session keeps what it has when only those change.
    package func withdrawn(from plan: Plan, for person: Person, at now: Date) -> [Plan.Mount] {
        let granted = mounts(for: person, on: plan.cluster, at: now).mounts
        return plan.mounts.filter { mount in
            !granted.contains {
                $0.fileset.utf8.elementsEqual(mount.fileset.utf8) && $0.path.utf8.elementsEqual(mount.path.utf8)
                    && (mount.isReadOnly || !$0.isReadOnly)
            }
        }
    }

    /// The object storage of `plan`, when `person` would not get it at `now`.
    package func withdrawnBucket(from plan: Plan, for person: Person, at now: Date) -> Plan.Bucket? {
        guard let bucket = plan.bucket else { return nil }
        let granted = mounts(for: person, on: plan.cluster, at: now).bucket
        return granted?.fileset.utf8.elementsEqual(bucket.fileset.utf8) == true ? nil : bucket
    }
}
