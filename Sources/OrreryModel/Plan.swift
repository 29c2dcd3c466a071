/// Everything a pod will be: the immutable result of person, profile, choices, cluster, policy and time. Equal inputs
/// give equal plans; `PlanHash` in OrreryPolicy names one by its content.
package struct Plan: Hashable, Codable, Sendable {
    package let person: String
    package let cluster: String
    package let profile: String
    package let environment: Environment
    package let size: Size
    package let identity: PodIdentity
    /// Sorted by depth of path, then by path: an outer mount comes before what lies inside it.
    package let mounts: [Mount]
    /// What this person does not get in this session, and why.
    package let refusals: [Refusal]
    /// The value of `HOME`; the path of the one mount whose fileset is the home.
    package let home: String
    /// Variables of the profile and its options, expanded. Never a secret.
    package let variables: [String: String]
    package let life: Life
    /// Labels a node must carry, from the cluster's binding for this size and the environment's platforms.
    package let nodeSelector: [String: String]
    /// What else the nodes for it want; nil where the cluster's binding says nothing.
    package let nodes: Nodes?
    /// What was chosen of the profile's options, the defaults too; nil where it has none.
    package let options: [String: String]?
    /// The object storage that a fileset gives; nil where none does.
    package let bucket: Bucket?
    /// The hub groups that the person is in, sorted, for sites that take some groups' sessions only; nil where in none.
    package let groups: [String]?

    package init(
        person: String, cluster: String, profile: String, environment: Environment, size: Size, identity: PodIdentity,
        mounts: [Mount], refusals: [Refusal], home: String, variables: [String: String], life: Life,
        nodeSelector: [String: String], nodes: Nodes? = nil, options: [String: String]? = nil,
        bucket: Bucket? = nil, groups: [String]? = nil
    ) {
        self.person = person
        self.cluster = cluster
        self.profile = profile
        self.environment = environment
        self.size = size
        self.identity = identity
        self.mounts = mounts
        self.refusals = refusals
        self.home = home
        self.variables = variables
        self.life = life
        self.nodeSelector = nodeSelector
        self.nodes = nodes
        self.options = options
        self.bucket = bucket
        self.groups = groups
    }
}

extension Plan {
    /// What runs: an image by digest and the command in it.
    package struct Environment: Hashable, Codable, Sendable {
        package let name: String
        package let title: String
        /// `registry/repository@sha256:…`; a tag never reaches a cluster.
        package let image: String
        package let command: [String]
        package let port: UInt16

        package init(name: String, title: String, image: String, command: [String], port: UInt16) {
            self.name = name
            self.title = title
            self.image = image
            self.command = command
            self.port = port
        }
    }

    /// How big, in the units of the document: quantities as Kubernetes writes them.
    package struct Size: Hashable, Codable, Sendable {
        package let name: String
        package let cpuRequest: String
        package let cpuLimit: String
        package let memoryRequest: String
        package let memoryLimit: String
        package let gpu: Int
        /// The name under which the cluster counts them; nil where there are none.
        package let gpuResource: String?

        package init(
            name: String, cpuRequest: String, cpuLimit: String, memoryRequest: String, memoryLimit: String, gpu: Int,
            gpuResource: String? = nil
        ) {
            self.name = name
            self.cpuRequest = cpuRequest
            self.cpuLimit = cpuLimit
            self.memoryRequest = memoryRequest
            self.memoryLimit = memoryLimit
            self.gpu = gpu
            self.gpuResource = gpuResource
        }
    }

    /// Who the processes in the pod are.
    package struct PodIdentity: Hashable, Codable, Sendable {
        package let uid: UInt32
        package let gid: UInt32
        /// The gids of the groups through which a mount of this plan was granted, sorted; nothing else.
        package let supplementalGroups: [UInt32]
        /// Name and gid of those groups, for `/etc/group`.
        package let groupNames: [String: UInt32]
        /// The group that volumes of the person's own are given to when they are mounted; nil where a volume is not theirs
        /// alone, since everything in it would change its group.
        package let volumeGroup: UInt32?
        /// The image's own user, where its environment says `uid: image`; nil for the person.
        package let user: User?

        /// Whose the processes are when they are not the person's.
        package enum User: String, Hashable, Codable, Sendable {
            /// The user that the image names, which must be a number and not 0.
            case image
        }

        package init(
            uid: UInt32, gid: UInt32, supplementalGroups: [UInt32], groupNames: [String: UInt32], user: User? = nil,
            volumeGroup: UInt32? = nil
        ) {
            self.uid = uid
            self.gid = gid
            self.supplementalGroups = supplementalGroups
            self.groupNames = groupNames
            self.user = user
            self.volumeGroup = volumeGroup
        }
    }
}
