package import OrreryModel

/// What the filesets and sizes of the policy really are on one cluster. A fileset without a source is not there.
package struct ClusterBinding: Hashable, Sendable {
    package let cluster: String
    /// By the fileset's name.
    package let sources: [String: Source]
    /// What nodes want for a size, by the size's name.
    package let sizes: [String: SizeTerms]
    /// What the hub trusts the cluster with. Said by the hub's administrator, never by the binding itself.
    package var trust: Set<String> = [Fileset.ordinaryTrust]
    /// Whether every node makes what is mounted inside a read-only mount read-only too.
    package var isRecursivelyReadOnly = false

    package init(cluster: String, sources: [String: Source], sizes: [String: SizeTerms] = [:]) {
        self.cluster = cluster
        self.sources = sources
        self.sizes = sizes
    }

    /// Where a fileset lies: a storage, and a path in it.
    package struct Source: Hashable, Sendable {
        package let storage: Storage
        package let path: PathTemplate
        package let wall: Wall
        /// What the storage does about the fileset's quota; nil where it says nothing.
        package let quota: QuotaKeeping?
        /// Who makes a directory that is not there.
        package var creation = Creation.never
        /// Whether the storage lets nobody write, whatever a grant says.
        package var isReadOnly = false
        /// Whether the node mounts more inside it while the session runs.
        package var isAutomounted = false
        /// The NFS server behind a claim, a directory of the nodes or a driver, where the site says so.
        package var serverBehind: String?
        /// Whether what a driver mounts is one person's as a whole.
        package var isOwn = false

        package init(
            storage: Storage, path: PathTemplate = .root, wall: Wall = .mount, quota: QuotaKeeping? = nil
        ) {
            self.storage = storage
            self.path = path
            self.wall = wall
            self.quota = quota
        }

        /// The NFS server that its files come from; nil where none is known.
        var server: String? { if case .shared(.nfs(let export)) = storage { export.server } else { serverBehind } }

        /// Whether each person has a volume of their own there, not a path in one alone.
        var isOwnVolume: Bool { if case .ownClaim = storage { true } else { isOwn } }
    }

    package enum Storage: Hashable, Sendable {
        /// The same for everybody; what is whose lies in the source's path.
        case shared(Plan.Source)
        /// A claim for each person, which the hub makes.
        case ownClaim(ClaimTerms)
        /// A volume that a driver makes for each pod.
        case driver(String, attributes: [String: TextTemplate])
        /// An object storage, which is not mounted.
        case objects(ObjectService)
    }

    /// What is asked for when a person's claim is made.
    package struct ClaimTerms: Hashable, Sendable {
        package let storageClass: String?
        package let size: ByteCount
        package let modes: [String]

        package init(storageClass: String?, size: ByteCount, modes: [String]) {
            self.storageClass = storageClass
            self.size = size
            self.modes = modes
        }
    }

    /// Where an object storage is; nil for what the hub's configuration says.
    package struct ObjectService: Hashable, Sendable {
        package let endpoint: String?
        package let service: String?
        package let region: String?

        package init(endpoint: String?, service: String?, region: String?) {
            self.endpoint = endpoint
            self.service = service
            self.region = region
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

    package enum Creation: String, Hashable, Sendable, CaseIterable {
        /// It is there already. Where it is missing the kubelet makes it on a volume that it may write to, as root's and closed to the
        /// person; on another the pod does not start.
        case never
        /// A job of the site makes it.
        case provisioner
    }
}
