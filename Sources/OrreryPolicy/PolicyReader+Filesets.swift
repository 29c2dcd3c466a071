import OrreryDocument

/// `filesets.yaml`: `filesets` and `tests`.
extension PolicyReader {
    struct FilesetsDocument {
        var names: Set<String> = []
        var filesets: [Fileset] = []
        var tests: [DocumentNode] = []
    }

    func readFilesets(_ root: DocumentNode) -> FilesetsDocument {
        var document = FilesetsDocument()
        findings.attempt { () throws(DocumentError) in
            let keys = try root.mapping(["filesets", "tests"])
            let node = try keys.required("filesets")
            let read = findings.entries(node, "fileset") { name, value throws(DocumentError) in
                try Fileset(name: name, value, groups: groups)
            }
            document.names = read.names
            document.filesets = read.values
            document.tests = try keys["tests"]?.list() ?? []
            try Self.refuseDoubles(read.values, node)
            try Self.refuseBorrowedSecrets(read.values, node)
            // With an error in one of them, that one may be the home.
            if read.values.count == read.names.count, !read.values.contains(where: \.isHome) {
                throw node.error("no fileset is `home: true`; a session needs a home")
            }
        }
        return document
    }

    /// What is called after one person in one fileset must not be called after another in another: with `smb-{user}` and
    /// `smb-lab-{user}` somebody who is called `lab-ann` would be given ann's.
    private static func refuseBorrowedSecrets(_ filesets: [Fileset], _ node: DocumentNode) throws(DocumentError) {
        var known: [(name: String, secret: TextTemplate)] = []
        for fileset in filesets {
            guard case .smb(let secret)? = fileset.credential else { continue }
            if let other = known.first(where: { $0.secret != secret && $0.secret.mayEqual(secret) }) {
                throw node.error(
                    "the Secret `\(secret)` of one person may be called as `\(other.secret)`, which `\(other.name)` has, is "
                        + "for another: let them begin or end otherwise", atKey: fileset.name)
            }
            known.append((fileset.name, secret))
        }
    }

    private static func refuseDoubles(_ filesets: [Fileset], _ node: DocumentNode) throws(DocumentError) {
        var homes: [String] = []
        var delivered: [String] = []
        var paths: [PathTemplate: String] = [:]
        for fileset in filesets {
            if let at = fileset.at, let other = paths.updateValue(fileset.name, forKey: at) {
                throw node.error("`\(fileset.name)` is mounted at \(at) as `\(other)` is", atKey: fileset.name)
            }
            if fileset.at == nil { delivered.append(fileset.name) }
            if delivered.count > 1 {
                throw node.error(
                    "`\(delivered[0])` and `\(delivered[1])` are both delivered as s3; a session has one role there",
                    atKey: delivered[1])
            }
            if fileset.isHome { homes.append(fileset.name) }
            if homes.count > 1 {
                throw node.error(
                    "`\(homes[0])` and `\(homes[1])` are both `home: true`; a session has one home", atKey: homes[1])
            }
        }
    }
}
