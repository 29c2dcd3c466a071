package import OrreryModel

/// The first thing an agent says: who it is, what its cluster is, and why it should be let in.
package struct AgentHello: Equatable, Sendable {
    package struct Cluster: Equatable, Sendable {
        /// The name that the site wishes for; nil leaves it to the hub.
        package var name: String?
        /// The uid of the namespace kube-system, by which a cluster is known.
        package var uid: String
        package var kubernetes: String
        package var namespaces: [String]

        package init(name: String? = nil, uid: String, kubernetes: String, namespaces: [String]) {
            self.name = name
            self.uid = uid
            self.kubernetes = kubernetes
            self.namespaces = namespaces
        }
    }

    /// What a rule of admission may want to see.
    package struct Join: Equatable, Sendable {
        package var token: Secret?
        package var oidc: Secret?
        /// A chain of certificates in PEM, with the proof that its key is the agent's to use.
        package var chain: String?
        package var proof: String?

        package init(token: Secret? = nil, oidc: Secret? = nil, chain: String? = nil, proof: String? = nil) {
            self.token = token
            self.oidc = oidc
            self.chain = chain
            self.proof = proof
        }

        package var isEmpty: Bool { token == nil && oidc == nil && chain == nil && proof == nil }
    }

    package var agent: AgentID
    package var version: String
    /// The agent's clock, in seconds since 1970.
    package var time: Int64
    /// The host as the agent dialled it.
    package var host: String
    package var cluster: Cluster
    package var join: Join

    /// The version of the protocol that this is.
    package static let `protocol`: Int64 = 1

    package init(
        agent: AgentID, version: String, time: Int64, host: String, cluster: Cluster, join: Join = Join()
    ) {
        self.agent = agent
        self.version = version
        self.time = time
        self.host = host
        self.cluster = cluster
        self.join = join
    }
}
