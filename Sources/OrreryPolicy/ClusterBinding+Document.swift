import OrreryDocument
import OrreryModel

/// A file `clusters/*.yaml`: `cluster`, `sources`, `sizes`, `hostPaths`, the directories of the nodes that sources may lie
/// in (absent: none), and `recursiveReadOnly`, that every node makes inner mounts of a read-only one read-only too (absent:
/// false; Kubernetes 1.33 has it).
extension ClusterBinding {
    struct Context {
        let filesets: [String: Fileset]
        /// All names of the filesets document, of which some may not have been readable.
        let filesetNames: Set<String>
        /// By name; nil for one that could not be read.
        let sizes: [String: Policy.Size?]
        let registries: [Registry]
        /// What the hub trusts each cluster with; of ordinary trust are those without an entry.
        let trust: [String: Set<String>]
    }

    init(_ node: DocumentNode, _ context: Context) throws(DocumentError) {
        let keys = try node.mapping(["cluster", "sources", "sizes", "hostPaths", "recursiveReadOnly"])
        let name = try keys.required("cluster")
        cluster = try name.string()
        guard Spelling.label.fits(cluster) else {
            throw name.error("a cluster's name has small letters, digits and `-`")
        }
        let reading = SourceReading(hostPaths: try Self.hostPaths(keys["hostPaths"]), registries: context.registries)
        var sources: [String: Source] = [:]
        let node = try keys.required("sources")
        _ = try node.mapping(context.filesetNames.sorted())
        for (name, source) in try node.entries() {
            guard let fileset = context.filesets[name] else { continue }
            sources[name] = try reading.source(source, of: fileset)
        }
        self.sources = sources
        self.sizes = try SizeTerms.all(keys["sizes"], sizes: context.sizes)
        trust = context.trust[cluster] ?? [Fileset.ordinaryTrust]
        isRecursivelyReadOnly = try keys["recursiveReadOnly"]?.bool() ?? false
        try refuseOverlaps(among: context.filesets, at: node)
        try refuseBorrowedClaims(among: context.filesetNames, at: node)
    }

    private static func hostPaths(_ node: DocumentNode?) throws(DocumentError) -> [FilePath] {
        var paths: [FilePath] = []
        for element in try node?.list() ?? [] {
            guard let path = try PathTemplate(element, absolute: true).fixed, !path.segments.isEmpty else {
                throw element.error("a directory is wanted here, not a template or the root")
            }
            paths.append(path)
        }
        return paths
    }

    /// A person's own claim is nobody else's source: its name is `FILESET.PERSON`, and no other source may be called so.
    private func refuseBorrowedClaims(among filesets: Set<String>, at node: DocumentNode) throws(DocumentError) {
        for (name, source) in sources.sorted(by: { $0.key < $1.key }) {
            guard case .shared(.claim(let claim)) = source.storage else { continue }
            let parts = claim.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, filesets.contains(String(parts[0])) else { continue }
            throw node.error("the claim `\(claim)` has the name of somebody's own claim of `\(parts[0])`", atKey: name)
        }
    }
}
