package import Foundation
package import OrreryModel
import OrreryStore

/// Who decides about clusters.
struct ClusterChief: Sendable {
    /// As it stands in the facets.
    let name: String
    /// Nil for whoever sits at the hub's machine.
    let person: PersonRecord?
    let isAdmin: Bool

    /// Whoever runs a command on the hub's machine.
    static let `operator` = ClusterChief(name: FacetActor.operator, person: nil, isAdmin: true)

    init(_ person: PersonRecord) {
        self.init(name: person.person.name, person: person, isAdmin: person.isAdmin)
    }

    private init(name: String, person: PersonRecord?, isAdmin: Bool) {
        (self.name, self.person, self.isAdmin) = (name, person, isAdmin)
    }

    /// Whether it is a group of theirs that owns the cluster.
    func owns(_ record: ClusterRecord) -> Bool {
        guard let owner = record.owner, let person else { return false }
        return person.person.groups.contains { $0.name.isExactly(owner) }
    }

    /// Whether they may see what only those see who look after it.
    func mayLookAfter(_ record: ClusterRecord) -> Bool { isAdmin || owns(record) }
}

/// What somebody wants of a cluster.
package enum ClusterOrder: Hashable, Sendable {
    case cordon
    /// Administrators lift a quarantine with it, too.
    case uncordon
    case drain(until: Date?)
    case trust(ClusterTrust)
    case owner(String)
    case data(DataCeiling)
    /// Undoes `data`: what `orrery.yaml` says counts again.
    case dataAsWritten
    case suspend
    /// Undoes `suspend`.
    case resume
    case revoke
    /// The site takes its cluster away.
    case leave
    /// The agent shall make a new key.
    case rotate

    /// Whether whoever owns the cluster may order it; the others are for the hub's administrators.
    var isOwners: Bool {
        switch self {
        case .cordon, .uncordon, .drain, .leave, .rotate: true
        case .trust, .owner, .data, .dataAsWritten, .suspend, .resume, .revoke: false
        }
    }

    /// For the audit log.
    var words: String {
        switch self {
        case .cordon: "cordoned"
        case .uncordon: "uncordoned"
        case .drain(let deadline): "drained" + (deadline.map { " until \(Moment($0).text)" } ?? "")
        case .trust(let trust): "trust \(trust.words)"
        case .owner(let group): "owner \(group)"
        case .data(let ceiling): "data \(ceiling.rawValue)"
        case .dataAsWritten: "data as orrery.yaml says"
        case .suspend: "suspended"
        case .resume: "a member again"
        case .revoke: "revoked"
        case .leave: "has left"
        case .rotate: "asked for a new key"
        }
    }
}

extension ClusterTrust {
    /// `owner`, `federation`, `unclaimed`, or the groups.
    var words: String {
        switch self {
        case .unclaimed: "unclaimed"
        case .ownerOnly: "owner"
        case .federation: "federation"
        case .groups(let groups): groups.sorted().joined(separator: ", ")
        }
    }
}
