/// An Event of the core group: what a part of the cluster did with an object, or could not do. Events are dropped and
/// folded by the cluster as it likes, so they explain and never decide alone.
package struct ClusterEvent: KubernetesObject {
    package static let kind = "Event"
    package static let plural = "events"

    package var metadata: ObjectMeta
    package var involvedObject: Reference
    package var type: String?
    package var reason: String?
    @Quoted package var message: String?
    package var count: Int?

    package init(
        metadata: ObjectMeta, about involvedObject: Reference, type: String, reason: String, message: String,
        count: Int? = nil
    ) {
        self.metadata = metadata
        self.involvedObject = involvedObject
        self.type = type
        self.reason = reason
        self.message = message
        self.count = count
    }

    package struct Reference: Codable, Hashable, Sendable {
        package var kind: String?
        package var name: String?
        package var uid: String?

        package init(kind: String, name: String, uid: String?) {
            self.kind = kind
            self.name = name
            self.uid = uid
        }
    }
}

extension ClusterEvent {
    package var isWarning: Bool { type == "Warning" }
}
