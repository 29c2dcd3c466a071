internal import OrreryLink
internal import Synchronization

/// What is counted of connections to clusters.
///
/// Concurrency: any thread may call anything. Takes a lock: asked when a connection is handed over or ends, never for a
/// request.
final class TunnelFigures: Sendable {
    struct Cluster: Sendable, Equatable {
        var agents = 0
        var idle = 0
        /// Asked for and there; asked for and awaited; awaited in vain.
        var hits: UInt64 = 0
        var misses: UInt64 = 0
        var expired: UInt64 = 0
        /// In milliseconds; nil before it is known.
        var roundTrip: Double?
        var refusals: [HandoffAnswer.Code: UInt64] = [:]
        /// In use.
        var bound = 0
    }

    private struct State {
        var clusters: [String: Cluster] = [:]
        var names: [AgentBook.Number: String] = [:]
        var bound: [AgentBook.Number: Int] = [:]
    }

    private let state = Mutex(State())

    /// Changes the figures of one cluster.
    func change(_ cluster: String, _ body: (inout Cluster) -> Void) {
        state.withLock { body(&$0.clusters[cluster, default: Cluster()]) }
    }

    /// A connection of this key is in use from now on.
    func bind(_ number: AgentBook.Number, cluster: String) {
        state.withLock { state in
            state.names[number] = cluster
            state.bound[number, default: 0] += 1
            state.clusters[cluster, default: Cluster()].bound += 1
        }
    }

    /// It has ended.
    func unbind(_ number: AgentBook.Number) {
        state.withLock { state in
            guard let cluster = state.names[number] else { return }
            state.bound[number, default: 1] -= 1
            state.clusters[cluster]?.bound -= 1
        }
    }

    /// An agent has refused a hand-off.
    func refused(_ number: AgentBook.Number, _ code: HandoffAnswer.Code) {
        state.withLock { state in
            guard let cluster = state.names[number] else { return }
            state.clusters[cluster]?.refusals[code, default: 0] += 1
        }
    }

    func bound(_ number: AgentBook.Number) -> Int { state.withLock { $0.bound[number] ?? 0 } }
    func bound(in cluster: String) -> Int { state.withLock { $0.clusters[cluster]?.bound ?? 0 } }

    /// Of all clusters, in the order of their names.
    var all: [(name: String, figures: Cluster)] {
        state.withLock { $0.clusters }.sorted { $0.key < $1.key }.map { (name: $0.key, figures: $0.value) }
    }

    /// Forgets clusters that are none any more.
    func keep(_ clusters: Set<String>) {
        state.withLock { state in
            state.clusters = state.clusters.filter { clusters.contains($0.key) || $0.value.bound > 0 }
        }
    }
}
