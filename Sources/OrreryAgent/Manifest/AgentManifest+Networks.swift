import OrreryModel

// Who may speak with whom.
extension AgentManifest {
    /// Nobody begins to speak with an agent. Sessions are spoken to by the agent alone, and reach names, and the Internet with
    /// the hub in it; not the site's own networks, the cluster's other pods, or the address where clouds give out credentials.
    var networkPolicies: [JSON] {
        var closed = object("networking.k8s.io/v1", "NetworkPolicy", Self.name, in: namespace)
        closed["spec"] = ["podSelector": ["matchLabels": Self.label], "policyTypes": ["Ingress"]]
        var own = object("networking.k8s.io/v1", "NetworkPolicy", "orrery-sessions", in: sessions)
        own["spec"] = [
            "podSelector": [:], "policyTypes": ["Ingress", "Egress"], "ingress": [["from": [agent]]],
            "egress": [names, internet],
        ]
        return [closed, own]
    }

    private var agent: JSON {
        [
            "namespaceSelector": ["matchLabels": ["kubernetes.io/metadata.name": .string(namespace)]],
            "podSelector": ["matchLabels": Self.label],
        ]
    }

    private var names: JSON {
        [
            "to": [["namespaceSelector": ["matchLabels": ["kubernetes.io/metadata.name": "kube-system"]]]],
            "ports": [["protocol": "UDP", "port": 53], ["protocol": "TCP", "port": 53]],
        ]
    }

    private var internet: JSON {
        func block(_ cidr: String, except others: [String]) -> JSON {
            ["ipBlock": ["cidr": .string(cidr), "except": .array(others.map { .string($0) })]]
        }
        return [
            "to": [
                block("0.0.0.0/0", except: ClosedNetworks.v4), block("::/0", except: ClosedNetworks.v6),
            ]
        ]
    }
}
