package import OrreryModel

/// The objects with which an agent comes into a cluster. `deploy/agent` has the same as files; a test compares them.
package struct AgentManifest: Hashable, Sendable {
    /// The agent's image.
    package var image = "orrery-agent"
    /// The agent's own namespace, with its key and the site's policy.
    package var namespace = "orrery-agent"
    /// Where sessions live. Another one than the agent's: what runs in it can mount its Secrets.
    package var sessions = "orrery"
    /// Whether the agent may look at the nodes.
    package var seesNodes = false

    package static let name = "orrery-agent"
    /// Where the agent's pod has the site's policy.
    static let policyFile = "/etc/orrery/policy/policy.yaml"

    package init() {}

    /// All objects, in the order in which a cluster can take them.
    package var objects: [JSON] {
        namespaces + [account] + roles + [policy] + networkPolicies + [deployment, disruptionBudget]
    }

    /// The objects that give the right to look at nodes.
    package var capacity: [JSON] { role(.cluster) }

    func object(_ apiVersion: String, _ kind: String, _ name: String, in namespace: String? = nil) -> JSON {
        var metadata: JSON = ["name": .string(name), "labels": Self.label]
        if let namespace { metadata["namespace"] = .string(namespace) }
        return ["apiVersion": .string(apiVersion), "kind": .string(kind), "metadata": metadata]
    }

    static let label: JSON = ["app.kubernetes.io/name": .string(name)]

    private var namespaces: [JSON] {
        [namespace, sessions].map { name in
            var object = object("v1", "Namespace", name)
            object["metadata"]?["labels"]?["pod-security.kubernetes.io/enforce"] = "restricted"
            return object
        }
    }

    private var account: JSON { object("v1", "ServiceAccount", Self.name, in: namespace) }

    private var roles: [JSON] {
        let places: [AgentRight.Place] = [.sessions, .own, .system] + (seesNodes ? [.cluster] : [])
        return places.flatMap { role($0) }
    }

    private func role(_ place: AgentRight.Place) -> [JSON] {
        let rules = AgentRight.all.filter { $0.place == place }.map(\.rule)
        let home: String? =
            switch place {
            case .sessions: sessions
            case .own: namespace
            case .system: "kube-system"
            case .cluster: nil
            }
        let kind = home == nil ? "ClusterRole" : "Role"
        var role = object("rbac.authorization.k8s.io/v1", kind, Self.name, in: home)
        role["rules"] = .array(rules)
        var binding = object("rbac.authorization.k8s.io/v1", kind + "Binding", Self.name, in: home)
        binding["roleRef"] = [
            "apiGroup": "rbac.authorization.k8s.io", "kind": .string(kind), "name": .string(Self.name),
        ]
        binding["subjects"] = [
            ["kind": "ServiceAccount", "name": .string(Self.name), "namespace": .string(namespace)]
        ]
        return [role, binding]
    }

    private var policy: JSON {
        var map = object("v1", "ConfigMap", "orrery-site-policy", in: namespace)
        map["data"] = ["policy.yaml": .string(Self.policyText)]
        return map
    }

    /// What a site begins with.
    static let policyText = """
        # What this site lets the hub run. The agent reads it again within a minute; docs/register-a-cluster.md has all keys.
        maxima:
          cpu: 8
          memory: 32Gi
          gpu: 0
          lifetime: 7d
        paused: false

        """
}
