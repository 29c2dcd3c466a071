package import Foundation
import OrreryCrypto
package import OrreryModel
import OrreryPolicy

extension SiteManifests {
    /// A Job that makes the directories which sources with `create: provisioner` want for `people`, each the person's own with
    /// mode 0700, and a ConfigMap with the list of them. What is there is left as it is.
    package func provisioner(for people: [Person], at now: Date) throws(HubError) -> [JSON] {
        let wanted = people.sorted { $0.name < $1.name }.flatMap { directories(of: $0, at: now) }
        let trees = Set(wanted.map(\.tree)).sorted { $0.fileset < $1.fileset }
        guard !wanted.isEmpty else {
            throw HubError(
                .cannotStart,
                "nobody needs a directory on \(binding.cluster): no source with `create: provisioner` is one person's own"
            )
        }
        let lines = wanted.compactMap { directory in
            trees.firstIndex(of: directory.tree).map { "\($0) \(directory.uid) \(directory.gid) \(directory.path)\n" }
        }
        let list = lines.joined()
        // A Job cannot be changed: another list is another one.
        let name = "orrery-provisioner-\(Digest.sha256.of(list).hexadecimal.prefix(10))"
        var work = work(
            "provision", SiteScripts.provision, ["/tree", "/list/directories"], in: trees,
            powers: ["CHOWN", "DAC_OVERRIDE", "FOWNER"], image: try toolImage())
        work["volumes"] = .array(
            (work["volumes"]?.array ?? []) + [["name": "list", "configMap": ["name": .string(name)]]])
        if var container = work["containers"]?.array?.first {
            let mount: JSON = ["name": "list", "mountPath": "/list", "readOnly": true]
            container["volumeMounts"] = .array((container["volumeMounts"]?.array ?? []) + [mount])
            work["containers"] = [container]
        }
        return [
            [
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(name),
                "data": ["directories": .string(list)],
            ],
            [
                "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata(name),
                "spec": [
                    "backoffLimit": 2, "activeDeadlineSeconds": 3600, "ttlSecondsAfterFinished": 86400,
                    "template": ["metadata": ["labels": Self.strings(own("orrery-provisioner"))], "spec": work],
                ],
            ],
        ]
    }

    private struct Directory {
        let tree: Tree
        let path: String
        let uid: UInt32
        let gid: UInt32
    }

    /// What `person` may write on this cluster and nobody else does, in storages whose directories a job of the site makes.
    private func directories(of person: Person, at now: Date) -> [Directory] {
        guard let uid = person.uid, let gid = person.gid, uid != 0, gid != 0 else { return [] }
        return policy.mounts(for: person, on: binding.cluster, at: now).mounts.compactMap { mount in
            guard !mount.isReadOnly, let source = binding.sources[mount.fileset], source.creation == .provisioner,
                !source.path.holes.isDisjoint(with: [.user, .uid]), let tree = tree(of: mount.fileset)
            else { return nil }
            let whole = mount.subPath ?? ""
            let path = tree.prefix.isEmpty ? whole : String(whole.dropFirst(tree.prefix.count + 1))
            return path.isEmpty ? nil : Directory(tree: tree, path: path, uid: uid, gid: gid)
        }
    }
}
