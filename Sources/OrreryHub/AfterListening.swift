import Logging
import ServiceLifecycle

/// Services that begin only once the hub's address is its own; they end in the opposite order of their list.
struct AfterListening: Service {
    private let group: ServiceGroup
    private let listening: AsyncStream<Void>

    /// `listening` gives its one element when the hub listens. It is read once.
    init(_ services: [any Service], listening: AsyncStream<Void>, logger: Logger) {
        group = ServiceGroup(configuration: .init(services: services, logger: logger))
        self.listening = listening
    }

    func run() async throws {
        for await _ in listening.cancelOnGracefulShutdown() { return try await group.run() }
    }
}
