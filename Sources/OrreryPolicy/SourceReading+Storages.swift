import OrreryDocument
import OrreryModel

/// `claim:` of a source: `size` (absent: the fileset's quota), `class` (absent: the cluster's default), `modes` (absent:
/// `[ReadWriteOncePod]`, so that no two sessions write to it; it stands alone) and `onUserDelete`, which can only be `retain`.
extension ClusterBinding.ClaimTerms {
    private static let alone = "ReadWriteOncePod"
    private static let modes = [alone, "ReadWriteOnce", "ReadWriteMany"]

    init(_ node: DocumentNode, of fileset: Fileset) throws(DocumentError) {
        let keys = try node.mapping(["class", "size", "modes", "onUserDelete"])
        let name = try keys["class"]?.string()
        if let name, !Spelling.isSubdomain(name) {
            throw node.error("`\(name)` cannot be the name of a storage class", atKey: "class")
        }
        if let end = keys["onUserDelete"], try end.name(among: ["retain", "delete"], kind: "end") == "delete" {
            throw end.error("a hub removes no claim: write `retain`, and let who runs the cluster delete it")
        }
        guard let size = try keys["size"]?.bytes() ?? fileset.quota else {
            throw node.error("`size` is missing, and `\(fileset.name)` has no quota to take instead")
        }
        if let quota = fileset.quota, size < quota {
            throw node.error("a claim of \(size) is smaller than the quota of `\(fileset.name)`, which is \(quota)")
        }
        guard size > ByteCount(bytes: 0) else { throw node.error("a claim of nothing holds nothing") }
        var modes: [String] = []
        for element in try keys["modes"]?.list() ?? [] {
            modes.append(try element.name(among: Self.modes, kind: "access mode"))
        }
        if let place = keys["modes"], modes.contains(Self.alone), Set(modes).count > 1 {
            throw place.error(
                "`\(Self.alone)` has no other mode beside it: take it away if several pods may mount the claim at a time"
            )
        }
        self.init(storageClass: name, size: size, modes: modes.isEmpty ? [Self.alone] : modes)
    }
}

/// `nfs:` of a source: `server`, a name or an address, and `path`, the exported directory.
extension Plan.NFSExport {
    init(_ node: DocumentNode) throws(DocumentError) {
        let keys = try node.mapping(["server", "path"])
        let server = try keys.required("server").server()
        guard let path = try PathTemplate(try keys.required("path"), absolute: true).fixed else {
            throw try keys.required("path").error("holes belong in the source's `path`, not in that of the export")
        }
        self.init(server: server, path: path.absolute)
    }
}

extension DocumentNode {
    /// The name or address of a file server.
    func server() throws(DocumentError) -> String {
        let server = try string()
        guard Spelling.host.fits(server) else {
            throw error("`\(server)` is neither a name nor an address of a server")
        }
        return server
    }
}

/// `s3:` of a source: `endpoint`, `sts` and `region`, each what the hub's configuration says where absent.
extension ClusterBinding.ObjectService {
    init(_ node: DocumentNode) throws(DocumentError) {
        let keys = try node.mapping(["endpoint", "sts", "region"])
        self.init(
            endpoint: try keys["endpoint"].map(Self.address), service: try keys["sts"].map(Self.address),
            region: try keys["region"]?.string())
    }

    private static func address(_ node: DocumentNode) throws(DocumentError) -> String {
        let text = try node.string()
        guard text.hasPrefix("https://") || text.hasPrefix("http://"), !text.contains(where: \.isWhitespace) else {
            throw node.error("a URL that starts with https:// is wanted here")
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}
