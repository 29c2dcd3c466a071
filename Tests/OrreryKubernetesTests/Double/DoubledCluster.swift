import FaultDouble
import Foundation
import Logging
import OrreryFetch
import OrreryModel
import OrreryPocket
import Synchronization
import Testing

@testable import OrreryKubernetes

/// A pocket cluster without processes, a double in front of it, and a client of the double.
struct DoubledCluster: Sendable {
    let double: FaultDouble
    let client: KubernetesClient
    /// Speaks to the cluster itself, past the double.
    let direct: KubernetesClient

    /// `names` are those of config maps that are there from the start.
    static func run(
        time: Timekeeper = .continuous, having names: [String] = [],
        _ work: @escaping @Sendable (DoubledCluster) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "doubled-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let pocket = try PocketServer(
            configuration: configuration(directory, names), logger: quiet, onListening: { listening.yield($0) })
        try await withThrowingTaskGroup { group in
            group.addTask { try await pocket.run() }
            for await port in ports {
                let double = try await FaultDouble(Upstream("http://127.0.0.1:\(port)"))
                group.addTask { try? await double.run() }
                let fetcher = Fetcher()
                func client(_ server: String, _ budget: Budget = Budget()) -> KubernetesClient {
                    var access = ClusterAccess(
                        name: "north", server: server, token: Secret("hub-token"), namespace: "hub")
                    access.budget = budget
                    return KubernetesClient(access, transport: fetcher, time: time)
                }
                let free = Budget(callsPerSecond: 10_000, burst: 10_000)
                try await work(
                    DoubledCluster(
                        double: double, client: client(double.server), direct: client("http://127.0.0.1:\(port)", free))
                )
                break
            }
            group.cancelAll()
        }
    }

    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func configuration(_ directory: String, _ names: [String]) throws -> PocketConfiguration {
        var configuration = PocketConfiguration(
            cluster: "test", port: 0, state: directory,
            node: PocketConfiguration.Node(
                name: "node", cpu: CPUCount(millicores: 64_000), memory: ByteCount(bytes: 1 << 40), pods: 5000,
                processes: false), addresses: try #require(PocketConfiguration.AddressRange(block())))
        configuration.namespaces = ["hub"]
        configuration.objects = names.map { name in
            [
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": ["name": .string(name), "namespace": "hub", "labels": ["test": "yes"]],
            ]
        }
        let rules = [PocketConfiguration.Token.Rule(resources: ["*"], verbs: ["*"])]
        configuration.tokens = [
            .init(name: "hub", token: Secret("hub-token"), permission: .rules(rules, namespace: "hub"))
        ]
        return configuration
    }

    /// Addresses that no other cluster of the tests has at the same time.
    private static func block() -> String {
        let number = next.withLock { next in
            next += 1
            return next
        }
        return "127.\(192 + number % 60).0.0/16"
    }

    private static let next = Mutex(0)

    @discardableResult
    func make(_ name: String, data: [String: String] = [:]) async throws -> ConfigMap {
        try await direct.create(
            ConfigMap(metadata: ObjectMeta(name: name, labels: ["test": "yes"]), data: data))
    }

    /// What a reflector of config maps knows, as it goes on.
    func follow(time: Timekeeper = .continuous) -> Picture {
        let reflector = Reflector(
            ConfigMap.self, client, Selection(labels: "test=yes"), time: time, logger: Self.quiet)
        return Picture(reflector)
    }
}

/// The objects that a reflector has told of and not taken back.
final class Picture: Sendable {
    private struct State {
        var names: Set<String> = []
        var lists = 0
        var isSeen = false
    }

    private let state = Mutex(State())
    private let task = Mutex<Task<Void, Never>?>(nil)

    init(_ reflector: Reflector<ConfigMap>) {
        let following = Task { await reflector.run { self.take($0) } }
        task.withLock { $0 = following }
    }

    deinit { end() }

    var names: Set<String> { state.withLock { $0.names } }
    var lists: Int { state.withLock { $0.lists } }
    var isSeen: Bool { state.withLock { $0.isSeen } }
    func end() { task.withLock { $0 }?.cancel() }

    private func take(_ reflection: Reflection<ConfigMap>) {
        state.withLock { state in
            switch reflection {
            case .complete(let maps, _):
                state.names = Set(maps.compactMap(\.metadata.name))
                state.lists += 1
            case .changed(let map): state.names.insert(map.metadata.name ?? "")
            case .deleted(let map): state.names.remove(map.metadata.name ?? "")
            case .seen: state.isSeen = true
            case .unseen: state.isSeen = false
            }
        }
    }
}
