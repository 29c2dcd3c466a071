import HTTPTypes
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import OrreryKubernetes
import OrreryModel
import OrreryServing
import ServiceLifecycle

/// The hub's only way to the cluster's API: plain HTTP on a Unix socket, each call held against the rules of the gate and
/// the site's policy, sent on with the agent's own credential, the answer streamed back.
///
/// Concurrency: calls are answered in parallel. Where the site bounds the number of sessions, pods are made one after the other.
package struct APIGate: Service {
    let address: BindAddress
    let client: KubernetesClient
    let policy: SitePolicyKeeper
    let logger: Logger
    let creations = GateQueue()
    let removal: PodRemoval
    /// Called with the port, which a socket without one does not have.
    private let onListening: @Sendable (Int?) async -> Void

    /// A gate on `socket`, in a directory that nobody else may enter. `client` is at the namespace of the sessions unless the
    /// policy names others. `onListening` is called once calls are taken.
    package init(
        socket: String, client: KubernetesClient, policy: SitePolicyKeeper, logger: Logger,
        onListening: @escaping @Sendable () async -> Void = {}
    ) {
        self.init(address: .unixDomainSocket(path: socket), client: client, policy: policy, logger: logger) { _ in
            await onListening()
        }
    }

    init(
        address: BindAddress, client: KubernetesClient, policy: SitePolicyKeeper, logger: Logger,
        onListening: @escaping @Sendable (Int?) async -> Void
    ) {
        self.address = address
        self.client = client
        self.policy = policy
        self.logger = logger
        removal = PodRemoval(client, logger: logger)
        self.onListening = onListening
    }

    /// Serves until the task is cancelled or a shutdown begins.
    package func run() async throws {
        let application = Application(
            responder: Responder(gate: self),
            server: .http1(configuration: HTTP1Channel.Configuration(idleTimeout: .seconds(120))),
            configuration: ApplicationConfiguration(address: address),
            onServerRunning: { channel in await onListening(channel.localAddress?.port) }, logger: logger)
        try await withThrowingTaskGroup { group in
            group.addTask { await removal.run() }
            try await CancellableServer(application, logger: logger).run()
            group.cancelAll()
        }
    }

    /// Where the hub may act, as the site says it now.
    var scope: GateScope {
        let policy = policy.current
        return GateScope(namespaces: policy.namespaces ?? [client.namespace], hub: policy.hub)
    }

    private struct Responder: HTTPResponder {
        let gate: APIGate

        func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
            try await gate.answer(request)
        }
    }
}
