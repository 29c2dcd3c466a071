package import OrreryKubernetes
package import OrreryLink

/// What an agent is run with.
package struct AgentConfiguration: Sendable {
    package var join: JoinString
    /// The cluster's API, and the namespace of the sessions.
    package var access: ClusterAccess
    /// Where the agent itself lives, and its Secret.
    package var ownNamespace: String
    /// Where the key is kept instead of a Secret.
    package var state: String?
    /// The site's policy; nil for none.
    package var policy: String?
    /// The name that the site wishes for its cluster.
    package var wish: String?
    /// Whose word counts for a proxy's certificate, a PEM file; nil for the system's. Not asked with pins.
    package var authorities: String?
    package var evidence = JoinEvidence()
    package var httpProxy: HTTPProxy?
    /// How long what runs may go on once the agent is told to leave.
    package var grace = Duration.seconds(50)
    package var limits = RelayLimits()

    package init(join: JoinString, access: ClusterAccess, ownNamespace: String) {
        self.join = join
        self.access = access
        self.ownNamespace = ownNamespace
    }

    /// The same cluster at another namespace.
    func access(in namespace: String) -> ClusterAccess {
        ClusterAccess(
            name: access.name, server: access.server, credential: access.credential, authority: access.authority,
            namespace: namespace)
    }
}

/// Files by which a site shows who it is; read anew for every hello, since they are renewed in place.
package struct JoinEvidence: Sendable {
    /// A token of an identity provider.
    package var oidc: String?
    /// A chain of certificates, and the key of the first.
    package var chain: String?
    package var chainKey: String?

    package init() {}
}
