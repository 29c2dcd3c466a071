package import OrreryModel
import OrreryPolicy

extension SiteManifests {
    /// Room that is kept free for the next sessions: pods of a size that give way to any session at once, and for which the
    /// cluster finds new room, with a new node where it can add one. `size` nil takes the default profile's first.
    package func placeholder(size wanted: String?, count: Int) throws(HubError) -> [JSON] {
        let name = wanted ?? policy.defaultProfile?.sizes.first?.name ?? ""
        guard let size = policy.sizes[name] else {
            throw HubError(
                .cannotStart, "there is no size `\(name)`",
                next: "known are \(policy.sizes.keys.sorted().joined(separator: ", "))")
        }
        return [priority, deployment(size, count: count, image: try toolImage())]
    }

    /// Below every pod that says nothing, which has 0.
    private var priority: JSON {
        [
            "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
            "metadata": ["name": "orrery-placeholder", "labels": Self.strings(own("orrery-placeholder"))],
            "value": -10, "globalDefault": false, "preemptionPolicy": "Never",
            "description": "Room that is kept free for sessions; they take it at once.",
        ]
    }

    private func deployment(_ size: Policy.Size, count: Int, image: String) -> JSON {
        let name = "orrery-placeholder-\(size.name)"
        let terms = binding.sizes[size.name]
        var amounts: [String: String] = ["cpu": "\(size.cpu.request)", "memory": "\(size.memory.request)"]
        if size.gpu > 0, let resource = terms?.gpuResource ?? size.gpuNames.first { amounts[resource] = "\(size.gpu)" }
        var spec = spec(of: [
            [
                "name": "room", "image": .string(image), "imagePullPolicy": "IfNotPresent",
                "command": ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 3600 & wait; done"],
                "resources": ["requests": Self.strings(amounts), "limits": Self.strings(amounts)],
                "securityContext": Self.restricted,
            ]
        ])
        spec["priorityClassName"] = "orrery-placeholder"
        spec["terminationGracePeriodSeconds"] = 0
        if let selector = terms?.nodeSelector, !selector.isEmpty { spec["nodeSelector"] = Self.strings(selector) }
        if let tolerations = terms?.nodes?.tolerations, !tolerations.isEmpty {
            spec["tolerations"] = .array(tolerations.map(\.json))
        }
        return [
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(name),
            "spec": [
                "replicas": .integer(Int64(count)), "selector": ["matchLabels": Self.strings(own(name))],
                "strategy": ["type": "Recreate"],
                "template": ["metadata": ["labels": Self.strings(own(name))], "spec": spec],
            ],
        ]
    }
}
