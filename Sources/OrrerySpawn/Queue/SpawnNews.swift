package import OrreryStore

/// What happens anywhere, for whoever gives out the places.
package enum SpawnNews: Hashable, Sendable {
    case session(SessionEventRecord)
    /// The cluster answers again, or for the first time.
    case condition(cluster: String)
}
