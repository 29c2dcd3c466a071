import Foundation
import Logging
import OrreryModel
import ServiceLifecycle
import Testing

@testable import OrreryPocket

/// A running API without a node, with its upkeep, on a port of its own.
struct LivePocket: Sendable {
    let client: PocketClient
    let store: ObjectStore
    let directory: String
    /// Begins a graceful shutdown.
    let stop: @Sendable () async -> Void

    /// The hub's own token, with the rights the recorded hub has, in the namespace `hub`.
    var hub: PocketClient { client.as("hub-token") }

    static func configuration(directory: String) throws -> PocketConfiguration {
        var configuration = PocketConfiguration(
            cluster: "test", port: 0, state: directory + "/state",
            node: PocketConfiguration.Node(
                name: "pocket-test", cpu: CPUCount(millicores: 2000), memory: ByteCount(bytes: 1 << 30)),
            addresses: try #require(PocketConfiguration.AddressRange("127.90.0.0/16")))
        configuration.namespaces = ["hub", "work", "other"]
        let rules = [
            PocketConfiguration.Token.Rule(
                resources: ["pods", "persistentvolumeclaims", "secrets", "services"],
                verbs: ["get", "watch", "list", "create", "delete", "patch", "update"]),
            PocketConfiguration.Token.Rule(resources: ["events"], verbs: ["get", "watch", "list"]),
        ]
        configuration.tokens = [
            PocketConfiguration.Token(name: "admin", token: Secret("admin-token"), permission: .admin),
            PocketConfiguration.Token(
                name: "system:serviceaccount:hub:hub", token: Secret("hub-token"),
                permission: .rules(rules, namespace: "hub")),
        ]
        return configuration
    }

    /// Runs `work` against a pocket that begins with nothing but its namespaces; `change` adjusts its configuration.
    static func run(
        _ change: (inout PocketConfiguration) -> Void = { _ in }, logs: any PodLogs = NoLogs(),
        _ work: @escaping @Sendable (LivePocket) async throws -> Void
    ) async throws {
        let directory = NSTemporaryDirectory() + "pocket-api-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var configuration = try configuration(directory: directory)
        change(&configuration)
        try await run(configuration, directory: directory, logs: logs, work)
    }

    /// The same in a directory that is there before and after.
    static func run(
        _ configuration: PocketConfiguration, directory: String, logs: any PodLogs = NoLogs(),
        _ work: @escaping @Sendable (LivePocket) async throws -> Void
    ) async throws {
        let store = try ObjectStore(directory: configuration.state)
        try Seed.plant(configuration, in: store)
        var logger = Logger(label: "pocket-test")
        logger.logLevel = .critical
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let service = APIService(
            store: store, configuration: configuration, logs: logs, logger: logger,
            onListening: { port in _ = listening.yield(port) })
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [service, Upkeep(store: store)], logger: logger))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            for await port in ports {
                let stop: @Sendable () async -> Void = { await group.triggerGracefulShutdown() }
                try await work(
                    LivePocket(client: PocketClient(port: port), store: store, directory: directory, stop: stop))
                break
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// Asks until `condition` holds, for at most a minute.
    func eventually(_ what: Comment, _ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while try await !condition() {
            guard ContinuousClock.now < deadline else {
                Issue.record(what)
                return
            }
            await Task.yield()
        }
    }

    /// Does what the scheduler does: puts the pod onto the node.
    func bind(_ name: String, namespace: String = "hub") {
        _ = store.update(ObjectStore.Key(kind: .pods, namespace: namespace, name: name)) { pod in
            pod["spec"]?["nodeName"] = "pocket-test"
        }
    }
}

/// A node that has printed nothing.
struct NoLogs: PodLogs {
    func logFile(podUID: String, container: String, previous: Bool) -> String? { nil }
}

extension JSON {
    /// A pod as short as it may be.
    static func pod(_ name: String, labels: [String: JSON] = [:]) -> JSON {
        [
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name), "labels": .object(labels)],
            "spec": ["containers": [["name": "notebook", "image": "registry.test/lab:1"]]],
        ]
    }

    static func configMap(_ name: String, data: [String: JSON] = [:]) -> JSON {
        ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)], "data": .object(data)]
    }

    static func secret(_ name: String, owner: JSON? = nil) -> JSON {
        var secret: JSON = [
            "apiVersion": "v1", "kind": "Secret", "metadata": ["name": .string(name)], "stringData": ["key": "value"],
        ]
        if let owner {
            secret["metadata"]?["ownerReferences"] = [
                [
                    "apiVersion": "v1", "kind": owner["kind"] ?? "Pod", "name": owner["metadata"]?["name"] ?? "",
                    "uid": owner["metadata"]?["uid"] ?? "",
                ]
            ]
        }
        return secret
    }

    var uid: String? { self["metadata"]?["uid"]?.string }
    var revision: Int64? { self["metadata"]?["resourceVersion"]?.string.flatMap { Int64($0) } }
}
