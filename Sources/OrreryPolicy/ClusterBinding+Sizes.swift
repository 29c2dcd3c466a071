import OrreryDocument
package import OrreryModel

extension ClusterBinding {
    /// What a size means on one cluster: which nodes, what they want of a pod, and what its GPUs are called there.
    package struct SizeTerms: Hashable, Sendable {
        /// Labels a node must carry.
        package let nodeSelector: [String: String]
        /// Nil where nothing is said.
        package let nodes: Plan.Nodes?
        /// One of the size's `any`; nil for the first of them.
        package let gpuResource: String?

        package init(
            nodeSelector: [String: String] = [:], nodes: Plan.Nodes? = nil, gpuResource: String? = nil
        ) {
            self.nodeSelector = nodeSelector
            self.nodes = nodes
            self.gpuResource = gpuResource
        }
    }
}

/// `sizes:` of a binding. For each size:
///
/// | key | value |
/// |---|---|
/// | `nodeSelector` | labels with their values |
/// | `tolerations` | list of `{key, operator, value, effect, seconds}` |
/// | `priorityClass`, `runtimeClass` | names of what the cluster has |
/// | `gpu` | what the cluster calls them; one of the size's `any` |
/// | `pullSecret` | the Secret that opens the registry |
extension ClusterBinding.SizeTerms {
    private static let keys = [
        "nodeSelector", "tolerations", "priorityClass", "runtimeClass", "gpu", "pullSecret",
    ]

    static func all(
        _ node: DocumentNode?, sizes: [String: Policy.Size?]
    ) throws(DocumentError) -> [String: Self] {
        guard let node else { return [:] }
        _ = try node.mapping(sizes.keys.sorted())
        var terms: [String: Self] = [:]
        for (name, value) in try node.entries() { terms[name] = try Self(value, size: sizes[name] ?? nil) }
        return terms
    }

    private init(_ node: DocumentNode, size: Policy.Size?) throws(DocumentError) {
        let keys = try node.mapping(Self.keys)
        var selector: [String: String] = [:]
        for (label, value) in try keys["nodeSelector"]?.entries() ?? [] {
            guard Spelling.labelKey(label) else { throw value.error("`\(label)` cannot be the name of a label") }
            let text = try value.string()
            guard Spelling.labelValue(text) else { throw value.noLabelValue(text) }
            selector[label] = text
        }
        var tolerations: [Plan.Toleration] = []
        for element in try keys["tolerations"]?.list() ?? [] { tolerations.append(try Plan.Toleration(element)) }
        let nodes = Plan.Nodes(
            tolerations: tolerations, priorityClass: try keys["priorityClass"].map(Self.objectName),
            runtimeClass: try keys["runtimeClass"].map(Self.objectName),
            pullSecret: try keys["pullSecret"].map(Self.objectName))
        self.init(
            nodeSelector: selector, nodes: nodes == Plan.Nodes() ? nil : nodes,
            gpuResource: try keys["gpu"].map { node throws(DocumentError) in try Self.gpu(node, of: size) })
    }

    private static func objectName(_ node: DocumentNode) throws(DocumentError) -> String {
        let name = try node.string()
        guard Spelling.isSubdomain(name) else { throw node.error("`\(name)` cannot be a name in a cluster") }
        return name
    }

    private static func gpu(_ node: DocumentNode, of size: Policy.Size?) throws(DocumentError) -> String {
        guard let size else { return try node.string() }
        guard size.gpu > 0 else { throw node.error("the size `\(size.name)` has no GPU") }
        return try node.name(among: size.gpuNames, kind: "GPU")
    }
}

extension Plan.Toleration {
    fileprivate init(_ node: DocumentNode) throws(DocumentError) {
        let keys = try node.mapping(["key", "operator", "value", "effect", "seconds"])
        let relation = try keys["operator"]?.name(among: ["Equal", "Exists"], kind: "operator") ?? "Equal"
        self.init(
            key: try keys["key"]?.string(), operator: relation, value: try keys["value"]?.string(),
            effect: try keys["effect"]?.name(
                among: ["NoSchedule", "PreferNoSchedule", "NoExecute"], kind: "effect"),
            tolerationSeconds: try keys["seconds"].map { node throws(DocumentError) in
                Int64(try node.int(in: 0...1_000_000_000))
            })
        if relation == "Exists", value != nil { throw node.error("`Exists` has no `value`") }
        if relation == "Equal", key == nil { throw node.error("without `key` it has to be `operator: Exists`") }
        if let key, !Spelling.labelKey(key) { throw node.error("`\(key)` cannot be the name of a taint") }
        if let value, let place = keys["value"], !Spelling.labelValue(value) { throw place.noLabelValue(value) }
        if tolerationSeconds != nil, effect != "NoExecute" {
            throw node.error("`seconds` needs `effect: NoExecute`")
        }
    }
}

extension DocumentNode {
    /// What an API server would say of each pod.
    fileprivate func noLabelValue(_ text: String) -> DocumentError {
        error(
            "no node can have `\(text)`: at most 63 letters, digits, `-`, `_` and `.`, with a letter or a digit at both ends"
        )
    }
}
