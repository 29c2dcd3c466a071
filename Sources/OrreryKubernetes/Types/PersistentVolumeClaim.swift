/// A claim to storage. What a server or an administrator adds to one is kept by the cluster and not read here.
package struct PersistentVolumeClaim: KubernetesObject {
    package static let kind = "PersistentVolumeClaim"
    package static let plural = "persistentvolumeclaims"

    package var apiVersion: String? = "v1"
    package var kind: String? = PersistentVolumeClaim.kind
    package var metadata: ObjectMeta
    package var spec: Spec

    package init(metadata: ObjectMeta, spec: Spec) {
        self.metadata = metadata
        self.spec = spec
    }

    package struct Spec: Codable, Hashable, Sendable {
        package var accessModes: [String]?
        /// Nil takes the cluster's default class when the claim is made.
        package var storageClassName: String?
        package var resources: ResourceRequirements?

        package init(accessModes: [String], storageClassName: String?, resources: ResourceRequirements) {
            self.accessModes = accessModes
            self.storageClassName = storageClassName
            self.resources = resources
        }
    }
}
