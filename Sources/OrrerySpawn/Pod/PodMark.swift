package import OrreryKubernetes
import OrreryStore

/// How a hub's objects on a cluster are known: what labels and annotations say about them.
package enum PodMark {
    static let hub = "orrery.io/hub"
    static let session = "orrery.io/session"
    static let person = "orrery.io/person"
    static let spawn = "orrery.io/spawn"
    static let plan = "orrery.io/plan"
    static let server = "orrery.io/server"
    /// The person's groups, for the policy of a site.
    static let groups = "orrery.io/groups"
    /// On a person's own claim: what it holds.
    static let fileset = "orrery.io/fileset"

    /// All pods of one hub, and no other's.
    package static func selection(hub name: String) -> Selection { Selection(labels: "\(hub)=\(name)") }

    static func labels(of session: SessionRecord, hub name: String) -> [String: String] {
        [
            hub: name, Self.session: LabelValue.from(session.id), person: LabelValue.from(session.personName),
            spawn: LabelValue.from(session.spawn),
        ]
    }

    /// Whether `object` was made for this very attempt to start `session`.
    static func isMade(_ object: ObjectMeta, for session: SessionRecord) -> Bool {
        object.labels?[Self.session] == LabelValue.from(session.id)
            && object.labels?[spawn] == LabelValue.from(session.spawn)
    }
}

extension SessionRecord {
    /// The Secret that holds the server's token.
    var tokenName: String { "\(pod)-token" }
    /// The ConfigMap with the session's `/etc/passwd` and `/etc/group`.
    var accountsName: String { "\(pod)-accounts" }
}
