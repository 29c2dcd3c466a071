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
        let said = words.isEmpty ? "" : " (\(words))"
        let reason =
            isLasting ? "none of its nodes could take it even if it were empty\(said)" : "no node has room\(said)"
        return QuotaShortage(kinds: kinds, reason: reason, isLasting: isLasting, isOfNodes: true)
    }

    /// Whether no node would do if everybody left it: newer schedulers say so. Nodes that are shut off, for whatever reason,
    /// may come back.
    private var isLasting: Bool {
        guard !mayGrow, preemption.contains("Preemption is not helpful"), !preemption.contains("victims") else {
            return false
        }
        return !clauses.isEmpty
            && clauses.allSatisfy { $0.contains("Insufficient ") || $0.contains("didn't match Pod's node affinity") }
    }

    private var kinds: Set<QuotaShortage.Kind> {
        let short = clauses.compactMap { clause in
            clause.firstRange(of: "Insufficient ").map { String(clause[$0.upperBound...]) }
        }
        return short.isEmpty ? [.sessions] : Set(short.map(QuotaShortage.Kind.init(resource:)))
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
