package import Foundation
package import OrreryModel

/// A tree that some people may see in their sessions: where it appears, who gets it, how and when. What it really is on
/// a cluster stands in that cluster's binding.
package struct Fileset: Hashable, Sendable {
    package let name: String
    /// Where it appears in the session; nil for one that is delivered without a mount.
    package let at: PathTemplate?
    /// Whether it sets `HOME`.
    package let isHome: Bool
    /// Whether a session without it is refused.
    package let isRequired: Bool
    /// What one person may store there. The storage keeps it; a binding must say whether it does.
    package let quota: ByteCount?
    /// The groups it is expanded for, one mount each; nil for a fileset with one mount.
    package let each: GroupPattern?
    package let grants: [Grant]
    /// Who never gets it, whatever the grants say.
    package let never: [Audience]
    package let surfaces: Set<String>
    /// Whether every session that is given it leaves a record in the audit log.
    package let isSensitive: Bool
    /// With what the storage is opened, where not the cluster's own right does it.
    package var credential: Credential?
    /// Which clusters may hold it: those that the hub trusts with this word, since who runs a cluster can read all that
    /// is mounted there.
    package var trust = Fileset.ordinaryTrust
    /// What happens to a session whose person loses the right to it.
    package var revoke = Plan.Revocation.notify
    /// How long a session that has it may last; nil for as long as the profile says.
    package var session: Duration?
    /// What the site's own job is to remove, and when; nil for nothing.
    package var purge: Purge?

    package init(
        name: String, at: PathTemplate?, isHome: Bool = false, isRequired: Bool = false, quota: ByteCount? = nil,
        each: GroupPattern? = nil, grants: [Grant] = [], never: [Audience] = [],
        surfaces: Set<String> = Fileset.knownSurfaces, isSensitive: Bool = false
    ) {
        self.name = name
        self.at = at
        self.isHome = isHome
        self.isRequired = isRequired
        self.quota = quota
        self.each = each
        self.grants = grants
        self.never = never
        self.surfaces = surfaces
        self.isSensitive = isSensitive
    }

    /// The ways to reach a fileset that there are today.
    package static let knownSurfaces: Set<String> = ["notebook"]
    /// What a cluster is trusted with, and a fileset asks for, when nothing else is written.
    package static let ordinaryTrust = "ordinary"

    /// With what a storage is opened in the person's own name.
    package enum Credential: Hashable, Sendable {
        /// A Secret of the person's own with their name and password for an SMB server, in the namespace of the sessions.
        case smb(secret: TextTemplate)
        /// A role of an object storage, which takes the session's own token for it.
        case sts(role: TextTemplate)
    }

    /// What is removed from a fileset by a job of the site.
    package struct Purge: Hashable, Sendable {
        package let after: Duration
        /// An earlier time for files above a size; nil for the same time for all.
        package let large: Large?

        package struct Large: Hashable, Sendable {
            package let after: Duration
            package let above: ByteCount
        }
    }

    /// Whether at `now` somebody does not have it yet who will: their turn is what an embargo is.
    package func isEmbargoed(at now: Date) -> Bool { grants.contains { $0.isFuture(at: now) } }
}

/// One line of a fileset: these people, this mode, in this span of time.
package struct Grant: Hashable, Sendable {
    package enum Mode: String, Hashable, Comparable, Sendable {
        case ro
        case rw

        package static func < (left: Mode, right: Mode) -> Bool { left == .ro && right == .rw }
    }

    package let to: [Audience]
    package let mode: Mode
    /// The first moment it holds; nil for always so far.
    package let from: Date?
    /// The first moment it holds no longer; nil for ever.
    package let until: Date?

    package init(to: [Audience], mode: Mode, from: Date? = nil, until: Date? = nil) {
        self.to = to
        self.mode = mode
        self.from = from
        self.until = until
    }

    func isInForce(at now: Date) -> Bool { !isFuture(at: now) && !isPast(at: now) }
    func isFuture(at now: Date) -> Bool { from.map { now < $0 } ?? false }
    func isPast(at now: Date) -> Bool { until.map { $0 <= now } ?? false }
}
