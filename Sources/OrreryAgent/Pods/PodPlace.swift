package import OrreryKubernetes

/// Of a pod, what says where it is reached. A type of its own: of `Pod`, lists and watches tell no ports.
package struct PodPlace: KubernetesObject {
    package static let kind = "Pod"
    package static let plural = "pods"

    package var metadata: ObjectMeta
    package var spec: Spec
    package var status: Status?

    package init(metadata: ObjectMeta, spec: Spec, status: Status? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    package struct Spec: Codable, Hashable, Sendable {
        package var containers: [Ports]
        package var hostNetwork: Bool?

        package init(containers: [Ports]) { self.containers = containers }
    }

    /// Of a container.
    package struct Ports: Codable, Hashable, Sendable {
        package var ports: [ContainerPort]?

        package init(ports: [ContainerPort]?) { self.ports = ports }
    }

    package struct Status: Codable, Hashable, Sendable {
        package var phase: String?
        package var podIP: String?

        package init(phase: String?, podIP: String?) {
            self.phase = phase
            self.podIP = podIP
        }
    }

    /// The ports that it declares. On the network of its node none: they would be the node's.
    var ports: Set<UInt16> {
        guard spec.hostNetwork != true else { return [] }
        return Set(spec.containers.flatMap { $0.ports ?? [] }.compactMap { UInt16(exactly: $0.containerPort) })
    }

    var hasEnded: Bool { status?.phase == "Succeeded" || status?.phase == "Failed" }
}
