package import OrreryModel
package import OrreryStore

/// What happens anywhere, for whoever gives out the places.
package enum SpawnNews: Hashable, Sendable {
    case session(SessionEventRecord)
    /// The cluster answers again, or for the first time.
    case condition(cluster: String)
    /// The cluster has taken the session's pod.
    case accepted(session: String)
    /// A quota of the cluster's own is full, or its nodes are: the session waits for room again, as it is stored.
    case givenBack(session: String, QuotaShortage)
}
