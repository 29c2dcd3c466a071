/// Makes HTTP exchanges with the world outside: issuers, Kubernetes API servers, the proxy's REST interface.
///
/// All exchanges share one libcurl multi handle on one thread, and with it a pool of kept-alive connections. Make one
/// fetcher per process, and another one only for requests whose `isOnly` would have it forget the others' addresses. When
/// the last reference goes, every exchange under way ends as cancelled.
///
/// Concurrency: any number of tasks may call it at once.
package final class Fetcher: Sendable {
    private let loop: FetchLoop

    package init() { loop = FetchLoop.start() }

    deinit { loop.stop() }

    /// The whole answer. Throws when there is none, or when its body is longer than `request.bodyLimit`.
    package func fetch(_ request: FetchRequest) async throws(FetchError) -> FetchResponse {
        try await begin(request, .collect).response()
    }

    /// The answer's head, and its body as it comes.
    package func stream(_ request: FetchRequest) async throws(FetchError) -> FetchStream {
        try await begin(request, .stream).stream()
    }

    private func begin(_ request: FetchRequest, _ mode: Transfer.Mode) throws(FetchError) -> TransferLease {
        let transfer = Transfer(request, origin: try request.check(), mode: mode)
        // Before a byte is sent: whoever was cancelled wants nothing done any more.
        guard !Task.isCancelled else { throw transfer.cancelled }
        return loop.begin(transfer)
    }
}
