package import OrreryDocument
import OrreryModel

/// | key | | unless given |
/// |---|---|---|
/// | `site` | how the site is called in sentences for people | this site |
/// | `hub` | the value of the label `orrery.io/hub` on the hub's objects | `orrery` |
/// | `namespaces` | where sessions may live | the agent's one |
/// | `registries` | where images may come from: `host` or `host/path` | anywhere |
/// | `hostPaths` | directories of the nodes, exactly these: `/cvmfs`, or `{path: /data, writable: true}` | none |
/// | `nfs` | exports, exactly these: `{server: nfs.example, path: /exports, writable: true}` | none |
/// | `csiDrivers` | drivers of volumes inside a pod | none |
/// | `storageClasses` | for claims that the hub makes | any |
/// | `priorityClasses` `runtimeClasses` | | none |
/// | `tolerations` | keys of taints with which a session may put up: `nvidia.com/gpu` | none |
/// | `imagePullSecrets` | Secrets with which a session's image may be fetched | none |
/// | `uids` `gids` | `20000-29999`, or one number; never 0 | any but 0 |
/// | `maxima` | `cpu: 8` `memory: 64Gi` `gpu: 1` `lifetime: 7d` of one session, `claim: 100Gi` of one claim, `sessions: 50` at one time | no bound |
/// | `groups` | the hub's groups of which a person must have one | everybody |
/// | `paused` | `true`, or the sentence that people read | `false` |
extension SitePolicy {
    /// Reads a policy. An unknown key is an error with the nearest known one.
    package init(_ root: DocumentNode) throws(DocumentError) {
        self.init()
        let keys = try root.mapping([
            "site", "hub", "namespaces", "registries", "hostPaths", "nfs", "csiDrivers", "storageClasses",
            "priorityClasses", "runtimeClasses", "tolerations", "imagePullSecrets", "uids", "gids", "maxima", "groups",
            "paused",
        ])
        site = try keys["site"]?.string()
        hub = try keys["hub"]?.labelValue() ?? hub
        namespaces = try keys["namespaces"]?.texts { node throws(DocumentError) in try node.objectName() }
        registries = try keys["registries"]?.texts { node throws(DocumentError) in try node.registry() }
        hostPaths = try keys["hostPaths"]?.texts { node throws(DocumentError) in try Tree(node) } ?? []
        if let reason = Self.complaint(about: hostPaths.map { ($0.path, $0.isWritable) }) {
            throw (keys["hostPaths"] ?? root).error(reason)
        }
        nfs = try keys["nfs"]?.texts { node throws(DocumentError) in try Export(node) } ?? []
        for export in nfs {
            let beside = nfs.filter { $0.server.isExactly(export.server) }.map { ($0.path, $0.isWritable) }
            if let reason = Self.complaint(about: beside) { throw (keys["nfs"] ?? root).error(reason) }
        }
        csiDrivers = try keys["csiDrivers"]?.texts { node throws(DocumentError) in try node.objectName() } ?? []
        storageClasses = try keys["storageClasses"]?.texts { node throws(DocumentError) in try node.objectName() }
        priorityClasses =
            try keys["priorityClasses"]?.texts { node throws(DocumentError) in try node.objectName() } ?? []
        runtimeClasses = try keys["runtimeClasses"]?.texts { node throws(DocumentError) in try node.objectName() } ?? []
        tolerations = try keys["tolerations"]?.texts { node throws(DocumentError) in try node.taint() } ?? []
        imagePullSecrets =
            try keys["imagePullSecrets"]?.texts { node throws(DocumentError) in try node.objectName() } ?? []
        uids = try keys["uids"]?.texts { node throws(DocumentError) in try node.identifiers() } ?? uids
        gids = try keys["gids"]?.texts { node throws(DocumentError) in try node.identifiers() } ?? gids
        maxima = try keys["maxima"].map { node throws(DocumentError) in try Maxima(node) } ?? maxima
        groups = try keys["groups"]?.texts { node throws(DocumentError) in try node.string() }
        pause = try keys["paused"].flatMap { node throws(DocumentError) in try node.pause() }
    }

    /// What is wrong with these directories of one tree together.
    private static func complaint(about directories: [(path: String, isWritable: Bool)]) -> String? {
        for outer in directories where outer.isWritable {
            for inner in directories where inner.path.lies(in: outer.path) && !inner.path.isExactly(outer.path) {
                return
                    "`\(inner.path)` lies in \(outer.path), where a session that writes could put a link in its place"
            }
        }
        return nil
    }
}

extension SitePolicy.Maxima {
    fileprivate init(_ node: DocumentNode) throws(DocumentError) {
        self.init()
        let keys = try node.mapping(["cpu", "memory", "gpu", "lifetime", "claim", "sessions"])
        cpu = try keys["cpu"]?.cpu()
        memory = try keys["memory"]?.bytes()
        gpu = try keys["gpu"]?.int(in: 0...1024)
        lifetime = try keys["lifetime"]?.duration()
        claim = try keys["claim"]?.bytes()
        sessions = try keys["sessions"]?.int(in: 0...1_000_000)
    }
}

extension SitePolicy.Tree {
    fileprivate init(_ node: DocumentNode) throws(DocumentError) {
        guard node.isMapping else {
            self.init(path: try node.directory(), isWritable: false)
            return
        }
        let keys = try node.mapping(["path", "writable"])
        self.init(path: try keys.required("path").directory(), isWritable: try keys["writable"]?.bool() ?? false)
    }
}

extension SitePolicy.Export {
    fileprivate init(_ node: DocumentNode) throws(DocumentError) {
        let keys = try node.mapping(["server", "path", "writable"])
        self.init(
            server: try keys.required("server").string(), path: try keys.required("path").directory(),
            isWritable: try keys["writable"]?.bool() ?? false)
    }
}

extension DocumentNode {
    fileprivate func texts<Value>(_ read: (DocumentNode) throws(DocumentError) -> Value) throws(DocumentError)
        -> [Value]
    {
        var values: [Value] = []
        for element in try list() { values.append(try read(element)) }
        return values
    }

    fileprivate func objectName() throws(DocumentError) -> String {
        let text = try string()
        guard text.isObjectName else {
            throw error("`\(text)` is no name of an object: small letters, digits, `-` and `.`")
        }
        return text
    }

    fileprivate func labelValue() throws(DocumentError) -> String {
        let text = try string()
        guard text.isLabelValue else { throw error("`\(text)` is no value of a label") }
        return text
    }

    fileprivate func registry() throws(DocumentError) -> String {
        let text = try string()
        guard text.wholeMatch(of: /[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(\/[a-z0-9._-]+)*/) != nil else {
            throw error("`\(text)` is no registry such as registry.example or registry.example/lab")
        }
        return text
    }

    fileprivate func directory() throws(DocumentError) -> String {
        let text = try string()
        guard text.isPlainPath, text != "/" else {
            throw error("`\(text)` is no directory: an absolute path without `.`, `..` and empty parts, and not `/`")
        }
        return text
    }

    fileprivate func taint() throws(DocumentError) -> String {
        let text = try string()
        guard text.wholeMatch(of: /([a-z0-9][a-z0-9.-]{0,252}\/)?[A-Za-z0-9][A-Za-z0-9_.-]{0,62}/) != nil else {
            throw error("`\(text)` is no key of a taint")
        }
        guard !text.isTaintOfClusterOwn else {
            throw error("`\(text)` marks nodes for the cluster's own purposes: no session runs there")
        }
        return text
    }

    fileprivate func identifiers() throws(DocumentError) -> ClosedRange<Int64> {
        let text = try string()
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
        guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last,
            last <= 2_147_483_647
        else { throw error("`\(text)` is no range such as 20000-29999") }
        guard first > 0 else { throw error("0 is root: no session may have it") }
        return first...last
    }

    fileprivate func pause() throws(DocumentError) -> String? {
        guard let word, word != "true", word != "false" else { return try bool() ? "" : nil }
        return word
    }
}
