internal import Glibc
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import OrreryServing
internal import ServiceLifecycle

/// The API as a service: listens, answers, and ends its watches first when a shutdown begins.
struct APIService: Service {
    let store: ObjectStore
    let configuration: PocketConfiguration
    let logs: any PodLogs
    let logger: Logger
    /// Called with the port once connections are taken.
    let onListening: @Sendable (Int) async -> Void

    func run() async throws {
        let api = API(store: store, configuration: configuration, logs: logs)
        let application = Application(
            responder: api,
            server: .http1(configuration: HTTP1Channel.Configuration(idleTimeout: .seconds(90))),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                availableConnectionsDelegate: MaximumAvailableConnections(configuration.limits.connections)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? configuration.port
                logger.info(
                    "API listening", metadata: ["cluster": "\(configuration.cluster)", "port": "\(port)"])
                await onListening(port)
            },
            logger: logger)
        do {
            try await CancellableServer(Listening(application: application, store: store), logger: logger).run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw PocketError.machine(
                "\(configuration.host):\(configuration.port) is taken by another program: stop that one, or write another "
                    + "address at `listen`")
        }
    }
    /// The web server, whose watches end when it is told to.
    private struct Listening<Application: ApplicationProtocol>: Service {
        let application: Application
        let store: ObjectStore

        func run() async throws {
            try await withGracefulShutdownHandler {
                try await application.run()
            } onGracefulShutdown: {
                store.finish()
            }
        }
    }
}
