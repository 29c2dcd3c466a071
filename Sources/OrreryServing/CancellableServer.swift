package import Logging
package import ServiceLifecycle

/// A web server that may be cancelled. The library's own does not survive that: a connection that it has taken and not looked
/// at yet ends the process. This one is shut down gracefully instead, and what is being answered then has a little time.
package struct CancellableServer: Service {
    private let server: any Service
    private let patience: Duration
    private let logger: Logger

    /// `patience` is what answers have after a cancellation; a graceful shutdown of the surroundings waits for all of them.
    package init(_ server: any Service, patience: Duration = .seconds(1), logger: Logger) {
        self.server = server
        self.patience = patience
        self.logger = logger
    }

    /// Serves until the task is cancelled or a shutdown begins.
    package func run() async throws {
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [server], logger: logger))
        // A task of its own: cancellation must not reach the server before it has stopped taking connections.
        let running = Task { try await group.run() }
        try await withTaskCancellationHandler {
            try await running.value
        } onCancel: {
            Task {
                await group.triggerGracefulShutdown()
                try? await Task.sleep(for: patience)
                running.cancel()
            }
        }
    }
}
