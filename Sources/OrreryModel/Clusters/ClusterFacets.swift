package import FoundationEssentials

/// One decision about a cluster: what, by whom, when, and why.
package struct Facet<Value: Codable & Hashable & Sendable>: Codable, Hashable, Sendable {
    package let value: Value
    /// A person's name, `operator` for whoever sits at the hub's machine, `configuration`, or a rule of admission.
    package let actor: String
    package let at: Date
    package let reason: String

    package init(_ value: Value, by actor: String, at instant: Date, because reason: String) {
        (self.value, self.actor, at, self.reason) = (value, actor, instant, reason)
    }

    /// Whether nobody has decided otherwise than the configuration.
    package var isConfigured: Bool { actor == FacetActor.configuration }
}

/// Those who decide and are nobody by name.
package enum FacetActor {
    package static let configuration = "configuration"
    package static let `operator` = "operator"
    package static let hub = "the hub"
}

/// What has been decided about one cluster. The four never follow from each other.
package struct ClusterFacets: Codable, Hashable, Sendable {
    package var membership: Facet<ClusterMembership>
    package var scheduling: Facet<ClusterScheduling>
    package var trust: Facet<ClusterTrust>
    package var ceiling: Facet<DataCeiling>
    /// Why it is not to be believed for now; nil when it is. Only an administrator lifts it.
    package var quarantine: Facet<String>?

    package init(
        membership: Facet<ClusterMembership>, scheduling: Facet<ClusterScheduling>, trust: Facet<ClusterTrust>,
        ceiling: Facet<DataCeiling>
    ) {
        (self.membership, self.scheduling, self.trust, self.ceiling) = (membership, scheduling, trust, ceiling)
    }
}
