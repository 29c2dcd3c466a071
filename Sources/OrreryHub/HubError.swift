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

    /// Whose doing it is and what a client makes of it; the number is the HTTP status.
    package enum Kind: Int, Sendable {
        case badRequest = 400
        case forbidden = 403
        case notFound = 404
        case conflict = 409
        case tooLarge = 413
        case unprocessable = 422
        case stopped = 424
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
}

extension HubError: CustomStringConvertible {
    package var description: String { next.map { "\(message); \($0)" } ?? message }
}
