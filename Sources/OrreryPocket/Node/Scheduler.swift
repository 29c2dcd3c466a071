internal import OrreryModel

/// Decides whether a pod may run on the one node there is. Pure: everything it looks at is handed to it.
struct Scheduler {
    enum Decision: Equatable {
        case fits
        /// Why not, in the words of Kubernetes' own scheduler.
        case waits(String)
    }

    let node: PocketConfiguration.Node
    /// The pods that are on the node and have not ended.
    let running: [PodManifest]

    /// `problem` is what is wrong with the pod's claims, which comes first.
    func decide(_ pod: PodManifest, problem: String?) -> Decision {
        if let problem { return .waits("0/1 nodes are available: \(problem). not found") }
        let selector = (pod.spec["nodeSelector"]?.object ?? [:]).compactMapValues(\.string)
        guard selector.allSatisfy({ label($0.key) == $0.value }) else {
            return .waits(sentence(["node(s) didn't match Pod's node affinity/selector"], couldHelp: false))
        }
        let lacking = lacking(pod)
        guard !lacking.isEmpty else { return .fits }
        return .waits(sentence(lacking.map(\.reason), couldHelp: lacking.allSatisfy(\.couldFit)))
    }

    private func label(_ key: String) -> String? {
        switch key {
        case "kubernetes.io/hostname": node.name
        case "kubernetes.io/os": "linux"
        case "kubernetes.io/arch": NodeObject.architecture
        default: node.labels[key]
        }
    }

    private func lacking(_ pod: PodManifest) -> [(reason: String, couldFit: Bool)] {
        var lacking: [(reason: String, couldFit: Bool)] = []
        if running.count >= node.pods { lacking.append(("Too many pods", true)) }
        let all = [
            ("cpu", Int128(node.cpu.millicores) * 1_000_000), ("memory", Int128(node.memory.bytes) * 1_000_000_000),
        ]
        for (resource, capacity) in all {
            let asked = Self.request(resource, of: pod)
            let used = running.reduce(0) { $0 + Self.request(resource, of: $1) }
            guard asked > 0, asked + used > capacity else { continue }
            lacking.append(("Insufficient \(resource)", asked <= capacity))
        }
        return lacking
    }

    /// In billionths. Init containers run one after the other and before the others, so the largest of them counts.
    private static func request(_ resource: String, of pod: PodManifest) -> Int128 {
        func amount(_ container: ContainerManifest) -> Int128 {
            let resources = container.object["resources"]
            let text = resources?["requests"]?[resource]?.text ?? resources?["limits"]?[resource]?.text
            return text.flatMap { Quantity($0.filter { $0 != "\"" }) }?.billionths ?? 0
        }
        return max(pod.containers.reduce(0) { $0 + amount($1) }, pod.initContainers.map(amount).max() ?? 0)
    }

    private func sentence(_ reasons: [String], couldHelp: Bool) -> String {
        let counted = reasons.map { "1 \($0)" }
        let preemption =
            couldHelp
            ? "1 No preemption victims found for incoming pod"
            : "1 Preemption is not helpful for scheduling"
        return "0/1 nodes are available: \(counted.joined(separator: ", ")). no new claims to deallocate, "
            + "preemption: 0/1 nodes are available: \(preemption)."
    }
}
