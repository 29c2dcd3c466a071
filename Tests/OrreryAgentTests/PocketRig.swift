import Foundation
import Logging
import OrreryFetch
import OrreryKubernetes
import OrreryModel
import OrreryPocket
import Synchronization
import Testing

@testable import OrreryAgent

/// A pocket cluster without processes, for an agent.
struct PocketRig: Sendable {
    let directory: String
    let server: String
    let client: KubernetesClient

    static func run(_ work: @escaping @Sendable (PocketRig) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "agent-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let pocket = try PocketServer(
            configuration: configuration(directory), logger: quiet, onListening: { listening.yield($0) })
        try await withThrowingTaskGroup { group in
            group.addTask { try await pocket.run() }
            for await port in ports {
                let server = "http://127.0.0.1:\(port)"
                let access = ClusterAccess(
                    name: "south", server: server, token: Secret("agent-token"), namespace: "sessions")
                let client = KubernetesClient(access, transport: Fetcher())
                try await work(PocketRig(directory: directory, server: server, client: client))
                break
            }
            group.cancelAll()
        }
    }

    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// A pod of a hub, as the cluster keeps it.
    func makePod(_ name: String, hub: String = "orrery", namespace: String = "sessions", port: Int = 8888)
        async throws -> Pod
    {
        var container = Container(name: "notebook", image: "hollow")
        container.ports = [ContainerPort(name: "http", containerPort: port)]
        let metadata = ObjectMeta(name: name, labels: ["orrery.io/hub": hub])
        return try await self.client(namespace).create(Pod(metadata: metadata, spec: PodSpec(containers: [container])))
    }

    func client(_ namespace: String) -> KubernetesClient {
        let access = ClusterAccess(name: "south", server: server, token: Secret("agent-token"), namespace: namespace)
        return KubernetesClient(access, transport: Fetcher())
    }

    private static func configuration(_ directory: String) throws -> PocketConfiguration {
        var configuration = PocketConfiguration(
            cluster: "test", port: 0, state: directory,
            node: PocketConfiguration.Node(
                name: "node", cpu: CPUCount(millicores: 64_000), memory: ByteCount(bytes: 1 << 40), pods: 500,
                processes: false), addresses: try #require(PocketConfiguration.AddressRange(block())))
        configuration.namespaces = ["sessions", "elsewhere"]
        configuration.tokens = [.init(name: "agent", token: Secret("agent-token"), permission: .admin)]
        return configuration
    }

    /// Addresses that no other cluster of the tests has at the same time.
    private static func block() -> String {
        let number = next.withLock { next in
            next += 1
            return next
        }
        return "127.\(130 + number % 50).0.0/16"
    }

    private static let next = Mutex(0)
}

/// Waits until `condition` holds, or the patience is over.
func soon(_ condition: () async -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(patience)
    while await !condition() {
        guard ContinuousClock.now < deadline else { return false }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return true
}
