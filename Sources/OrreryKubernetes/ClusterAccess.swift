package import OrreryFetch
package import OrreryModel

/// How one cluster's API is reached, and as whom. Nothing in it is printed but name, server and namespace.
package struct ClusterAccess: Sendable {
    /// The cluster's name in configuration, pages and records.
    package let name: String
    /// `https://host:port` without a slash at its end.
    package let server: String
    package let credential: Credential
    /// The authority that signed the API server's certificate, in PEM; nil for the system's.
    package let authority: String?
    /// Where sessions live.
    package let namespace: String

    package init(name: String, server: String, credential: Credential, authority: String?, namespace: String) {
        self.name = name
        self.server = server.hasSuffix("/") ? String(server.dropLast()) : server
        self.credential = credential
        self.authority = authority
        self.namespace = namespace
    }

    package init(name: String, server: String, token: Secret, authority: String? = nil, namespace: String) {
        self.init(
            name: name, server: server, credential: .token(token), authority: authority, namespace: namespace)
    }

    package enum Credential: Sendable {
        case token(Secret)
        case certificate(ClientCertificate)
    }
}

extension ClusterAccess: CustomStringConvertible, CustomReflectable {
    package var description: String { "\(name) (\(server), namespace \(namespace))" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
