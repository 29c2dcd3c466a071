import OrreryKubernetes
import OrreryModel
import OrreryStore

extension PodBuilder {
    /// The person's own claims that the pod mounts, each once. They have no owner: nothing that ends takes them along.
    func claims() -> [PersistentVolumeClaim] {
        var seen: Set<String> = []
        return plan.mounts.compactMap { mount in
            guard case .ownClaim(let claim) = mount.source, seen.insert(claim.name).inserted else { return nil }
            return PersistentVolumeClaim(
                metadata: ObjectMeta(
                    name: claim.name, namespace: session.namespace,
                    labels: [
                        PodMark.hub: settings.hub, PodMark.person: LabelValue.from(session.personName),
                        PodMark.fileset: claim.fileset,
                    ]),
                spec: PersistentVolumeClaim.Spec(
                    accessModes: claim.modes, storageClassName: claim.storageClass,
                    resources: ResourceRequirements(requests: ["storage": claim.size])))
        }
    }
}
