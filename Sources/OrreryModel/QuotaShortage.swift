/// What a quota of a cluster's own has against a session: its API refused the pod, and nobody but the cluster knows what
/// else is counted there.
package struct QuotaShortage: Hashable, Sendable {
    /// The kinds of which there was not enough left.
    package let kinds: Set<Kind>
    /// `its quota q allows pods=2, and pods=2 is taken`, or why it can never fit: a clause that can follow a name.
    package let reason: String
    /// More is asked for than the quota allows in all: waiting does not help.
    package let isLasting: Bool

    /// A kind of which a session takes something.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Pods, or anything else of which each session takes as much as any other.
        case sessions
        case cpu, memory, gpu
    }

    package init(kinds: Set<Kind>, reason: String, isLasting: Bool) {
        self.kinds = kinds
        self.reason = reason
        self.isLasting = isLasting
    }
}
