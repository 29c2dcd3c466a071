import OrreryDocument

extension Profile {
    /// How many sessions of a profile there may be at a time; nil for any number.
    package struct Limit: Hashable, Sendable {
        package let perUser: Int?
        package let total: Int?
        package let perCluster: Int?

        package init(perUser: Int? = nil, total: Int? = nil, perCluster: Int? = nil) {
            self.perUser = perUser
            self.total = total
            self.perCluster = perCluster
        }
    }
}

/// `limit:` of a profile: `perUser`, `total`, `perCluster`, each a whole number from 1 on.
extension Profile.Limit {
    init(_ node: DocumentNode?) throws(DocumentError) {
        let keys = try node?.mapping(["perUser", "total", "perCluster"])
        self.init(
            perUser: try keys?["perUser"]?.int(in: 1...1000), total: try keys?["total"]?.int(in: 1...1_000_000),
            perCluster: try keys?["perCluster"]?.int(in: 1...1_000_000))
        if let node, let perUser, let least = [total, perCluster].compactMap({ $0 }).min(), least < perUser {
            throw node.error("one person may have \(perUser) and all together only \(least)")
        }
    }
}
