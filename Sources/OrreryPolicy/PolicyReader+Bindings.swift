import Foundation
import OrreryDocument

/// `clusters/*.yaml`, one cluster each.
extension PolicyReader {
    func readBindings(_ document: FilesetsDocument, _ profiles: ProfilesDocument) -> [ClusterBinding] {
        let context = ClusterBinding.Context(
            filesets: Dictionary(document.filesets.map { ($0.name, $0) }) { first, _ in first },
            filesetNames: document.names, sizes: profiles.sizesByName, registries: profiles.registries, trust: trust)
        let folder = "\(directory)/clusters"
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        var bindings: [ClusterBinding] = []
        for file in files.sorted() where file.hasSuffix(".yaml") {
            findings.attempt { () throws(DocumentError) in
                let node = try DocumentNode.read(file: "\(folder)/\(file)")
                let binding = try ClusterBinding(node, context)
                guard !bindings.contains(where: { $0.cluster == binding.cluster }) else {
                    throw node.error(
                        "the cluster `\(binding.cluster)` has two bindings; the other is in an earlier file")
                }
                bindings.append(binding)
            }
        }
        if bindings.isEmpty, findings.errors.isEmpty {
            findings.add(
                DocumentError(
                    place: Place(file: folder, line: 1, column: 1),
                    message: "the policy binds no cluster: write one file `NAME.yaml` for each"))
        }
        return bindings
    }
}
