/// Why an exchange gave no answer. An answer with an error status is an answer, not a `FetchError`.
///
/// `message` is one clause for a log or a page: it names host and port and what went wrong, never the path, the query, a
/// header or a secret.
package struct FetchError: Error, Hashable, Sendable, CustomStringConvertible {
    package let kind: Kind
    package let message: String
    /// Host and port of the request's URL as `host:port`; empty when the URL itself was refused.
    package let host: String

    package init(_ kind: Kind, _ message: String, host: String) {
        self.kind = kind
        self.message = message
        self.host = host
    }

    package var description: String { message }

    package enum Kind: String, Hashable, Sendable {
        case cannotConnect
        case cannotResolve
        /// The other side's certificate is not trusted, or ours was refused, or no common TLS version was found.
        case tls
        case timedOut
        /// The answer is longer than the request allows.
        case tooLarge
        /// The connection ended before the answer was complete.
        case cut
        /// What came back is not HTTP.
        case badAnswer
        /// The task was cancelled, or the fetcher is gone.
        case cancelled
        /// Our own doing: a URL, method, header, certificate or key that cannot be sent.
        case badRequest
    }
}
