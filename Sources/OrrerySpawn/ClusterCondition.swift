package import FoundationEssentials

/// How one cluster does, as its watch sees it.
package enum ClusterCondition: Hashable, Sendable {
    case ready
    /// It answers, but not as it should: it refuses the hub's credential or rights, or is overloaded.
    case degraded(String)
    case unreachable(since: Date, reason: String)
    /// Not one answer since the hub started.
    case neverSeen
}
