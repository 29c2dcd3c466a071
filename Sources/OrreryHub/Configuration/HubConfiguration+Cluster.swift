import OrreryDocument
import OrreryFetch
import OrreryKubernetes
import OrreryModel
import OrreryPolicy

extension HubConfiguration.Cluster {
    /// One entry of `clusters`:
    ///
    /// | key | |
    /// |---|---|
    /// | `title` | what people read; absent: the name |
    /// | `kubeconfig` | `file:PATH`: server, authority and credential from there |
    /// | `inCluster` | `true`: the cluster in which the hub itself runs, with its pod's service account |
    /// | `server`, `ca`, `token` or `certificate` | or all of it here |
    /// | `holds` | what is trusted to lie there; absent: `ordinary` |
    /// | `namespace` | where sessions live; absent: what the kubeconfig's context, or the hub's pod, has |
    /// | `budget` | how much of its API the hub takes: calls a second (`rate`, 20), after so many at once (`burst`, 40) |
    ///
    /// and what placement is told of it: `HubConfiguration.facts`.
    init(_ name: String, _ node: DocumentNode, groups: [String]) throws(DocumentError) {
        let keys = try node.mapping(
            [
                "title", "server", "token", "certificate", "ca", "namespace", "holds", "kubeconfig", "inCluster",
                "budget",
            ]
                + HubConfiguration.factKeys)
        let title = try keys["title"]?.string() ?? name
        var access = try Self.access(name, keys)
        access.hasPodsInReach = true
        if let budget = try keys["budget"]?.mapping(["rate", "burst"]) {
            if let rate = try budget["rate"]?.int(in: 1...10_000) { access.budget.callsPerSecond = Double(rate) }
            if let burst = try budget["burst"]?.int(in: 1...10_000) { access.budget.burst = burst }
        }
        self.init(
            title: title, access: access,
            facts: try HubConfiguration.facts(of: name, title: title, keys, groups: groups))
        if let holds = try Self.holds(keys) { self.holds = holds }
    }

    static func holds(_ keys: DocumentMapping) throws(DocumentError) -> Set<String>? {
        var words: Set<String> = []
        for word in try keys["holds"]?.list() ?? [] { words.insert(try word.trustWord()) }
        return keys["holds"] == nil ? nil : words
    }

    private static func access(_ name: String, _ keys: DocumentMapping) throws(DocumentError) -> ClusterAccess {
        let namespace = try keys["namespace"]?.namespace()
        if let file = keys["kubeconfig"] {
            try keys.refuse(["server", "token", "certificate", "ca", "inCluster"], beside: "kubeconfig")
            return try Kubeconfig.read(try file.document(), name: name, namespace: namespace, origin: .local)
        }
        if let inCluster = keys["inCluster"], try inCluster.bool() {
            try keys.refuse(["server", "token", "certificate", "ca"], beside: "inCluster")
            do { return try .inCluster(name: name, namespace: namespace) } catch {
                throw inCluster.error("\(error)")
            }
        }
        return ClusterAccess(
            name: name, server: try HubConfiguration.baseURL(keys.required("server")), credential: try credential(keys),
            authority: try keys["ca"].map(HubConfiguration.pem).map { .pem($0) } ?? .system,
            namespace: try keys.required("namespace").namespace())
    }

    private static func credential(_ keys: DocumentMapping) throws(DocumentError) -> Credential {
        switch (keys["token"], keys["certificate"]) {
        case (let token?, nil):
            return .token(try token.secret())
        case (nil, let certificate?):
            let pair = try certificate.mapping(["chain", "key"])
            return .certificate(
                ClientCertificate(
                    chain: try HubConfiguration.pem(pair.required("chain")),
                    key: try HubConfiguration.pem(pair.required("key"))))
        default:
            throw keys.node.error("either `token` or `certificate` is needed")
        }
    }
}

extension HubConfiguration.Expected {
    /// One entry of `clusters` with `agent: true`: a cluster that joins by itself. `title`, `holds`, `namespace`, and what
    /// placement is told of it: `HubConfiguration.facts`. How it is reached is not said, nor what is decided about it.
    init(_ name: String, _ node: DocumentNode, groups: [String]) throws(DocumentError) {
        let keys = try node.mapping(["agent", "title", "namespace", "holds"] + HubConfiguration.factKeys)
        for (key, command) in [("trust", "trust"), ("scheduling", "cordon")] {
            guard let node = keys[key] else { continue }
            throw node.error(
                "`\(key)` of a cluster that joins is said by the rule of `admission` that lets it in, and from then on by "
                    + "`orrery clusters \(command)`: leave it out here")
        }
        let title = try keys["title"]?.string() ?? name
        self.init(
            title: title, facts: try HubConfiguration.facts(of: name, title: title, keys, groups: groups),
            holds: try HubConfiguration.Cluster.holds(keys), namespace: try keys["namespace"]?.namespace())
    }
}

extension DocumentMapping {
    fileprivate func refuse(_ others: [String], beside key: String) throws(DocumentError) {
        for other in others {
            if let node = self[other] { throw node.error("`\(other)` says the same as `\(key)`: write one of them") }
        }
    }
}

extension DocumentNode {
    /// The name of a namespace, as Kubernetes takes it.
    fileprivate func namespace() throws(DocumentError) -> String {
        let name = try string()
        guard name.isDNSLabel else {
            throw error("Kubernetes takes no namespace of this name: small letters, digits and hyphens are, 63 at most")
        }
        return name
    }
}
