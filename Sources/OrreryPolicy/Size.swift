import OrreryDocument
package import OrreryModel

extension Policy {
    /// How big a session is: what it is promised and what it may take at most.
    package struct Size: Hashable, Sendable {
        package let name: String
        package let cpu: Amount<CPUCount>
        package let memory: Amount<ByteCount>
        package let gpu: Int
        /// The names under which a cluster may count them, the most wanted first; never empty where there are any.
        package let gpuNames: [String]

        package init(
            name: String, cpu: Amount<CPUCount>, memory: Amount<ByteCount>, gpu: Int = 0, gpuNames: [String] = []
        ) {
            self.name = name
            self.cpu = cpu
            self.memory = memory
            self.gpu = gpu
            self.gpuNames = gpu > 0 && gpuNames.isEmpty ? [Self.usualGPU] : gpuNames
        }

        /// What a cluster calls a GPU where nothing else is written.
        static let usualGPU = "nvidia.com/gpu"

        /// A promise and a limit; the limit is never below the promise.
        package struct Amount<Quantity: Hashable & Sendable>: Hashable, Sendable {
            package let request: Quantity
            package let limit: Quantity

            package init(request: Quantity, limit: Quantity) {
                self.request = request
                self.limit = limit
            }
        }

        /// The size as a plan carries it, on a cluster that calls its GPUs `resource`; nil for the first name of the size.
        package func planned(gpuResource resource: String? = nil) -> Plan.Size {
            Plan.Size(
                name: name, cpuRequest: "\(cpu.request)", cpuLimit: "\(cpu.limit)",
                memoryRequest: "\(memory.request)", memoryLimit: "\(memory.limit)", gpu: gpu,
                gpuResource: gpu > 0 ? resource ?? gpuNames.first : nil)
        }
    }
}

/// One entry of `sizes:` in `profiles.yaml`: `cpu` and `memory`, each one quantity or `{request, limit}`, and `gpu`, a
/// whole number (absent: 0) or `{count, any: [names]}`, of which a cluster's binding takes one name.
extension Policy.Size {
    init(name: String, _ node: DocumentNode) throws(DocumentError) {
        let keys = try node.mapping(["cpu", "memory", "gpu"])
        let gpu = try Self.gpu(keys["gpu"])
        self.init(
            name: name,
            cpu: try Self.amount(try keys.required("cpu"), zero: CPUCount(millicores: 0)) {
                node throws(DocumentError) in
                try node.cpu()
            },
            memory: try Self.amount(try keys.required("memory"), zero: ByteCount(bytes: 0)) {
                node throws(DocumentError) in try node.bytes()
            },
            gpu: gpu.count, gpuNames: gpu.names)
    }

    private static func gpu(_ node: DocumentNode?) throws(DocumentError) -> (count: Int, names: [String]) {
        guard let node, node.isMapping else { return (try node?.int(in: 0...64) ?? 0, []) }
        let keys = try node.mapping(["count", "any"])
        var names: [String] = []
        for element in try keys["any"]?.list() ?? [] {
            let name = try element.string()
            guard name.contains("/"), Spelling.labelKey(name) else {
                throw element.error("the name of a resource such as nvidia.com/gpu is wanted here")
            }
            guard !names.contains(name) else { throw element.error("`\(name)` is written twice") }
            names.append(name)
        }
        if let any = keys["any"], names.isEmpty { throw any.error("at least one name is wanted here") }
        return (try keys.required("count").int(in: 1...64), names)
    }

    private static func amount<Quantity: Comparable & Hashable & Sendable>(
        _ node: DocumentNode, zero: Quantity, _ read: (DocumentNode) throws(DocumentError) -> Quantity
    ) throws(DocumentError) -> Amount<Quantity> {
        var (request, limit) = (node, node)
        if node.isMapping {
            let keys = try node.mapping(["request", "limit"])
            (request, limit) = (try keys.required("request"), try keys.required("limit"))
        }
        let amount = Amount(request: try read(request), limit: try read(limit))
        guard amount.request > zero else { throw request.error("a session with none of it cannot run") }
        guard amount.request <= amount.limit else { throw limit.error("the limit is below the request") }
        return amount
    }
}
