import Foundation
import OrreryDocument

/// `clusters/*.yaml`, one cluster each.
extension PolicyReader {
    func readBindings(_ document: FilesetsDocument, _ profiles: ProfilesDocument) -> [ClusterBinding] {
        let context = ClusterBinding.Context(
            filesets: Dictionary(document.filesets.map { ($0.name, $0) }) { first, _ in first },
            filesetNames: document.names, sizes: profiles.sizesByName, registries: profiles.registries, trust: trust)
        let folder = BindingFiles(directory: directory)
        guard let files = findings.attempt({ () throws(DocumentError) in try folder.names() }) else { return [] }
        var bindings: [ClusterBinding] = []
        for file in files where BindingFiles.isRead(file) {
            findings.attempt { () throws(DocumentError) in
                let node = try DocumentNode.read(file: folder.path(of: file))
                let binding = try ClusterBinding(node, context)
                guard !bindings.contains(where: { $0.cluster == binding.cluster }) else {
                    throw node.error(
                        "the cluster `\(binding.cluster)` has two bindings; the other is in an earlier file")
                }
                bindings.append(binding)
            }
        }
        // A file with an error in it may be the one that is missing.
        guard findings.errors.isEmpty else { return bindings }
        if bindings.isEmpty {
            findings.add(folder.error("the policy binds no cluster: write one file `NAME.yaml` for each"))
        }
        for cluster in bound where !bindings.contains(where: { $0.cluster == cluster }) {
            findings.add(
                folder.missing(cluster, among: files, of: bindings.map(\.cluster).filter { !bound.contains($0) }))
        }
        return bindings
    }
}
