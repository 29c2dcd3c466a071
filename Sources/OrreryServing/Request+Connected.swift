package import Hummingbird
import HummingbirdCore

extension Request {
    /// Runs `work`, and calls `left` when the client closes its side meanwhile; its end is awaited. Only for answers that go
    /// on for long, to requests of which no body has been read: afterwards the connection takes no further request.
    @concurrent package func whileConnected(
        left: @escaping @Sendable () -> Void, _ work: @concurrent () async throws -> Void
    ) async throws {
        let (ending, end) = AsyncStream.makeStream(of: Void.self)
        // The library ends the process when it is cancelled, or left, before it has seen the end of the request. So this is
        // a task that nobody cancels, and it reads to that end, work or no work.
        let listening = Task {
            try await body.consumeWithInboundCloseHandler { rest in
                for try await _ in rest {}
                for await _ in ending {}
            } onInboundClosed: {
                left()
            }
        }
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await work()) } catch { outcome = .failure(error) }
        end.finish()
        // What it fails with is that the client has gone, which `left` has heard.
        _ = await listening.result
        try outcome.get()
    }
}
