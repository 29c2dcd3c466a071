internal import OrreryModel

/// Decides whether a pod may run on the one node there is. Pure: everything it looks at is handed to it.
struct Scheduler {
    enum Decision: Equatable {
        case fits
        /// Why not, in the words of Kubernetes' own scheduler.
        case waits(String)
    }

    let node: PocketConfiguration.Node
    /// What the pods ask for that are on the node and have not ended.
    let load: NodeLoad

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
        if load.pods >= node.pods { lacking.append(("Too many pods", true)) }
        let all = [
            ("cpu", Int128(node.cpu.millicores) * 1_000_000), ("memory", Int128(node.memory.bytes) * 1_000_000_000),
        ]
        for (resource, capacity) in all {
            let asked = NodeLoad.request(resource, of: pod)
            guard asked > 0, asked + load[resource] > capacity else { continue }
            lacking.append(("Insufficient \(resource)", asked <= capacity))
        }
        return lacking
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
