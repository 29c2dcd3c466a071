/// Why the hub does not do what was asked, for the one who asked: what happened, and what helps. `detail` is for the
/// operator's log alone.
package struct HubError: Error, Sendable {
    package let kind: Kind
    /// What happened, as a sentence without a full stop. It may stand on a page: no secret, no address of a pod.
    package let message: String
    /// What the reader can do, as a sentence without a full stop; nil when nothing helps.
    package let next: String?
    /// Facts for the log, never shown.
    package let detail: String?
    /// Fields that the answer carries besides, by their names.
    package private(set) var headers: [String: String] = [:]

    /// Whose doing it is and what a client makes of it; the number is the HTTP status.
    package enum Kind: Int, Sendable {
        case badRequest = 400
        /// A token came that is not good (RFC 6750 3.1).
        case unauthorized = 401
        case forbidden = 403
        case notFound = 404
        case wrongMethod = 405
        case conflict = 409
        case tooLarge = 413
        case unprocessable = 422
        case stopped = 424
        /// Asked too often; `Retry-After` says when it may be again.
        case tooMany = 429
        /// Our own fault.
        case broken = 500
        /// Something that we need does not answer: the store, an issuer, the proxy. Trying later is right.
        case unavailable = 503
        /// The hub cannot start: its configuration, its ports or its files are the operator's to mend.
        case cannotStart = 599
    }

    package init(_ kind: Kind, _ message: String, next: String? = nil, detail: String? = nil) {
        self.kind = kind
        self.message = message
        self.next = next
        self.detail = detail
    }

    /// The same, with a field of the answer.
    func with(_ name: String, _ value: String) -> HubError {
        var error = self
        error.headers[name] = value
        return error
    }

    /// The same, with what a bearer has to know (RFC 6750 3).
    func challenging(_ challenge: String) -> HubError { with("WWW-Authenticate", challenge) }

    static func tooMany(retryAfter wait: Duration, _ message: String) -> HubError {
        HubError(.tooMany, message, next: "try again in \(wait.wholeSeconds) seconds")
            .with("Retry-After", "\(wait.wholeSeconds)")
    }
}

extension Duration {
    /// Rounded up, and one at least: what `Retry-After` can say.
    var wholeSeconds: Int64 { max(1, components.seconds + (components.attoseconds > 0 ? 1 : 0)) }
}

extension HubError: CustomStringConvertible {
    package var description: String { next.map { "\(message); \($0)" } ?? message }
}
