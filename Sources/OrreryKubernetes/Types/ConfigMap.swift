package struct ConfigMap: KubernetesObject {
    package static let kind = "ConfigMap"
    package static let plural = "configmaps"

    package var apiVersion: String? = "v1"
    package var kind: String? = ConfigMap.kind
    package var metadata: ObjectMeta
    package var data: [String: String]?

    package init(metadata: ObjectMeta, data: [String: String]) {
        self.metadata = metadata
        self.data = data
    }
}
