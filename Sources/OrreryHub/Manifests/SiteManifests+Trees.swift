import OrreryModel
import OrreryPolicy

extension SiteManifests {
    /// A part of a storage that one of the site's own jobs works in.
    struct Tree: Hashable {
        let fileset: String
        let source: Plan.Source
        /// The fixed directories at the beginning of the source's path.
        let prefix: String
        /// What follows, with `*` for its holes.
        let pattern: String
        let depth: Int
    }

    /// Where `fileset` lies, when it lies in a storage that is the same for everybody and can be mounted whole.
    func tree(of fileset: String) -> Tree? {
        guard let source = binding.sources[fileset], case .shared(let storage) = source.storage else { return nil }
        switch storage {
        case .claim, .hostPath, .nfs: break
        default: return nil
        }
        let (prefix, rest) = source.path.split
        return Tree(
            fileset: fileset, source: storage, prefix: prefix.joined(separator: "/"),
            pattern: rest.joined(separator: "/"), depth: rest.count)
    }

    /// The volumes of `trees` and their mounts, at `/tree/0` and so on.
    func volumes(of trees: [Tree]) -> (volumes: [JSON], mounts: [JSON]) {
        var sources: [Plan.Source] = []
        var mounts: [JSON] = []
        for (index, tree) in trees.enumerated() {
            let number = sources.firstIndex(of: tree.source) ?? sources.count
            if number == sources.count { sources.append(tree.source) }
            var mount: JSON = ["name": .string("storage-\(number)"), "mountPath": .string("/tree/\(index)")]
            if !tree.prefix.isEmpty { mount["subPath"] = .string(tree.prefix) }
            mounts.append(mount)
        }
        return (sources.enumerated().map { Self.volume($1, called: "storage-\($0)") }, mounts)
    }

    private static func volume(_ source: Plan.Source, called name: String) -> JSON {
        var volume: JSON = ["name": .string(name)]
        switch source {
        case .claim(let claim): volume["persistentVolumeClaim"] = ["claimName": .string(claim)]
        case .hostPath(let path): volume["hostPath"] = ["path": .string(path), "type": "Directory"]
        case .nfs(let export): volume["nfs"] = ["server": .string(export.server), "path": .string(export.path)]
        default: break
        }
        return volume
    }

    /// A pod that does `script` in `trees` as root, with those of root's powers that `powers` names and nothing else.
    func work(
        _ name: String, _ script: String, _ arguments: [String], in trees: [Tree], powers: [String], image: String
    ) -> JSON {
        var (volumes, mounts) = volumes(of: trees)
        volumes.append(["name": "tmp", "emptyDir": [:]])
        mounts.append(["name": "tmp", "mountPath": "/tmp"])
        var security = Self.restricted
        security["capabilities"] = ["drop": ["ALL"], "add": .array(powers.map { .string($0) })]
        security["runAsUser"] = 0
        var spec = spec(of: [
            [
                "name": .string(name), "image": .string(image), "imagePullPolicy": "IfNotPresent",
                "command": .array((["/bin/sh", "-c", script, name] + arguments).map { .string($0) }),
                "resources": [
                    "requests": ["cpu": "50m", "memory": "64Mi"], "limits": ["cpu": "1", "memory": "512Mi"],
                ],
                "securityContext": security, "volumeMounts": .array(mounts),
            ]
        ])
        spec["securityContext"] = ["seccompProfile": ["type": "RuntimeDefault"]]
        spec["restartPolicy"] = "Never"
        spec["volumes"] = .array(volumes)
        return spec
    }
}
