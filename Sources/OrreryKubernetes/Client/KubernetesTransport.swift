package import OrreryFetch

/// How requests travel to an API server: by libcurl, or by a script in a test.
package protocol KubernetesTransport: Sendable {
    func fetch(_ request: FetchRequest) async throws(FetchError) -> FetchResponse
    func stream(_ request: FetchRequest) async throws(FetchError) -> StreamedAnswer
}

/// An answer whose body is still coming. Read it from one task, once; dropping it ends the transfer.
package struct StreamedAnswer: Sendable {
    package let status: Int
    package let headers: FetchHeaders
    /// The next piece of the body, of any size; nil at its proper end.
    package let next: @Sendable () async throws(FetchError) -> [UInt8]?

    package init(
        status: Int, headers: FetchHeaders, next: @escaping @Sendable () async throws(FetchError) -> [UInt8]?
    ) {
        self.status = status
        self.headers = headers
        self.next = next
    }
}

extension Fetcher: KubernetesTransport {
    package func stream(_ request: FetchRequest) async throws(FetchError) -> StreamedAnswer {
        let stream: FetchStream = try await stream(request)
        return StreamedAnswer(status: stream.status, headers: stream.headers) { () async throws(FetchError) in
            // All iterators of one stream read from the same transfer.
            var iterator = stream.makeAsyncIterator()
            return try await iterator.next()
        }
    }
}
