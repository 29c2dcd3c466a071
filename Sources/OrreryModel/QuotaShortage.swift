/// What a cluster has against a session that nobody else could know: its API refused the pod for a quota of its own, or no
/// node of it has room.
package struct QuotaShortage: Hashable, Sendable {
    /// The kinds of which there was not enough left. None where it is about this one session, and says nothing of others.
    package let kinds: Set<Kind>
    /// `its quota q allows pods=2, and pods=2 is taken`, or why it can never fit: a clause that can follow a name.
    package let reason: String
    /// More is asked for than there is in all: waiting does not help.
    package let isLasting: Bool
    /// The cluster takes the pod, and finds no node for it: only a pod that has a node shows that there is room.
    package let isOfNodes: Bool

    /// A kind of which a session takes something.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Pods, or anything else of which each session takes as much as any other.
        case sessions
        case cpu, memory, gpu
    }

    package init(kinds: Set<Kind>, reason: String, isLasting: Bool, isOfNodes: Bool = false) {
        self.kinds = kinds
        self.reason = reason
        self.isLasting = isLasting
        self.isOfNodes = isOfNodes
    }

    /// Whether it keeps nobody else away.
    package var isItsOwn: Bool { kinds.isEmpty }
}
