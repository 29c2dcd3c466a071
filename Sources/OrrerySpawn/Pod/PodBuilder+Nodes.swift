import OrreryKubernetes
import OrreryModel

extension PodBuilder {
    /// What the binding of the size says about nodes; a plan without it leaves all that to the cluster.
    func placeOnNodes(_ spec: inout PodSpec) {
        guard let nodes = plan.nodes else { return }
        spec.tolerations = nodes.tolerations.isEmpty ? nil : nodes.tolerations.map(Toleration.init)
        spec.priorityClassName = nodes.priorityClass
        spec.runtimeClassName = nodes.runtimeClass
        spec.imagePullSecrets = nodes.pullSecret.map { [LocalReference(name: $0)] }
    }
}

extension Toleration {
    fileprivate init(_ planned: Plan.Toleration) {
        self.init(
            key: planned.key, operator: planned.operator, value: planned.value, effect: planned.effect,
            tolerationSeconds: planned.tolerationSeconds)
    }
}
