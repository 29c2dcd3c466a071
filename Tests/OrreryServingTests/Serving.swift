import Hummingbird
import Logging
import OrreryFetch
import OrreryServing
import Synchronization

/// A server that answers as a test says, cancelled when the test has done its work.
func serving(
    patience: Duration = .seconds(60), _ answer: @escaping @Sendable (Request) async throws -> Response,
    while work: (_ url: String) async throws -> Void
) async throws {
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let application = Application(
        responder: CallbackResponder<BasicRequestContext> { request, _ in try await answer(request) },
        configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { listening.yield($0.localAddress?.port ?? 0) }, logger: quiet)
    try await withThrowingTaskGroup { tasks in
        tasks.addTask {
            try await CancellableServer(application, patience: patience, logger: quiet).run()
        }
        for await port in ports {
            try await work("http://127.0.0.1:\(port)/")
            break
        }
        tasks.cancelAll()
    }
}

/// Waits until `condition` holds, for at most a minute.
func soon(_ condition: () -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(60)
    while !condition() {
        guard ContinuousClock.now < deadline else { return false }
        await Task.yield()
    }
    return true
}

final class Flag: Sendable {
    private let isSet = Atomic(false)
    func set() { isSet.store(true, ordering: .relaxed) }
    var value: Bool { isSet.load(ordering: .relaxed) }
}
