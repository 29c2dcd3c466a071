package import OrreryModel

/// How one cluster's API is reached, and as whom. Nothing in it is printed but name, server and namespace.
package struct ClusterAccess: Sendable {
    /// The cluster's name in configuration, pages and records.
    package let name: String
    /// `https://host:port` without a slash at its end.
    package let server: String
    package let credential: Credential
    package let authority: Authority
    /// Where sessions live.
    package let namespace: String
    /// How much of the API the hub takes.
    package var budget = Budget()
    /// Whether addresses of its pods mean its pods from here, too. Behind an agent they may be those of other machines, so
    /// whoever knows that they do must say so.
    package var hasPodsInReach = false
    /// Which way leads to its pods.
    package var reach = Reach.direct
    /// How long it may give no answer before it counts as one that cannot be reached.
    package var patience = Duration.zero

    package init(name: String, server: String, credential: Credential, authority: Authority, namespace: String) {
        self.name = name
        self.server = server.hasSuffix("/") ? String(server.dropLast()) : server
        self.credential = credential
        self.authority = authority
        self.namespace = namespace
    }

    /// With a token; `authority` in PEM, nil for those of the system.
    package init(name: String, server: String, token: Secret, authority: String? = nil, namespace: String) {
        self.init(
            name: name, server: server, credential: .token(token), authority: authority.map { .pem($0) } ?? .system,
            namespace: namespace)
    }
}

extension ClusterAccess {
    /// How its API and its pods are reached.
    package enum Reach: Hashable, Sendable {
        case direct
        /// Through connections that its agent dials to the proxy.
        case agent
    }

    /// What the proxy is told of a pod's server that listens at `address` (`host:port`).
    package func target(_ address: String, pod: String?) -> String {
        guard reach == .agent, let pod, let colon = address.lastIndex(of: ":") else { return "http://\(address)" }
        return "cluster:\(name)/\(pod)\(address[colon...])"
    }

    /// Who is believed to be the cluster, as text: what is kept for one place is never shown at another. A file counts by its
    /// path: whoever exchanges what is in it says that it is still the same cluster.
    package var place: [String] {
        switch authority {
        case .system: [server, "system"]
        case .pem(let text): [server, "pem", text]
        case .file(let path): [server, "file", path]
        }
    }

    /// Whether a client of `other` would do the same.
    package func isSame(as other: ClusterAccess) -> Bool {
        name == other.name && server == other.server && namespace == other.namespace && reach == other.reach
            && patience == other.patience
    }
}

extension ClusterAccess: CustomStringConvertible, CustomReflectable {
    package var description: String { "\(name) (\(server), namespace \(namespace))" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
