extension Plan {
    /// What a cluster's nodes want of a pod, besides labels: from the cluster's binding for the size.
    package struct Nodes: Hashable, Codable, Sendable {
        package let tolerations: [Toleration]
        package let priorityClass: String?
        package let runtimeClass: String?
        /// The Secret of kind `kubernetes.io/dockerconfigjson`, in the namespace of the sessions, that opens the registry.
        package let pullSecret: String?

        package init(
            tolerations: [Toleration] = [], priorityClass: String? = nil, runtimeClass: String? = nil,
            pullSecret: String? = nil
        ) {
            self.tolerations = tolerations
            self.priorityClass = priorityClass
            self.runtimeClass = runtimeClass
            self.pullSecret = pullSecret
        }
    }

    /// A taint that a pod puts up with, in Kubernetes' own words.
    package struct Toleration: Hashable, Codable, Sendable {
        /// Nil, with `Exists`, for every taint.
        package let key: String?
        /// `Exists`, or `Equal` to `value`.
        package let `operator`: String
        package let value: String?
        /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`; nil for all three.
        package let effect: String?
        /// For how long, of a taint that evicts; nil for ever.
        package let tolerationSeconds: Int64?

        package init(
            key: String?, operator: String, value: String? = nil, effect: String? = nil,
            tolerationSeconds: Int64? = nil
        ) {
            self.key = key
            self.operator = `operator`
            self.value = value
            self.effect = effect
            self.tolerationSeconds = tolerationSeconds
        }
    }
}
