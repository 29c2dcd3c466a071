package import OrreryModel

/// What the filesets and sizes of the policy really are on one cluster. A fileset without a source is not there.
package struct ClusterBinding: Hashable, Sendable {
    package let cluster: String
    /// By the fileset's name.
    package let sources: [String: Source]
    /// What nodes want for a size, by the size's name.
    package let sizes: [String: SizeTerms]

    package init(cluster: String, sources: [String: Source], sizes: [String: SizeTerms] = [:]) {
        self.cluster = cluster
        self.sources = sources
        self.sizes = sizes
    }

    /// Where a fileset lies: a storage, and a path in it.
    package struct Source: Hashable, Sendable {
        package let storage: Plan.Source
        package let path: PathTemplate
        package let wall: Wall
        /// What the storage does about the fileset's quota; nil where it says nothing.
        package let quota: QuotaKeeping?

        package init(storage: Plan.Source, path: PathTemplate, wall: Wall = .mount, quota: QuotaKeeping? = nil) {
            self.storage = storage
            self.path = path
            self.wall = wall
            self.quota = quota
        }
    }

    /// What keeps people apart in a storage that holds the trees of many.
    package enum Wall: String, Hashable, Sendable, CaseIterable {
        /// Only that each sees their own directory and nothing else.
        case mount
        /// The owners and modes of files too, so that a whole tree may be mounted.
        case mountAndPosix = "mount+posix"
    }

    package enum QuotaKeeping: String, Hashable, Sendable, CaseIterable {
        case enforced
        case advisory
    }
}
