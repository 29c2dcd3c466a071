internal import Hummingbird
internal import HummingbirdCore

extension Request {
    /// Runs `work`, and calls `left` when the client closes its side meanwhile. Only for answers that go on for long:
    /// afterwards the connection takes no further request.
    @concurrent func whileConnected(left: @escaping @Sendable () -> Void, _ work: @concurrent () async throws -> Void)
        async throws
    {
        let (ending, end) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup { group in
            defer { end.finish() }
            group.addTask {
                try await body.consumeWithInboundCloseHandler { _ in
                    for await _ in ending {}
                } onInboundClosed: {
                    left()
                }
            }
            try await work()
        }
    }
}
