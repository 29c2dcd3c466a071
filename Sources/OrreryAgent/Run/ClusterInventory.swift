import OrreryKubernetes
import OrreryLink
import OrreryModel

/// What the cluster has, as the hub is told it.
struct ClusterInventory: Sendable {
    let client: KubernetesClient

    /// Everything that the agent may ask for; what it may not is left out.
    func frame(policy: SitePolicy, sessions: Int) async -> ControlFrame {
        let namespaces = policy.namespaces ?? [client.namespace]
        var members: [String: JSON] = [
            "policy": policy.inventory, "sessions": .integer(Int64(sessions)),
            "namespaces": .array(namespaces.map { .string($0) }),
        ]
        if let nodes = try? await client.nodes() {
            let fit = nodes.filter { $0["spec"]?["unschedulable"]?.bool != true }
            members["nodes"] = .integer(Int64(fit.count))
            members["capacity"] = Self.capacity(of: fit)
        }
        if let quotas = try? await client.list(Quota.self, Selection()).items, !quotas.isEmpty {
            members["quota"] = .array(quotas.map(\.words))
        }
        let frame = ControlFrame("inventory", members)
        // A site with hundreds of quotas is told without them.
        return frame.fits
            ? frame
            : ControlFrame("inventory", members.filter { ["policy", "sessions", "namespaces"].contains($0.key) })
    }

    /// What the nodes give to pods, added up: `cpu` in thousandths, `memory` in bytes, `gpu`.
    static func capacity(of nodes: [JSON]) -> JSON {
        var (cpu, memory, gpu) = (Int64(0), Int64(0), Int64(0))
        for node in nodes {
            guard let all = node["status"]?["allocatable"] else { continue }
            cpu += all["cpu"]?.string.flatMap { CPUCount($0) }.map { $0.millicores } ?? 0
            memory += all["memory"]?.string.flatMap { ByteCount($0) }.map { $0.bytes } ?? 0
            gpu += all["nvidia.com/gpu"]?.string.flatMap { Int64($0) } ?? 0
        }
        return ["cpu": .integer(cpu), "memory": .integer(memory), "gpu": .integer(gpu)]
    }
}

/// How much a namespace may use, and uses.
private struct Quota: KubernetesObject {
    static let kind = "ResourceQuota"
    static let plural = "resourcequotas"

    var metadata: ObjectMeta
    var status: Status?

    struct Status: Codable, Hashable, Sendable {
        var hard: [String: String]?
        var used: [String: String]?
    }

    var words: JSON {
        func texts(_ values: [String: String]?) -> JSON { .object((values ?? [:]).mapValues { .string($0) }) }
        return [
            "name": .string(metadata.name ?? ""), "hard": texts(status?.hard), "used": texts(status?.used),
        ]
    }
}
