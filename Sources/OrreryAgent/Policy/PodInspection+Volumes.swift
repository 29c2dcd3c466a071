import OrreryModel

// What a session may have before its eyes.
extension PodInspection {
    mutating func inspect(volume: JSON) {
        let kinds = (volume.object ?? [:]).keys.filter { $0 != "name" }
        guard let name = volume["name"]?.string, let kind = kinds.first, kinds.count == 1, let source = volume[kind]
        else {
            return refuse("\(policy.subject) cannot read one of the session's volumes.")
        }
        switch kind {
        case "emptyDir": only(["medium", "sizeLimit"], in: source, "an empty directory")
        case "configMap":
            only(["name", "defaultMode"], in: source, "a volume of a ConfigMap")
            own(source["name"], suffixes: ["-accounts"], "ConfigMap")
        case "secret":
            only(["secretName", "defaultMode"], in: source, "a volume of a Secret")
            inspect(secret: source["secretName"])
        case "persistentVolumeClaim": only(["claimName", "readOnly"], in: source, "a volume of a claim")
        case "hostPath": inspect(hostPath: source, called: name)
        case "nfs": inspect(nfs: source, called: name)
        case "csi": inspect(driver: source)
        case "image":
            only(["reference", "pullPolicy"], in: source, "a volume of an image")
            inspect(image: source["reference"])
        default: refuse("\(policy.subject) gives sessions no volumes of the kind `\(kind)`.")
        }
    }

    /// A Secret that a pod shows must be its own.
    mutating func inspect(secret: JSON?) { own(secret, suffixes: ["-token", "-tokens"], "Secret") }

    private mutating func own(_ value: JSON?, suffixes: [String], _ kind: String) {
        guard let wanted = value?.string, suffixes.contains(where: { wanted.isExactly(name + $0) }) else {
            return refuse(
                "\(policy.subject) shows a session no other \(kind) than its own; this asks for "
                    + "`\(value?.string ?? "none")`.")
        }
    }

    private mutating func inspect(hostPath source: JSON, called volume: String) {
        only(["path", "type"], in: source, "a directory of a node")
        if let type = source["type"], type != "Directory" {
            refuse("\(policy.subject) shows directories of its nodes that are there, and makes none.")
        }
        guard let path = source["path"]?.string, path.isPlainPath else {
            return refuse("\(policy.subject) cannot read the path of a directory of its nodes.")
        }
        // Nothing below it: the node would follow a link that another session has left there. A mount's `subPath` follows none.
        let trees = policy.hostPaths.filter { path.isExactly($0.path) }
        guard !trees.isEmpty else {
            if let tree = policy.hostPaths.first(where: { path.lies(in: $0.path) }) {
                return refuse(allows: "\(tree.path) of its nodes, and what lies in it by `subPath`", asks: path)
            }
            let allowed = policy.hostPaths.map(\.path).joined(separator: ", ")
            return refuse(
                allows: allowed.isEmpty ? "no directories of its nodes" : "of its nodes only \(allowed)", asks: path)
        }
        guard !trees.contains(where: \.isWritable), !isOnlyRead(volume) else { return }
        refuse(allows: "\(path) of its nodes for reading alone", asks: "writing")
    }

    private mutating func inspect(nfs source: JSON, called volume: String) {
        only(["server", "path", "readOnly"], in: source, "an NFS volume")
        guard let server = source["server"]?.string, let path = source["path"]?.string, path.isPlainPath else {
            return refuse("\(policy.subject) cannot read from where an NFS volume comes.")
        }
        // Nothing below it, as with directories of nodes: a session may have left a link there, and the node would follow it.
        let offered = policy.nfs.filter { server.isExactly($0.server) }
        let exports = offered.filter { path.isExactly($0.path) }
        guard !exports.isEmpty else {
            if let export = offered.first(where: { path.lies(in: $0.path) }) {
                return refuse(
                    allows: "\(server):\(export.path) of NFS, and what lies in it by `subPath`",
                    asks: "\(server):\(path)")
            }
            let allowed = policy.nfs.map { "\($0.server):\($0.path)" }.joined(separator: ", ")
            return refuse(allows: allowed.isEmpty ? "no NFS" : "of NFS only \(allowed)", asks: "\(server):\(path)")
        }
        guard !exports.contains(where: \.isWritable), source["readOnly"] != true, !isOnlyRead(volume) else { return }
        refuse(allows: "\(server):\(path) for reading alone", asks: "writing")
    }

    private mutating func inspect(driver source: JSON) {
        only(["driver", "readOnly", "volumeAttributes"], in: source, "a volume of a driver")
        guard let driver = source["driver"]?.string, policy.csiDrivers.containsExactly(driver) else {
            let allowed = policy.csiDrivers.joined(separator: ", ")
            return refuse(
                allows: allowed.isEmpty ? "no drivers of volumes" : "the drivers \(allowed)",
                asks: "`\(source["driver"]?.string ?? "none")`")
        }
    }

    mutating func inspectClaim() {
        only(["accessModes", "storageClassName", "resources"], in: spec, "a claim")
        let resources = spec["resources"] ?? [:]
        only(["requests"], in: resources, "a claim's `resources`")
        let requests = resources["requests"] ?? [:]
        only(["storage"], in: requests, "what a claim requests")
        if let classes = policy.storageClasses {
            let wanted = spec["storageClassName"]?.string
            if !classes.contains(where: { wanted?.isExactly($0) == true }) {
                refuse(
                    allows: "claims of the storage classes \(classes.joined(separator: ", "))",
                    asks: wanted.map { "`\($0)`" } ?? "the usual one")
            }
        }
        guard let limit = policy.maxima.claim else { return }
        guard let size = requests["storage"]?.string.flatMap({ ByteCount($0) }) else {
            return refuse("\(policy.subject) cannot read how much a claim asks for.")
        }
        if size > limit { refuse(allows: "claims of at most \(limit)", asks: "\(size)") }
    }
}
