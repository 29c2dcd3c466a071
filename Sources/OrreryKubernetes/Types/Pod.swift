/// A pod, as far as sessions use one.
package struct Pod: KubernetesObject {
    package static let kind = "Pod"
    package static let plural = "pods"

    package var apiVersion: String? = "v1"
    package var kind: String? = Pod.kind
    package var metadata: ObjectMeta
    package var spec: PodSpec
    package var status: PodStatus?

    package init(metadata: ObjectMeta, spec: PodSpec, status: PodStatus? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

extension Pod {
    private enum Key: String, CodingKey { case apiVersion, kind, metadata, spec, status }

    /// Of the spec of a pod that a list or a watch tells, only this is read: the gates, which others change, and where it can
    /// be reached, which an agent must know of pods that it has not made. All the rest is as it was made, and is most of
    /// the work; `get` and `create` give all of it.
    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Key.self)
        let isToldAmongMany = decoder.userInfo[.toldAmongMany] != nil
        if isToldAmongMany {
            spec = try members.decode(ToldSpec.self, forKey: .spec).spec
        } else {
            spec = try members.decode(PodSpec.self, forKey: .spec)
        }
        apiVersion = try members.decodeIfPresent(String.self, forKey: .apiVersion)
        kind = try members.decodeIfPresent(String.self, forKey: .kind)
        metadata = try members.decode(ObjectMeta.self, forKey: .metadata)
        status = try members.decodeIfPresent(PodStatus.self, forKey: .status)
    }

    private struct ToldSpec: Decodable {
        let schedulingGates: [SchedulingGate]?
        let hostNetwork: Bool?
        let containers: [ToldContainer]?

        var spec: PodSpec {
            var spec = PodSpec(containers: (containers ?? []).map(\.container))
            spec.schedulingGates = schedulingGates
            spec.hostNetwork = hostNetwork
            return spec
        }
    }

    private struct ToldContainer: Decodable {
        let name: String?
        let ports: [ContainerPort]?

        var container: Container {
            var container = Container(name: name ?? "", image: "")
            (container.image, container.ports) = (nil, ports)
            return container
        }
    }
}

package struct PodSpec: Codable, Hashable, Sendable {
    package var containers: [Container]
    package var volumes: [Volume]?
    package var securityContext: PodSecurityContext?
    package var restartPolicy: String?
    package var automountServiceAccountToken: Bool?
    package var enableServiceLinks: Bool?
    package var activeDeadlineSeconds: Int64?
    package var terminationGracePeriodSeconds: Int64?
    package var nodeSelector: [String: String]?
    package var tolerations: [Toleration]?
    package var priorityClassName: String?
    package var runtimeClassName: String?
    package var imagePullSecrets: [LocalReference]?
    package var nodeName: String?
    /// What must be taken away by others before a node is looked for.
    package var schedulingGates: [SchedulingGate]?
    package var hostNetwork: Bool?
    package var hostPID: Bool?
    package var hostIPC: Bool?

    package init(containers: [Container]) { self.containers = containers }
}

package struct SchedulingGate: Codable, Hashable, Sendable {
    package var name: String

    package init(name: String) { self.name = name }
}

/// Who the processes of a pod are. `fsGroup` changes the group of every file on a volume that can be written to, so it is only
/// for volumes of one's own.
package struct PodSecurityContext: Codable, Hashable, Sendable {
    package var runAsNonRoot: Bool?
    package var runAsUser: Int64?
    package var runAsGroup: Int64?
    package var supplementalGroups: [Int64]?
    package var supplementalGroupsPolicy: String?
    package var fsGroup: Int64?
    package var fsGroupChangePolicy: String?
    package var seccompProfile: SeccompProfile?

    package init() {}
}

package struct SeccompProfile: Codable, Hashable, Sendable {
    package var type: String

    package init(type: String) { self.type = type }
}

/// A taint that a pod puts up with.
package struct Toleration: Codable, Hashable, Sendable {
    package var key: String?
    package var `operator`: String?
    package var value: String?
    package var effect: String?
    package var tolerationSeconds: Int64?

    package init(
        key: String?, operator: String?, value: String?, effect: String?, tolerationSeconds: Int64? = nil
    ) {
        self.key = key
        self.operator = `operator`
        self.value = value
        self.effect = effect
        self.tolerationSeconds = tolerationSeconds
    }
}

/// The name of an object in the same namespace.
package struct LocalReference: Codable, Hashable, Sendable {
    package var name: String?

    package init(name: String) { self.name = name }
}
