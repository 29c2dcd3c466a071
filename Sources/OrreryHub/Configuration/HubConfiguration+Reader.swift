package import OrreryDocument
import OrreryFetch
import OrreryIdentity
import OrreryKubernetes
import OrreryModel
import OrreryPolicy

extension HubConfiguration {
    /// Reads `orrery.yaml`. Relative paths are counted from its directory; a secret is written as `file:PATH`. An unknown
    /// key, a group that no rule makes and an address that is not one are errors with their place.
    ///
    /// | key | default | meaning |
    /// |---|---|---|
    /// | `url` | required | address at which people reach the site: scheme, host, port |
    /// | `domain` | the host of `url` | hosts below it are the site's too: the gate gives tickets for them |
    /// | `hub.listen` | `127.0.0.1:8081` | where the hub listens; only the proxy and the pods need to reach it |
    /// | `hub.forwarders` | none | addresses and networks of machines in front of the proxy that are believed |
    /// | `hub.database` | `state/orrery.sqlite` | the SQLite file |
    /// | `hub.keys` | `orrery.keys` beside the database | the file with the keys of stored secrets; made when missing |
    /// | `hub.audit.keep` | for ever | how long records of the audit log stay: whole months that are older go |
    /// | `hub.away` | `40s` | how long a cluster that joined may be away before it counts as unreachable |
    /// | `hub.api` | `<url>/hub/api` | the hub's REST API as pods reach it |
    /// | `proxy.listen` | `127.0.0.1:8000` | where the proxy listens for browsers |
    /// | `proxy.api` | `127.0.0.1:8001` | the REST interface of `orrery up`'s proxy |
    /// | `proxy.inner` | none | where the proxy takes the hub's calls to clusters that joined |
    /// | `proxy.token` | required | the secret of proxies that follow |
    /// | `policy` | `policy` | directory of the policy documents |
    /// | `auth` | required | who may enter; see `docs/configuration.md` |
    /// | `admission` | `[{rule: token}, {rule: claim}]` | which clusters may join; see `admission` |
    /// | `notebook` | nothing | tokens that the hub signs for sessions; see `notebook` |
    /// | `clusters.<name>.title` | the name | what people read |
    /// | `clusters.<name>.server` | required | URL of the Kubernetes API |
    /// | `clusters.<name>.token` | | bearer token |
    /// | `clusters.<name>.certificate` | | client certificate: `chain` and `key`, instead of a token |
    /// | `clusters.<name>.ca` | the system's | PEM of the authority that signed the API server's certificate |
    /// | `clusters.<name>.namespace` | required | where the sessions' pods are made |
    /// | `clusters.<name>.holds` | `[ordinary]` | words of `clusters: {trust}` in filesets that it may hold |
    ///
    /// What else may be said of a cluster stands at `facts`.
    package static func read(file path: String) throws(DocumentError) -> HubConfiguration {
        let source = try Source(path: path)
        var configuration = try read(source.document)
        configuration.source = source
        return configuration
    }

    package static func read(_ root: DocumentNode) throws(DocumentError) -> HubConfiguration {
        let keys = try root.mapping([
            "url", "domain", "hub", "proxy", "policy", "auth", "admission", "clusters", "notebook",
        ])
        let url = try publicURL(keys.required("url"))
        let hub = try keys["hub"]?.mapping(["listen", "forwarders", "database", "keys", "audit", "api", "away"])
        let database = try hub?["database"]?.filePath() ?? root.relative("state/orrery.sqlite")
        let auth = try Auth.read(keys.required("auth"), url: url)
        let configuration = HubConfiguration(
            url: url,
            domain: try keys["domain"].map(domain),
            listen: try hub?["listen"].map(listenAddress) ?? ListenAddress(host: "127.0.0.1", port: 8081),
            forwarders: try networks(hub?["forwarders"]),
            database: database,
            keys: try hub?["keys"]?.filePath() ?? beside(database, "orrery.keys"),
            auditKept: try hub?["audit"]?.mapping(["keep"]).required("keep").duration(),
            api: try hub?["api"].map(baseURL) ?? "\(url.origin)/hub/api",
            proxy: try proxy(keys.required("proxy")),
            policy: try keys["policy"]?.filePath() ?? root.relative("policy"),
            auth: auth,
            clusters: try clusters(keys["clusters"], groups: auth.groups.map(\.name)),
            notebook: try notebook(keys["notebook"]),
            expected: try expected(keys["clusters"], groups: auth.groups.map(\.name)),
            away: try hub?["away"]?.duration() ?? .seconds(40),
            admission: try admission(keys["admission"], auth: auth))
        try checkAddresses(of: configuration, hub?["listen"], keys.required("proxy"))
        return configuration
    }

    /// Two servers with the same address: one of them would never begin, or be asked for what only the other has. An address
    /// that is not written counts too, except `proxy.api`, which only the proxy of `orrery up` has.
    private static func checkAddresses(
        of configuration: HubConfiguration, _ hub: DocumentNode?, _ proxy: DocumentNode
    ) throws(DocumentError) {
        let keys = try proxy.mapping(["listen", "api", "inner", "token"])
        var addresses: [(name: String, address: ListenAddress?, node: DocumentNode?)] = [
            ("hub.listen", configuration.listen, hub), ("proxy.listen", configuration.proxy.listen, keys["listen"]),
            ("proxy.inner", configuration.proxy.inner, keys["inner"]),
        ]
        if let api = keys["api"] { addresses.append(("proxy.api", configuration.proxy.api, api)) }
        var taken: [ListenAddress: String] = [:]
        for case (let name, let address?, let node) in addresses where address.port != 0 {
            // Port 0 is another one each time.
            guard let other = taken.updateValue(name, forKey: address) else { continue }
            throw (node ?? proxy).error("\(name) and \(other) are both \(address): name another port for one of them")
        }
    }

    private static func proxy(_ node: DocumentNode) throws(DocumentError) -> Proxy {
        let keys = try node.mapping(["listen", "api", "inner", "token"])
        var proxy = Proxy(
            listen: try keys["listen"].map(listenAddress) ?? ListenAddress(host: "127.0.0.1", port: 8000),
            api: try keys["api"].map(listenAddress) ?? ListenAddress(host: "127.0.0.1", port: 8001),
            token: try token(keys.required("token")))
        proxy.inner = try keys["inner"].map(listenAddress)
        return proxy
    }

    /// What the proxies read, too, from a file of their own: nothing in it that one of both might take away.
    private static func token(_ node: DocumentNode) throws(DocumentError) -> Secret {
        let token = try node.secret()
        guard token.isOneWord else {
            throw node.error(
                "the token has a space, a line end or a control character in it: it is one word, on one line")
        }
        return token
    }

    private static func clusters(_ node: DocumentNode?, groups: [String]) throws(DocumentError) -> [Cluster] {
        var clusters: [Cluster] = []
        for (name, node) in try node?.entries() ?? [] where try !isExpected(node) {
            clusters.append(try Cluster(name, node, groups: groups))
        }
        return clusters
    }

    private static func expected(
        _ node: DocumentNode?, groups: [String]
    ) throws(DocumentError) -> [String: Expected] {
        var expected: [String: Expected] = [:]
        for (name, node) in try node?.entries() ?? [] where try isExpected(node) {
            expected[name] = try Expected(name, node, groups: groups)
        }
        return expected
    }

    private static func isExpected(_ node: DocumentNode) throws(DocumentError) -> Bool {
        try node.entries().first { $0.key.isExactly("agent") }?.value.bool() ?? false
    }

    /// A certificate or key as PEM. What looks like the name of a file is one that lacks its `file:`.
    static func pem(_ node: DocumentNode) throws(DocumentError) -> String {
        let text = try node.secret().reveal()
        guard text.contains("-----BEGIN ") else {
            throw node.error("PEM is wanted here (-----BEGIN …); what stands in a file is written as file:PATH")
        }
        return text
    }

    static func listenAddress(_ node: DocumentNode) throws(DocumentError) -> ListenAddress {
        guard let address = ListenAddress(try node.string()) else {
            throw node.error("an address and a port such as 127.0.0.1:8081 is wanted here")
        }
        return address
    }

    static func networks(_ node: DocumentNode?) throws(DocumentError) -> [InternetNetwork] {
        var networks: [InternetNetwork] = []
        for element in try node?.list() ?? [] {
            guard let network = InternetNetwork(try element.string()) else {
                throw element.error("an address or a network is wanted here, such as 192.0.2.7 or 10.1.0.0/16")
            }
            networks.append(network)
        }
        return networks
    }

    private static func publicURL(_ node: DocumentNode) throws(DocumentError) -> PublicURL {
        guard let url = PublicURL(try node.string()) else {
            throw node.error("scheme, host and perhaps port are wanted here, without a path: https://hub.example.org")
        }
        return url
    }

    private static func domain(_ node: DocumentNode) throws(DocumentError) -> String {
        let text = try node.string().lowercased()
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let isName: (Substring) -> Bool = { label in
            !label.isEmpty && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        }
        guard labels.count > 1, labels.allSatisfy(isName) else {
            throw node.error("a name such as notebooks.example.org is wanted here")
        }
        return text
    }

    /// A URL without the slash at its end, so that paths can be put behind it.
    static func baseURL(_ node: DocumentNode) throws(DocumentError) -> String {
        var text = try node.string()
        while text.hasSuffix("/") { text.removeLast() }
        guard text.hasPrefix("http://") || text.hasPrefix("https://"), !text.contains(where: \.isWhitespace) else {
            throw node.error("a URL that starts with http:// or https:// is wanted here")
        }
        return text
    }
}

extension HubConfiguration {
    /// The file `name` in the directory of `path`.
    private static func beside(_ path: String, _ name: String) -> String {
        path.lastIndex(of: "/").map { path[...$0] + name } ?? name
    }
}

extension DocumentNode {
    /// `path` counted from the directory of this document.
    fileprivate func relative(_ path: String) -> String {
        guard let slash = place.file.lastIndex(of: "/") else { return path }
        return place.file[...slash] + path
    }
}
