package import OrreryModel
import OrreryPolicy

extension SiteManifests {
    /// A DaemonSet that has every image of the profiles on every node before anybody asks for it, one image of a node after
    /// another. Images for one architecture only have a DaemonSet of their own, on nodes of that.
    package func prepull() -> [JSON] {
        let used = Set(policy.profiles.flatMap(\.environments))
        let environments = policy.environments.values.filter { used.contains($0.name) }
        let groups = Dictionary(grouping: environments) { $0.nodeSelector["kubernetes.io/arch"] ?? "" }
        return groups.sorted { $0.key < $1.key }.map { architecture, environments in
            daemon(architecture, Set(environments.map(\.planned.image)).sorted())
        }
    }

    private func daemon(_ architecture: String, _ images: [String]) -> JSON {
        let name = architecture.isEmpty ? "orrery-prepull" : "orrery-prepull-\(architecture)"
        // Init containers run one after another, and each begins with its image.
        let pulls = images.enumerated().map { index, image in
            container("pull-\(index)", image, ["/bin/sh", "-c", "exit 0"])
        }
        // Something has to stay, or the DaemonSet would begin anew; the image is there by then.
        let rest = container(
            "rest", images.last ?? "", ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 3600 & wait; done"])
        var spec = spec(of: [rest])
        spec["initContainers"] = .array(pulls)
        spec["terminationGracePeriodSeconds"] = 1
        let tolerations = Set(binding.sizes.values.flatMap { $0.nodes?.tolerations ?? [] })
            .sorted { "\($0)" < "\($1)" }
        if !tolerations.isEmpty { spec["tolerations"] = .array(tolerations.map(\.json)) }
        if !architecture.isEmpty { spec["nodeSelector"] = ["kubernetes.io/arch": .string(architecture)] }
        return [
            "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": metadata(name),
            "spec": [
                "selector": ["matchLabels": Self.strings(own(name))],
                "updateStrategy": ["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": "25%"]],
                "template": ["metadata": ["labels": Self.strings(own(name))], "spec": spec],
            ],
        ]
    }

    private func container(_ name: String, _ image: String, _ command: [String]) -> JSON {
        [
            "name": .string(name), "image": .string(image), "imagePullPolicy": "IfNotPresent",
            "command": .array(command.map { .string($0) }), "resources": Self.crumbs,
            "securityContext": Self.restricted,
        ]
    }
}
