package import OrreryModel

/// What a site allows a hub to run in it: the site's own words, which the hub cannot change. Nothing in it widens what a
/// session must never have; see `SitePolicy+Pod.swift`. `SitePolicy+Document.swift` has the keys.
package struct SitePolicy: Hashable, Sendable {
    /// How the site is called in sentences for people; nil for "this site".
    package var site: String?
    /// The value of the label `orrery.io/hub` on the hub's objects.
    package var hub = "orrery"
    /// Where sessions may live; nil for the one namespace that the agent was given.
    package var namespaces: [String]?
    /// Where images may come from: `registry.example` or `registry.example/lab`; nil for anywhere.
    package var registries: [String]?
    package var hostPaths: [Tree] = []
    package var nfs: [Export] = []
    package var csiDrivers: [String] = []
    /// For claims that the hub makes; nil for any class.
    package var storageClasses: [String]?
    package var priorityClasses: [String] = []
    package var runtimeClasses: [String] = []
    /// The keys of the taints with which a session may put up.
    package var tolerations: [String] = []
    /// The Secrets with which its image may be fetched.
    package var imagePullSecrets: [String] = []
    package var uids: [ClosedRange<Int64>] = [1...2_147_483_647]
    package var gids: [ClosedRange<Int64>] = [1...2_147_483_647]
    /// Whether the site says which groups there may be: then none may come from an image.
    var boundsGroups: Bool { gids != SitePolicy().gids }
    package var maxima = Maxima()
    /// The hub's groups of which a person must have one; nil for everybody.
    package var groups: [String]?
    /// Why nothing may start at present; nil when it may.
    package var pause: String?

    package init() {}

    /// A directory of the nodes, with everything in it; what lies in it is mounted by `subPath` alone.
    package struct Tree: Hashable, Sendable {
        package let path: String
        package let isWritable: Bool
    }

    /// A directory of an NFS server, with everything in it; what lies in it is mounted by `subPath` alone.
    package struct Export: Hashable, Sendable {
        package let server: String
        package let path: String
        package let isWritable: Bool
    }

    /// The most that there may be; nil for no bound.
    package struct Maxima: Hashable, Sendable {
        /// Of one session.
        package var cpu: CPUCount?
        package var memory: ByteCount?
        package var gpu: Int?
        package var lifetime: Duration?
        /// Of one claim that the hub makes.
        package var claim: ByteCount?
        /// Sessions at one time.
        package var sessions: Int?

        package init() {}
    }
}

extension SitePolicy {
    /// What to do before the first policy could be read: nothing starts.
    static func unread(_ reason: String) -> SitePolicy {
        var policy = SitePolicy()
        policy.pause = "its policy cannot be read: \(reason)"
        return policy
    }

    /// The site at the beginning of a sentence.
    var subject: String { site ?? "This site" }

    /// Why nothing at all may start at present, in a sentence for people; nil when it may.
    package var refusalWhilePaused: String? {
        pause.map {
            $0.isEmpty ? "\(subject) starts no sessions at present." : "\(subject) starts no sessions at present: \($0)"
        }
    }
}
