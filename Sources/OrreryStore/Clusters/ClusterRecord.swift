package import FoundationEssentials
package import OrreryModel

/// One cluster of the site, or one that was. Its name is given once.
package struct ClusterRecord: Hashable, Sendable {
    package let name: String
    package let kind: Kind
    /// What people read.
    package var title: String
    /// The uid of its kube-system namespace: which cluster it really is. Nil of one that the hub reaches directly.
    package var uid: String?
    /// The hub group whose hardware it is, and whose members may look after it.
    package var owner: String?
    /// Where its sessions live.
    package var namespace: String
    package let admission: ClusterAdmission
    package var facets: ClusterFacets
    /// What its agent said last about what it has.
    package var inventory: JSON?
    package var inventoryAt: Date?
    /// When somebody asked for a new key that has not come yet.
    package var rotationAskedAt: Date?
    /// What the hub last saw of how it does, in words, and since when: for commands beside the hub.
    package internal(set) var health: String?
    package internal(set) var healthAt: Date?
    /// The oldest first.
    package var keys: [ClusterKey]

    package enum Kind: String, Sendable, CaseIterable {
        /// Reached through connections that its agent dials.
        case agent
        /// Reached as the configuration says.
        case direct
    }

    package init(
        name: String, kind: Kind, title: String? = nil, uid: String? = nil, owner: String? = nil, namespace: String,
        admission: ClusterAdmission, facets: ClusterFacets, keys: [ClusterKey] = []
    ) {
        self.name = name
        self.kind = kind
        self.title = title ?? name
        self.uid = uid
        self.owner = owner
        self.namespace = namespace
        self.admission = admission
        self.facets = facets
        self.keys = keys
    }
}

/// How a cluster became a member.
package struct ClusterAdmission: Codable, Hashable, Sendable {
    /// The name of the rule, or `configuration`.
    package let rule: String
    package let at: Date
    /// Who decided where somebody had to; nil when the rule did.
    package let by: String?
    /// What it showed then, as the rules see it.
    package let evidence: JSON

    package init(rule: String, at instant: Date, by person: String?, evidence: JSON = [:]) {
        (self.rule, at, by, self.evidence) = (rule, instant, person, evidence)
    }
}

/// A key with which an agent shows that it is its cluster's.
package struct ClusterKey: Hashable, Sendable {
    /// SHA-256 of `spki`, 64 hexadecimal digits.
    package let id: String
    /// The SubjectPublicKeyInfo in DER.
    package let spki: [UInt8]
    package let since: Date
    /// When it is good no more, once another one has taken its place.
    package var endsAt: Date?

    package init(id: String, spki: [UInt8], since: Date, endsAt: Date? = nil) {
        (self.id, self.spki, self.since, self.endsAt) = (id, spki, since, endsAt)
    }

    package func isGood(at now: Date) -> Bool { endsAt.map { now < $0 } ?? true }
}
