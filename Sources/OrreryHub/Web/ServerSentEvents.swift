import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// An answer that goes on for as long as something happens (WHATWG HTML 9.2).
enum ServerSentEvents {
    /// Sends what `text` makes of each of `events` as it comes, a whole event with its empty line, and ends with them or
    /// when the hub stops. An empty line every eight seconds shows that the connection lives, and finds out when it does not.
    static func response<Event: Sendable>(
        of events: AsyncStream<Event>, as text: @escaping @Sendable (Event) throws -> String
    ) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-cache"],
            body: ResponseBody { writer in
                for await event in beating(events).cancelOnGracefulShutdown() {
                    try await writer.write(ByteBuffer(string: event.map(text) ?? "\n"))
                }
                try await writer.finish(nil)
            })
    }

    /// `events`, and nil after every eight seconds.
    private static func beating<Event: Sendable>(_ events: AsyncStream<Event>) -> AsyncStream<Event?> {
        AsyncStream { continuation in
            let forwarding = Task {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { for await event in events { continuation.yield(event) } }
                    group.addTask {
                        while (try? await Task.sleep(for: .seconds(8))) != nil { continuation.yield(nil) }
                    }
                    await group.next()
                    group.cancelAll()
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in forwarding.cancel() }
        }
    }
}
