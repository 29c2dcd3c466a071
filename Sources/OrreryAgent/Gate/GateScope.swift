package import OrreryModel

/// Where a hub may act on this cluster, and by which mark its objects are known.
package struct GateScope: Hashable, Sendable {
    /// The only namespaces that exist for the hub.
    package let namespaces: [String]
    /// The value of the label `orrery.io/hub` on everything that is this hub's.
    package let hub: String

    package init(namespaces: [String], hub: String) {
        self.namespaces = namespaces
        self.hub = hub
    }

    /// The one selector with which pods and ConfigMaps may be listed.
    package var selector: String { "\(Self.label)=\(hub)" }

    /// Whether an object with these labels is this hub's.
    package func owns(_ object: JSON) -> Bool {
        object["metadata"]?["labels"]?[Self.label]?.string?.isExactly(hub) == true
    }

    /// The label that says whose an object is.
    package static let label = "orrery.io/hub"
}
