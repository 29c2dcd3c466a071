package import OrreryDocument
internal import OrreryModel

/// | key | value |
/// |---|---|
/// | `cluster` | the name of the cluster, for logs and for the node's name |
/// | `listen` | `127.0.0.1:16443`; plain HTTP, so a loopback address only |
/// | `state` | directory for what outlives pocket |
/// | `node.name` `node.cpu` `node.memory` `node.pods` `node.labels` | the node; `pocket-CLUSTER`, 8, 16Gi, 110, none |
/// | `node.processes` | `false`: pods only look as if they ran, for thousands of them; `true` |
/// | `addresses` | the block of loopback addresses for pods: `127.21.0.0/16` |
/// | `images[]` | `name`, `tag` or `digest` or both, and `environment` (virtual environment) or `root` (directory) |
/// | `tokens[]` | `name`, `token` (`file:PATH`), and `admin: true` or `namespace` and `rules[]` of `resources`, `verbs` |
/// | `namespaces[]` | namespaces to be there besides `default` |
/// | `storageClasses[]` | `name`, `directory`, `default`, `waitForConsumer` |
/// | `volumes[]` | `name`, `directory`, `capacity` (1Ti), `claim` as `namespace/name` |
/// | `hostPaths[]` | directories below which `hostPath` volumes are allowed |
/// | `nfs[]` | `server`, `path`, and the `directory` that stands for it |
/// | `objects[]` | YAML files with one object each, made at the start when missing |
///
/// Paths are taken from the document's own directory.
extension PocketConfiguration {
    package static func read(file path: String) throws(DocumentError) -> PocketConfiguration {
        try PocketConfiguration(DocumentNode.read(file: path))
    }

    package init(_ node: DocumentNode) throws(DocumentError) {
        let keys = try node.mapping([
            "cluster", "listen", "state", "node", "addresses", "images", "tokens", "namespaces", "storageClasses",
            "volumes", "hostPaths", "nfs", "objects",
        ])
        let cluster = try keys.required("cluster").string()
        let (host, port) = try keys.required("listen").loopback()
        self.init(
            cluster: cluster, host: host, port: port, state: try keys.required("state").filePath(),
            node: try Node(keys["node"], cluster: cluster), addresses: try keys.required("addresses").addressRange())
        images = try keys["images"].each { node throws(DocumentError) in try Image(node) }
        tokens = try keys["tokens"].each { node throws(DocumentError) in try Token(node) }
        namespaces = try keys["namespaces"].each { node throws(DocumentError) in try node.string() }
        storageClasses = try keys["storageClasses"].each { node throws(DocumentError) in try StorageClass(node) }
        volumes = try keys["volumes"].each { node throws(DocumentError) in try Volume(node) }
        hostPaths = try keys["hostPaths"].each { node throws(DocumentError) in try node.filePath() }
        nfs = try keys["nfs"].each { node throws(DocumentError) in try NFSExport(node) }
        objects = try keys["objects"].each { node throws(DocumentError) in
            try JSON(DocumentNode.read(file: node.filePath()))
        }
    }
}

extension PocketConfiguration.Node {
    init(_ node: DocumentNode?, cluster: String) throws(DocumentError) {
        let keys = try node?.mapping(["name", "cpu", "memory", "pods", "labels", "processes"])
        self.init(
            name: try keys?["name"]?.string() ?? "pocket-\(cluster)",
            cpu: try keys?["cpu"]?.cpu() ?? CPUCount(millicores: 8000),
            memory: try keys?["memory"]?.bytes() ?? ByteCount(bytes: 16 << 30),
            pods: try keys?["pods"]?.int(in: 1...65_000) ?? 110,
            processes: try keys?["processes"]?.bool() ?? true)
        for (key, value) in try keys?["labels"]?.entries() ?? [] { labels[key] = try value.string() }
    }
}

extension PocketConfiguration.Image {
    init(_ node: DocumentNode) throws(DocumentError) {
        let keys = try node.mapping(["name", "tag", "digest", "environment", "root"])
        let content: Content =
            switch (keys["environment"], keys["root"]) {
            case (let environment?, nil): .environment(try environment.filePath())
            case (nil, let root?): .root(try root.filePath())
            default: throw node.error("an image is either an `environment` or a `root`")
            }
        self.init(
            name: try keys.required("name").string(), tag: try keys["tag"]?.string(),
            digest: try keys["digest"]?.string(), content: content)
        if let digest = keys["digest"], try !digest.string().isDigest {
            throw digest.error("a digest is `sha256:` and 64 hexadecimal digits")
        }
        if tag == nil && digest == nil { throw node.error("an image needs a `tag`, a `digest`, or both") }
    }
}

extension PocketConfiguration.Token {
    init(_ node: DocumentNode) throws(DocumentError) {
        let keys = try node.mapping(["name", "token", "admin", "namespace", "rules"])
        let permission: Permission
        if try keys["admin"]?.bool() == true {
            guard keys["namespace"] == nil, keys["rules"] == nil else {
                throw node.error("a token has either `admin: true` or `namespace` and `rules`")
            }
            permission = .admin
        } else {
            let rules = try keys.required("rules").list()
            permission = .rules(
                try rules.map { node throws(DocumentError) in try Rule(node) },
                namespace: try keys.required("namespace").string())
        }
        self.init(
            name: try keys.required("name").string(), token: try keys.required("token").secret(),
            permission: permission)
    }
}

extension PocketConfiguration.Token.Rule {
    init(_ node: DocumentNode) throws(DocumentError) {
        let keys = try node.mapping(["resources", "verbs"])
        self.init(
            resources: try keys.required("resources").list().map { node throws(DocumentError) in try node.string() },
            verbs: try keys.required("verbs").list().map { node throws(DocumentError) in try Self.verb(node) })
    }

    private static let verbs = [
        "*", "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection",
    ]

    private static func verb(_ node: DocumentNode) throws(DocumentError) -> String {
        let verb = try node.string()
        guard verbs.contains(verb) else {
            let nearest = nearestName(to: verb, among: verbs).map { "; did you mean `\($0)`?" } ?? ""
            throw node.error("unknown verb `\(verb)`\(nearest)")
        }
        return verb
    }
}

extension PocketConfiguration.StorageClass {
    init(_ node: DocumentNode) throws(DocumentError) {
        let keys = try node.mapping(["name", "directory", "default", "waitForConsumer"])
        self.init(
            name: try keys.required("name").string(), directory: try keys.required("directory").filePath(),
            isDefault: try keys["default"]?.bool() ?? false,
            waitsForConsumer: try keys["waitForConsumer"]?.bool() ?? false)
    }
}

extension PocketConfiguration.Volume {
    init(_ node: DocumentNode) throws(DocumentError) {
        let keys = try node.mapping(["name", "directory", "capacity", "claim"])
        self.init(
            name: try keys.required("name").string(), directory: try keys.required("directory").filePath(),
            capacity: try keys["capacity"]?.bytes() ?? ByteCount(bytes: 1 << 40))
        guard let node = keys["claim"] else { return }
        let parts = try node.string().split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts.contains("") else { throw node.error("a claim is written `namespace/name`") }
        claim = (String(parts[0]), String(parts[1]))
    }
}

extension PocketConfiguration.NFSExport {
    init(_ node: DocumentNode) throws(DocumentError) {
        let keys = try node.mapping(["server", "path", "directory"])
        self.init(
            server: try keys.required("server").string(), path: try keys.required("path").string(),
            directory: try keys.required("directory").filePath())
    }
}

extension DocumentNode {
    fileprivate func loopback() throws(DocumentError) -> (host: String, port: Int) {
        let text = try string()
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw error("`\(text)` is not an address with a port, as in `127.0.0.1:16443`")
        }
        let host = String(text[..<colon])
        guard host.hasPrefix("127.") || host == "localhost" || host == "[::1]" else {
            throw error("pocket speaks plain HTTP, so it listens on loopback addresses only")
        }
        return (host == "[::1]" ? "::1" : host, Int(port))
    }

    fileprivate func addressRange() throws(DocumentError) -> PocketConfiguration.AddressRange {
        guard let range = try PocketConfiguration.AddressRange(string()) else {
            throw error("`\(try string())` is not a block of loopback addresses, as in `127.21.0.0/16`")
        }
        return range
    }
}

extension DocumentNode? {
    fileprivate func each<Element>(
        _ read: (DocumentNode) throws(DocumentError) -> Element
    ) throws(DocumentError) -> [Element] {
        try self?.list().map(read) ?? []
    }
}

extension String {
    fileprivate var isDigest: Bool {
        hasPrefix("sha256:") && utf8.count == 71 && dropFirst(7).allSatisfy { $0.isHexDigit && !$0.isUppercase }
    }
}
