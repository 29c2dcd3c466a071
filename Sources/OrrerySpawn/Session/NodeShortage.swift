import OrreryModel

/// Why no node has a pod, as a scheduler says it: `0/3 nodes are available: 3 Insufficient memory. preemption: …`.
struct NodeShortage {
    /// The first sentence. What follows is about pods that might be ended for this one.
    private let words: String
    private let preemption: String
    private let mayGrow: Bool

    /// `mayGrow`: the cluster has begun to add a node, so what its nodes are now proves nothing.
    init(_ message: String, mayGrow: Bool) {
        let end = message.firstRange(of: ". ")?.lowerBound ?? message.endIndex
        words = String(message[..<end].trimmingSuffix { $0 == "." })
        preemption = String(message[end...])
        self.mayGrow = mayGrow
    }

    var shortage: QuotaShortage {
        QuotaShortage(kinds: kinds, reason: reason, isLasting: isLasting, isOfNodes: true)
    }

    /// What its person reads while it waits again.
    func sentence(_ cluster: String) -> String {
        kinds.isEmpty
            ? "\(cluster) does not take it: \(reason). Another cluster may do at once."
            : "\(cluster) is full: \(reason). A smaller size, or another cluster, may do at once."
    }

    private var reason: String {
        let said = words.isEmpty ? "" : " (\(words))"
        if isLasting { return "none of its nodes could take it even if it were empty\(said)" }
        if isStorageTaken { return "another session has its storage, which only one may have at a time\(said)" }
        return kinds.isEmpty ? "no node takes it\(said)" : "no node has room\(said)"
    }

    /// Of a volume that one pod alone may have, another pod has it: most likely that of the person's other session.
    private var isStorageTaken: Bool { PodReading.isStorageTaken(words) }

    /// Whether no node would do if everybody left it: newer schedulers say so. Nodes that are shut off, for whatever reason,
    /// may come back.
    private var isLasting: Bool {
        guard !mayGrow, preemption.contains("Preemption is not helpful"), !preemption.contains("victims") else {
            return false
        }
        return !clauses.isEmpty
            && clauses.allSatisfy { $0.contains("Insufficient ") || $0.contains("didn't match Pod's node affinity") }
    }

    /// None where others may well fit: nodes say no to this pod, and not to pods as such.
    private var kinds: Set<QuotaShortage.Kind> {
        guard !isStorageTaken else { return [] }
        let short = clauses.compactMap { clause in
            clause.firstRange(of: "Insufficient ").map { String(clause[$0.upperBound...]) }
        }
        guard short.isEmpty else { return Set(short.map(QuotaShortage.Kind.init(resource:))) }
        return clauses.allSatisfy(Self.isAgainstAnyPod) ? [.sessions] : []
    }

    /// Older schedulers: `2 node(s) had taint {a: b}, that the pod didn't tolerate`.
    private static func isAgainstAnyPod(_ clause: Substring) -> Bool {
        ["Too many pods", "unschedulable", "taint", "the pod didn't tolerate"].contains { clause.contains($0) }
    }

    /// One for each reason, with the number of nodes that it concerns.
    private var clauses: [Substring] {
        guard let start = words.firstRange(of: "available: ") else { return [] }
        return words[start.upperBound...].split(separator: ", ")
    }
}

extension QuotaShortage.Kind {
    /// Of the name of a resource: `requests.cpu`, `memory`, `nvidia.com/gpu`.
    init(resource name: String) {
        self =
            switch true {
            case name.contains("gpu"): .gpu
            case name.contains("memory"): .memory
            case name.contains("cpu"): .cpu
            default: .sessions
            }
    }
}

extension StringProtocol {
    fileprivate func trimmingSuffix(while isDropped: (Character) -> Bool) -> SubSequence {
        guard let last = lastIndex(where: { !isDropped($0) }) else { return self[startIndex..<startIndex] }
        return self[...last]
    }
}
