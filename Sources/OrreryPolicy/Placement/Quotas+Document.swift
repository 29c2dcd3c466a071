package import OrreryDocument

/// `quotas:` in `profiles.yaml`.
///
/// | key | value | absent |
/// |---|---|---|
/// | `person` | bounds for each person | no bounds |
/// | `groups.<name>` | bounds for all sessions that count for the group | no bounds |
/// | `groups.<name>.person` | bounds for each of its members, instead of `person` | `person` |
///
/// Bounds are any of `sessions`, `cpu`, `memory` and `gpu`.
extension Quotas {
    init(_ node: DocumentNode?, groups known: GroupNames) throws(DocumentError) {
        let keys = try node?.mapping(["person", "groups"])
        var groups: [String: GroupQuota] = [:]
        for (name, value) in try keys?["groups"]?.entries() ?? [] {
            guard known.contains(name) else { throw value.error("there is no group `\(name)`") }
            groups[name] = try GroupQuota(value)
        }
        self.init(person: try keys?["person"].map(ResourceBounds.init) ?? .none, groups: groups)
    }
}

extension Quotas.GroupQuota {
    fileprivate init(_ node: DocumentNode) throws(DocumentError) {
        let keys = try node.mapping(ResourceBounds.keys + ["person"])
        self.init(all: try ResourceBounds(keys), person: try keys["person"].map(ResourceBounds.init) ?? .none)
    }
}

/// `{sessions: 4, cpu: 16, memory: 64Gi, gpu: 1}`, any of them.
extension ResourceBounds {
    package static let keys = ["sessions", "cpu", "memory", "gpu"]

    package init(_ node: DocumentNode) throws(DocumentError) {
        try self.init(node.mapping(Self.keys))
    }

    /// Those of `keys` that are among `Self.keys`.
    package init(_ keys: DocumentMapping) throws(DocumentError) {
        self.init(
            sessions: try keys["sessions"]?.int(in: 0...1_000_000), cpu: try keys["cpu"]?.cpu(),
            memory: try keys["memory"]?.bytes(), gpu: try keys["gpu"]?.int(in: 0...1_000_000))
    }
}
