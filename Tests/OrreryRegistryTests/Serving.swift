import Hummingbird
import Logging

/// A server on loopback that answers as a test says, cancelled when the test has done its work.
func serving(
    _ answer: @escaping @Sendable (Request) async throws -> Response, while work: (_ url: String) async throws -> Void
) async throws {
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let application = Application(
        responder: CallbackResponder<BasicRequestContext> { request, _ in try await answer(request) },
        configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { listening.yield($0.localAddress?.port ?? 0) },
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    try await withThrowingTaskGroup { tasks in
        tasks.addTask { try await application.run() }
        for await port in ports {
            try await work("http://127.0.0.1:\(port)")
            break
        }
        tasks.cancelAll()
    }
}
