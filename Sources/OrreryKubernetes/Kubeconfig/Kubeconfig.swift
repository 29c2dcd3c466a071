package import OrreryDocument
import OrreryFetch
import OrreryModel

/// The part of a kubeconfig that the hub understands: server, authority, and a token or a client certificate of the current
/// context. What would run a program, trust anybody, lead through somebody else, or act as somebody else is refused by name;
/// nothing is left out in silence. Contexts, clusters and users that are not current are not looked into.
package enum Kubeconfig {
    /// Whose file it is, and so whether it may name other files of this machine.
    package enum Origin: Sendable {
        /// The administrator's own: paths in it count from its directory, and the files are read again when they change.
        case local
        /// Given by somebody else: everything has to stand in it.
        case uploaded
    }

    /// `namespace`, where it is given, counts instead of the context's.
    package static func read(
        _ root: DocumentNode, name: String, namespace: String?, origin: Origin
    ) throws(DocumentError) -> ClusterAccess {
        let keys = try root.mapping([
            "apiVersion", "kind", "preferences", "extensions", "clusters", "users", "contexts", "current-context",
        ])
        guard let current = try keys["current-context"]?.string(), !current.isEmpty else {
            throw root.error("`current-context` has to say which of the contexts is meant")
        }
        let context = try named(current, in: try keys.required("contexts"), "context")
            .mapping(["cluster", "user", "namespace", "extensions"])
        let cluster = try named(try context.required("cluster").string(), in: keys.required("clusters"), "cluster")
        let user = try named(try context.required("user").string(), in: keys.required("users"), "user")
        let usual = try context["namespace"]?.string()
        guard let home = namespace ?? usual else {
            throw context.node.error("the context has no `namespace`: write it here, or beside `kubeconfig`")
        }
        let (server, authority) = try place(of: cluster, origin)
        return ClusterAccess(
            name: name, server: server, credential: try credential(user, origin), authority: authority,
            namespace: home)
    }

    /// The element called `name` of a list, and of it what stands at `key`.
    private static func named(
        _ name: String, in list: DocumentNode, _ key: String
    ) throws(DocumentError) -> DocumentNode {
        for element in try list.list() {
            let keys = try element.mapping(["name", key])
            if try keys.required("name").string().utf8.elementsEqual(name.utf8) { return try keys.required(key) }
        }
        throw list.error("there is no \(key) called \(name)")
    }

    private static func place(
        of node: DocumentNode, _ origin: Origin
    ) throws(DocumentError) -> (server: String, authority: Authority) {
        let keys = try node.mapping([
            "server", "certificate-authority", "certificate-authority-data", "insecure-skip-tls-verify",
            "tls-server-name", "proxy-url", "disable-compression", "extensions",
        ])
        if let insecure = keys["insecure-skip-tls-verify"], try insecure.bool() {
            throw insecure.error(
                "`insecure-skip-tls-verify` is refused: whoever is on the way could be the cluster. Write the cluster's "
                    + "authority as `certificate-authority-data`")
        }
        if let other = keys["tls-server-name"] {
            throw other.error(
                "`tls-server-name` is refused: write `server` with the name that stands in the certificate")
        }
        if let proxy = keys["proxy-url"] {
            throw proxy.error(
                "`proxy-url` is refused: the hub reaches a cluster directly or through the cluster's agent")
        }
        let server = try keys.required("server")
        let address = try server.string()
        guard address.hasPrefix("https://") || address.hasPrefix("http://") else {
            throw server.error("a URL that starts with https:// is wanted here")
        }
        return (address, try authority(keys, origin))
    }

    private static func authority(_ keys: DocumentMapping, _ origin: Origin) throws(DocumentError) -> Authority {
        if let data = keys["certificate-authority-data"] { return .pem(try data.decodedPEM()) }
        guard let path = keys["certificate-authority"] else { return .system }
        return .file(try path.file(origin))
    }

    private static func credential(_ node: DocumentNode, _ origin: Origin) throws(DocumentError) -> Credential {
        let keys = try node.mapping(
            ["token", "tokenFile", "client-certificate", "client-certificate-data", "client-key", "client-key-data"]
                + refusals.map(\.key) + ["extensions"])
        for (key, reason) in refusals {
            if let refused = keys[key] { throw refused.error("`\(key)` is refused: \(reason)") }
        }
        if let data = keys["client-certificate-data"] {
            return .certificate(
                ClientCertificate(
                    chain: try data.decodedPEM(), key: try keys.required("client-key-data").decodedPEM()))
        }
        if let chain = keys["client-certificate"] {
            return .certificateFiles(
                chain: try chain.file(origin), key: try keys.required("client-key").file(origin))
        }
        // As kubectl reads it: of both the file counts.
        if let path = keys["tokenFile"] { return .tokenFile(try path.file(origin)) }
        guard let token = keys["token"] else {
            throw node.error("a `token`, or `client-certificate-data` and `client-key-data`, is needed")
        }
        return .token(try token.plainToken())
    }

    private static let program =
        "a kubeconfig could run any program on the hub's machine with it. Ask the cluster for a token "
        + "(kubectl create token), or for a client certificate"
    private static let other = "the hub acts as nobody else. Give it an account with the rights that it needs"
    private static let password = "passwords are not accepted by API servers any more. Use a token"
    private static let refusals: [(key: String, reason: String)] = [
        ("exec", program), ("auth-provider", program), ("username", password), ("password", password), ("as", other),
        ("as-uid", other), ("as-groups", other), ("as-user-extra", other),
    ]
}
