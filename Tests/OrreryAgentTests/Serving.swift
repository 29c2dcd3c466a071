import Logging
import ServiceLifecycle

/// Runs `service` while `work` does, and ends it as a signal would: a server that is cancelled in the midst of taking a
/// connection does not survive that. Connections that are left open do not keep it.
func serving(_ service: any Service, while work: () async throws -> Void) async throws {
    var configuration = ServiceGroupConfiguration(
        services: [service], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    configuration.maximumGracefulShutdownDuration = .milliseconds(300)
    let group = ServiceGroup(configuration: configuration)
    try await withThrowingTaskGroup { tasks in
        tasks.addTask { try await group.run() }
        var failure: (any Error)?
        do { try await work() } catch { failure = error }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        if let failure { throw failure }
    }
}
