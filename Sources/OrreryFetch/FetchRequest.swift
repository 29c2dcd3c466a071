/// One HTTP exchange to make. Redirects are answers unless asked for; only `http` and `https` are spoken; no proxy, cookie
/// or credential is taken from the environment.
package struct FetchRequest: Sendable {
    package var method: String
    /// Absolute and already percent-encoded. A URL with user information, spaces, control or non-ASCII characters is refused.
    package var url: String
    package var headers: [(name: String, value: String)]
    /// Sent with its length. Without a `Content-Type` among the headers none is sent.
    package var body: [UInt8]?
    /// How long resolving, connecting and the TLS handshake may take together.
    package var connectLimit: Duration
    /// How long the whole exchange may take; nil for a stream that may last for days.
    package var limit: Duration?
    /// How long nothing may arrive, in whole seconds rounded up; nil for no such limit. A consumer that does not read
    /// does not count as a stall.
    package var stallLimit: Duration?
    /// The longest body that `Fetcher.fetch` collects. A stream is bounded by its buffer instead.
    package var bodyLimit: Int
    package var trust: Trust
    package var client: ClientCertificate?
    /// Follows at most five redirects, to `http` and `https` only; the answer is that of the last one.
    package var followsRedirects: Bool
    /// Takes the answer compressed with gzip, too; `bodyLimit` counts it unpacked.
    package var acceptsGzip = false
    /// Closes the connection afterwards, and has its fetcher forget all addresses that it knows: for one that asks each place once,
    /// since libcurl looks through what it remembers with every request.
    package var isOnly = false
    /// To which addresses it may go, whatever name leads there.
    package var reach = Reach.anywhere

    package init(
        _ method: String = "GET", url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        connectLimit: Duration = .seconds(5), limit: Duration? = .seconds(30), stallLimit: Duration? = nil,
        bodyLimit: Int = 8 << 20, trust: Trust = .system, client: ClientCertificate? = nil,
        followsRedirects: Bool = false
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.connectLimit = connectLimit
        self.limit = limit
        self.stallLimit = stallLimit
        self.bodyLimit = bodyLimit
        self.trust = trust
        self.client = client
        self.followsRedirects = followsRedirects
    }

    /// Which addresses a name may stand for. Looked at when a connection is made, after the name was resolved, so that a name
    /// server cannot lead the hub to its own neighbours.
    package enum Reach: Hashable, Sendable {
        case anywhere
        /// Neither this machine, nor its link, where clouds answer with the machine's credentials.
        case networks
        /// Nor a private network.
        case publicNetworks
    }

    /// Whose certificates are believed.
    package enum Trust: Hashable, Sendable {
        case system
        /// Only certificates issued under one of these, in PEM.
        case authority(pem: String)
    }
}

/// A certificate chain and its private key, both in PEM. Never printed.
package struct ClientCertificate: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    let chain: String
    let key: String

    package init(chain: String, key: String) {
        self.chain = chain
        self.key = key
    }

    package var description: String { "‹client certificate›" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Method, scheme and authority only: the path's query, the header fields and the body may hold secrets.
extension FetchRequest: CustomStringConvertible, CustomReflectable {
    package var description: String { "\(method) \(Origin(url: url)?.description ?? "‹no usable URL›")" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
