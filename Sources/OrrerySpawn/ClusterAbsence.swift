package import FoundationEssentials

/// No agent of a cluster is connected: since its last word, and why in a few words, as the proxies tell of it.
package struct ClusterAbsence: Hashable, Sendable {
    package let since: Date
    package let reason: String

    package init(since: Date, reason: String) { (self.since, self.reason) = (since, reason) }
}
