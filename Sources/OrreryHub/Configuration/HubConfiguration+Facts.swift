import OrreryDocument
import OrreryModel
import OrreryPolicy

extension HubConfiguration {
    static let factKeys = [
        "capacity", "starts", "labels", "architectures", "owner", "trust", "scheduling", "homes", "cost",
    ]

    /// Reads what placement is told of a cluster; every key may be left out.
    ///
    /// | key | default | meaning |
    /// |---|---|---|
    /// | `capacity` | no bounds | what sessions may take of it: `sessions`, `cpu`, `memory`, `gpu` |
    /// | `capacity.headroom` | 0 | how much of that stays free, in percent |
    /// | `starts` | 64 | how many sessions may be on their way to a notebook at a time |
    /// | `labels` | none | what `clusters.match` and `prefer` of profiles look for |
    /// | `architectures` | any | such as `[amd64]` |
    /// | `owner` | nobody | the hub group whose hardware it is |
    /// | `trust` | `federation` | whose sessions it takes: `federation`, `owner`, or a list of hub groups |
    /// | `scheduling` | `schedulable` | `cordoned`: what runs stays, nothing new comes |
    /// | `homes` | the cluster's name | clusters of the same word have the same homes |
    /// | `cost` | unknown | what a session costs there, in any unit; only compared |
    static func facts(
        of name: String, title: String, _ keys: DocumentMapping, groups: [String]
    ) throws(DocumentError) -> ClusterFacts {
        var facts = ClusterFacts(name: name, title: title)
        if let capacity = try keys["capacity"]?.mapping(ResourceBounds.keys + ["headroom"]) {
            facts.capacity = try ResourceBounds(capacity)
            facts.headroom = try capacity["headroom"]?.int(in: 0...90) ?? 0
        }
        facts.startsAtOnce = try keys["starts"]?.int(in: 1...10_000) ?? 64
        for (label, value) in try keys["labels"]?.entries() ?? [] { facts.labels[label] = try value.string() }
        for word in try keys["architectures"]?.list() ?? [] { facts.architectures.insert(try word.string()) }
        facts.owner = try keys["owner"].map { node throws(DocumentError) in try group(node, groups) }
        facts.trust = try keys["trust"].map { node throws(DocumentError) in try trust(node, groups) } ?? .federation
        if let word = keys["scheduling"] {
            let choice = try word.name(among: ["schedulable", "cordoned"], kind: "state")
            facts.scheduling = choice == "cordoned" ? .cordoned : .schedulable
        }
        facts.homes = try keys["homes"]?.string() ?? name
        facts.cost = try keys["cost"]?.int(in: 0...1_000_000_000)
        if case .ownerOnly = facts.trust, facts.owner == nil {
            throw keys.node.error("`trust: owner` needs an `owner`")
        }
        return facts
    }

    static func trust(_ node: DocumentNode, _ groups: [String]) throws(DocumentError) -> ClusterFacts.Trust {
        guard node.word != nil else { return .groups(try Auth.groups(node, known: groups)) }
        return try node.name(among: ["federation", "owner"], kind: "trust") == "owner" ? .ownerOnly : .federation
    }

    static func group(_ node: DocumentNode, _ groups: [String]) throws(DocumentError) -> String {
        let name = try node.string()
        return groups.contains { Auth.makes($0, name) } ? name : try node.name(among: groups, kind: "group")
    }
}
