import Logging
import OrreryHub
import ServiceLifecycle
import UnixSignals

/// One group of services per program, from start to signal. What goes wrong ends as one sentence on standard error.
enum Run {
    /// What `make` makes.
    static func prepared<Value>(_ logger: Logger, _ make: () async throws -> Value) async throws -> Value {
        do { return try await make() } catch { throw failure(error, logger) }
    }

    /// Runs `services` until SIGTERM or SIGINT, or until one of them ends, and stops the others then.
    static func untilSignal(_ services: [any Service], logger: Logger) async throws {
        let group = ServiceGroup(
            configuration: .init(
                services: services.map {
                    .init(
                        service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .gracefullyShutdownGroup)
                },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do { try await group.run() } catch { throw failure(error, logger) }
    }

    private static func failure(_ error: any Error, _ logger: Logger) -> Failure {
        if let detail = (error as? HubError)?.detail { logger.error("cannot go on", metadata: ["detail": "\(detail)"]) }
        return Failure("\(error)")
    }
}
