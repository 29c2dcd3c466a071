package import OrreryModel

/// How a proxy reaches the hub whose routes it follows.
package struct HubAccess: Sendable {
    /// `http://host:port` or `https://host:port`, without a slash at the end.
    package var url: String
    package var token: Secret
    /// The authorities in PEM that the hub's certificate must come from; nil for those of the system.
    package var authority: String?
    /// How often the hub is told which routes were used.
    package var activityInterval: Duration = .seconds(10)
    /// After how much silence the connection is taken anew. The hub says something every ten seconds.
    package var silence: Duration = .seconds(30)

    /// Nil for a URL that is more than scheme, host and port.
    package init?(url: String, token: Secret, authority: String? = nil) {
        var base = Substring(url)
        while base.last == "/" { base.removeLast() }
        guard let target = Target(String(base)), target.path.isEmpty, target.query.isEmpty else { return nil }
        switch target.place {
        case .tcp, .tls: break
        case .unix, .cluster, .api: return nil
        }
        self.url = String(base)
        self.token = token
        self.authority = authority
    }
}
