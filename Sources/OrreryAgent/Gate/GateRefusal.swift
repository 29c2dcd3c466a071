/// Why the gate lets a call of the hub not through: a status, and a sentence for the log of both sides.
package struct GateRefusal: Error, Hashable, Sendable {
    /// Who it is that refuses.
    package enum Cause: String, Hashable, Sendable {
        /// The gate itself: no site can allow it.
        case gate = "Gate"
        /// What the site has written in its policy.
        case policy = "SitePolicy"
    }

    package let status: Int
    package let cause: Cause
    package let sentence: String

    package init(_ sentence: String, status: Int = 403, cause: Cause = .gate) {
        self.sentence = sentence
        self.status = status
        self.cause = cause
    }
}
