/// What requests and answers look like on the other side: configurable-http-proxy's options, with its defaults.
package struct ForwardingOptions: Sendable, Equatable {
    /// Say in `X-Forwarded-*` what is known of the client; else those fields are left as they came.
    package var xForward = true
    /// Put the path of a target before the request's.
    package var prependsPath = true
    /// Leave the prefix of the route in the request's path.
    package var includesPrefix = true
    /// Let redirects to the target lead to the host that the request named.
    package var autoRewrite = false
    /// Let redirects to the target lead to this scheme.
    package var protocolRewrite: String?
    /// Say the target's host in `Host`.
    package var changesOrigin = false
    /// Fields of every request, in place of the client's of the same name.
    package var customHeaders: [CustomHeader] = []

    package init() {}

    /// Whether answers are to be looked at for redirects.
    var rewritesRedirects: Bool { autoRewrite || protocolRewrite != nil }
}
