package import Foundation
package import OrreryModel

/// What placement knows of one cluster: what its admins decided, how it does, and what is taken of it. Whoever asks
/// gathers it; nothing here is asked of a cluster.
package struct ClusterFacts: Hashable, Sendable {
    package let name: String
    package var title: String
    package var membership = Membership.member
    package var scheduling = Scheduling.schedulable
    package var health = Health.ready
    package var trust = Trust.federation
    /// The group whose hardware it is.
    package var owner: String?
    /// What its site says for itself: of these groups somebody must have one. Nil where it says nothing.
    package var admits: Set<String>?
    /// Given by the hub's admin, never by the cluster itself.
    package var labels: [String: String] = [:]
    /// Such as `amd64`; empty where nobody said, and then anything is thought to run.
    package var architectures: Set<String> = []
    /// Clusters of the same word have the same homes.
    package var homes: String
    package var capacity = ResourceBounds.none
    /// How much of the capacity is kept free, in percent.
    package var headroom = 0
    /// What sessions there hold, those included that have only a reserved slot.
    package var held = Resources()
    /// How many of these are on their way to a notebook, and how many may be at a time.
    package var starting = 0
    package var startsAtOnce: Int?
    /// Whose turn it is there before anybody else's, because they have waited too long.
    package var nextIs: String?
    /// How many sessions of each profile it has.
    package var profiles: [String: Int] = [:]
    /// Images that were started there not long ago, by their digests.
    package var images: Set<String> = []
    /// How its last starts went, the newest last.
    package var starts: [Bool] = []
    package var breaker = Breaker()
    /// What the cluster's own quota has refused of late.
    package var quota = QuotaGate()
    package var latency: Duration?
    /// What a session costs there, in whatever unit the admins count; only compared.
    package var cost: Int?

    package init(name: String, title: String? = nil) {
        self.name = name
        self.title = title ?? name
        homes = name
    }

    package var isAnswering: Bool {
        switch health {
        case .ready, .degraded: true
        case .unreachable, .neverSeen: false
        }
    }

    package typealias Membership = ClusterMembership
    package typealias Scheduling = ClusterScheduling
    package typealias Trust = ClusterTrust

    /// Whether it answers.
    package enum Health: Hashable, Sendable {
        case ready
        /// It answers, but not as it should.
        case degraded(String)
        case unreachable(since: Date, reason: String)
        /// Not one answer since the hub started.
        case neverSeen
    }
}
