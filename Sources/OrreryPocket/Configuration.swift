package import OrreryModel

/// Everything that one pocket cluster is told: where it listens, where it keeps its state, what its node has, and what
/// stands for images and volumes on this machine. `Configuration+Reader.swift` has the keys of the document.
package struct PocketConfiguration: Sendable {
    package var cluster: String
    package var host: String
    /// 0 lets the system choose; `PocketServer.run` tells the port in its log and through `onListening`.
    package var port: Int
    /// The directory for objects, logs, and whatever else must outlive pocket.
    package var state: String
    package var node: Node
    package var addresses: AddressRange
    package var images: [Image] = []
    package var tokens: [Token] = []
    package var namespaces: [String] = []
    package var storageClasses: [StorageClass] = []
    package var volumes: [Volume] = []
    /// The directories below which a pod may have `hostPath` volumes. None without an entry.
    package var hostPaths: [String] = []
    package var nfs: [NFSExport] = []
    /// Objects to be there at the start, each with `apiVersion`, `kind` and `metadata.name`.
    package var objects: [JSON] = []
    package var limits = Limits()

    package init(
        cluster: String, host: String = "127.0.0.1", port: Int, state: String, node: Node, addresses: AddressRange
    ) {
        self.cluster = cluster
        self.host = host
        self.port = port
        self.state = state
        self.node = node
        self.addresses = addresses
    }
}

extension PocketConfiguration {
    /// The one node, as the scheduler sees it.
    package struct Node: Sendable {
        package var name: String
        package var cpu: CPUCount
        package var memory: ByteCount
        package var pods: Int
        package var labels: [String: String]
        /// Pods are processes. Without, they only look like it: see `HollowNode`.
        package var processes: Bool

        package init(
            name: String, cpu: CPUCount, memory: ByteCount, pods: Int = 110, labels: [String: String] = [:],
            processes: Bool = true
        ) {
            self.name = name
            self.cpu = cpu
            self.memory = memory
            self.pods = pods
            self.labels = labels
            self.processes = processes
        }
    }

    /// What a pod's image reference stands for on this machine.
    package struct Image: Sendable {
        package enum Content: Hashable, Sendable {
            /// A virtual environment, seen at its own path, over the machine's own system directories.
            case environment(String)
            /// A root directory with everything in it.
            case root(String)
        }

        /// Without tag and digest: `registry.example/lab`.
        package var name: String
        package var tag: String?
        /// `sha256:` and 64 hexadecimal digits.
        package var digest: String?
        package var content: Content

        package init(name: String, tag: String? = nil, digest: String? = nil, content: Content) {
            self.name = name
            self.tag = tag
            self.digest = digest
            self.content = content
        }
    }

    /// A bearer token, who it makes the caller, and what that user may do.
    package struct Token: Sendable {
        package enum Permission: Sendable {
            /// Everything, in the group `system:masters`.
            case admin
            /// What the rules say, in one namespace.
            case rules([Rule], namespace: String)
        }

        package struct Rule: Sendable {
            /// Plural names, with a subresource as `pods/log`; `*` for all.
            package var resources: [String]
            /// `get list watch create update patch delete deletecollection`; `*` for all.
            package var verbs: [String]

            package init(resources: [String], verbs: [String]) {
                self.resources = resources
                self.verbs = verbs
            }
        }

        package var name: String
        package var token: Secret
        package var permission: Permission

        package init(name: String, token: Secret, permission: Permission) {
            self.name = name
            self.token = token
            self.permission = permission
        }
    }

    /// A class whose claims get a directory of their own below `directory`.
    package struct StorageClass: Sendable {
        package var name: String
        package var directory: String
        package var isDefault: Bool
        /// Bind a claim only when a pod that uses it is scheduled.
        package var waitsForConsumer: Bool

        package init(name: String, directory: String, isDefault: Bool = false, waitsForConsumer: Bool = false) {
            self.name = name
            self.directory = directory
            self.isDefault = isDefault
            self.waitsForConsumer = waitsForConsumer
        }
    }

    /// A directory of this machine as a PersistentVolume.
    package struct Volume: Sendable {
        package var name: String
        package var directory: String
        package var capacity: ByteCount
        /// The one claim it is for; nil for any that fits.
        package var claim: (namespace: String, name: String)?

        package init(
            name: String, directory: String, capacity: ByteCount, claim: (namespace: String, name: String)? = nil
        ) {
            self.name = name
            self.directory = directory
            self.capacity = capacity
            self.claim = claim
        }
    }

    /// The directory of this machine that stands for a path of an NFS server.
    package struct NFSExport: Sendable {
        package var server: String
        package var path: String
        package var directory: String

        package init(server: String, path: String, directory: String) {
            self.server = server
            self.path = path
            self.directory = directory
        }
    }

    /// A block of IPv4 addresses in 127.0.0.0/8, one of which each pod gets.
    package struct AddressRange: Hashable, Sendable {
        /// The first address of the block, as a number in host order.
        package let base: UInt32
        package let prefixLength: Int

        /// Nil for anything else than an aligned block `127.a.b.c/8` to `/30`.
        package init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, let length = Int(parts[1]), (8...30).contains(length) else { return nil }
            let octets = parts[0].split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
            guard octets.count == 4, octets[0] == 127 else { return nil }
            var base: UInt32 = 0
            for octet in octets {
                guard let octet else { return nil }
                base = base << 8 | UInt32(octet)
            }
            guard base & (UInt32.max >> length) == 0 else { return nil }
            self.base = base
            prefixLength = length
        }
    }

    /// How much the API takes on at once.
    package struct Limits: Sendable {
        /// Connections open at one time; further ones wait in the kernel's queue.
        package var connections = 1000
        /// Watches open at one time; a further one is answered 429.
        package var watches = 500
        /// Bytes of a request's body.
        package var body = 3 << 20
        /// How long a watch is silent before it gets a bookmark.
        package var bookmarkInterval = Duration.seconds(60)
        /// How long before its end a watch gets a last bookmark, if it lasts longer than that.
        package var lastBookmark = Duration.seconds(2)
        /// How long a list waits for a version that is not there yet.
        package var patience = Duration.seconds(3)

        package init() {}
    }
}
