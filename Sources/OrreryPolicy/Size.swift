import OrreryDocument
package import OrreryModel

extension Policy {
    /// How big a session is: what it is promised and what it may take at most.
    package struct Size: Hashable, Sendable {
        package let name: String
        package let cpu: Amount<CPUCount>
        package let memory: Amount<ByteCount>
        package let gpu: Int

        package init(name: String, cpu: Amount<CPUCount>, memory: Amount<ByteCount>, gpu: Int = 0) {
            self.name = name
            self.cpu = cpu
            self.memory = memory
            self.gpu = gpu
        }

        /// A promise and a limit; the limit is never below the promise.
        package struct Amount<Quantity: Hashable & Sendable>: Hashable, Sendable {
            package let request: Quantity
            package let limit: Quantity

            package init(request: Quantity, limit: Quantity) {
                self.request = request
                self.limit = limit
            }
        }

        /// The size as a plan carries it.
        package var planned: Plan.Size {
            Plan.Size(
                name: name, cpuRequest: "\(cpu.request)", cpuLimit: "\(cpu.limit)",
                memoryRequest: "\(memory.request)", memoryLimit: "\(memory.limit)", gpu: gpu)
        }
    }
}

/// One entry of `sizes:` in `profiles.yaml`: `cpu` and `memory`, each one quantity or `{request, limit}`, and `gpu`, a
/// whole number (absent: 0).
extension Policy.Size {
    init(name: String, _ node: DocumentNode) throws(DocumentError) {
        let keys = try node.mapping(["cpu", "memory", "gpu"])
        self.init(
            name: name,
            cpu: try Self.amount(try keys.required("cpu"), zero: CPUCount(millicores: 0)) {
                node throws(DocumentError) in
                try node.cpu()
            },
            memory: try Self.amount(try keys.required("memory"), zero: ByteCount(bytes: 0)) {
                node throws(DocumentError) in try node.bytes()
            },
            gpu: try keys["gpu"]?.int(in: 0...64) ?? 0)
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
