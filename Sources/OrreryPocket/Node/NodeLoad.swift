internal import OrreryModel

/// What the pods on the node ask for together. Cheap to change by one pod, so that a node with thousands is not counted
/// anew for each.
struct NodeLoad {
    private(set) var pods = 0
    /// In billionths, by the names of resources.
    private var amounts: [String: Int128] = [:]

    init(_ running: [PodManifest] = []) {
        for pod in running { add(pod) }
    }

    static let resources = ["cpu", "memory"]

    subscript(resource: String) -> Int128 { amounts[resource] ?? 0 }

    mutating func add(_ pod: PodManifest) {
        pods += 1
        for resource in Self.resources { amounts[resource, default: 0] += Self.request(resource, of: pod) }
    }

    mutating func remove(_ pod: PodManifest) {
        pods -= 1
        for resource in Self.resources { amounts[resource, default: 0] -= Self.request(resource, of: pod) }
    }

    /// In billionths. Init containers run one after the other and before the others, so the largest of them counts.
    static func request(_ resource: String, of pod: PodManifest) -> Int128 {
        func amount(_ container: ContainerManifest) -> Int128 {
            let resources = container.object["resources"]
            let text = resources?["requests"]?[resource]?.text ?? resources?["limits"]?[resource]?.text
            return text.flatMap { Quantity($0.filter { $0 != "\"" }) }?.billionths ?? 0
        }
        return max(pod.containers.reduce(0) { $0 + amount($1) }, pod.initContainers.map(amount).max() ?? 0)
    }
}
