package import Logging
internal import ServiceLifecycle

/// A whole pocket cluster: the API, the upkeep that a real cluster's controllers would do, and the node.
///
/// Pods go on when the server ends, and the next one with the same state directory finds them again.
package struct PocketServer: Service {
    private let configuration: PocketConfiguration
    private let lock: StateLock
    private let store: ObjectStore
    private let node: any Service & PodLogs
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// Opens the state and makes what the configuration names. `stopPodsAtExit` ends the pods with the server;
    /// `onListening` is called with the port once the API takes connections. Throws when the state cannot be used, an
    /// object of the configuration is not one, or the machine lacks what the node needs.
    package init(
        configuration: PocketConfiguration, logger: Logger, stopPodsAtExit: Bool = false,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws(PocketError) {
        self.configuration = configuration
        self.logger = logger
        self.onListening = onListening
        lock = try StateLock(directory: configuration.state)
        store = try ObjectStore(directory: configuration.state)
        try Seed.plant(configuration, in: store)
        node =
            configuration.node.processes
            ? try Node(configuration: configuration, store: store, logger: logger, stopPodsAtExit: stopPodsAtExit)
            : HollowNode(configuration: configuration, store: store, stopPodsAtExit: stopPodsAtExit)
    }

    /// Serves until the task is cancelled or a shutdown begins: then watches end, requests under way are answered,
    /// and the node lets go of its pods.
    package func run() async throws {
        defer { lock.release() }
        let api = APIService(
            store: store, configuration: configuration, logs: node, logger: logger, onListening: onListening)
        let services: [any Service] = [NodeService(node: node), Upkeep(store: store), api]
        try await ServiceGroup(configuration: ServiceGroupConfiguration(services: services, logger: logger)).run()
    }

    private struct NodeService: Service {
        let node: any Service

        func run() async throws { try await node.run() }
    }
}
