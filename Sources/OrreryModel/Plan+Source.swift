extension Plan {
    /// Where a tree lies on the cluster. Mounts with equal sources share one volume of the pod.
    package enum Source: Hashable, Codable, Sendable {
        /// A PersistentVolumeClaim by name, in the namespace of the sessions.
        case claim(String)
        /// A directory of the node.
        case hostPath(String)
        /// A PersistentVolumeClaim of the person alone, which the hub makes before the pod if it is not there.
        case ownClaim(OwnClaim)
        /// An export of an NFS server, mounted by the node.
        case nfs(NFSExport)
        /// A volume that a CSI driver makes for this pod.
        case csi(DriverVolume)
        /// The files of an image, `registry/repository@sha256:…`. Never writable.
        case image(String)
    }

    /// What the hub asks for when a person's claim is not there yet. One that is there stays as it is.
    package struct OwnClaim: Hashable, Codable, Sendable {
        /// `FILESET.PERSON`: neither has a dot, so no two pairs have one name.
        package let name: String
        package let fileset: String
        /// Nil for the cluster's default class.
        package let storageClass: String?
        package let size: String
        package let modes: [String]

        package init(name: String, fileset: String, storageClass: String?, size: String, modes: [String]) {
            self.name = name
            self.fileset = fileset
            self.storageClass = storageClass
            self.size = size
            self.modes = modes
        }
    }

    package struct NFSExport: Hashable, Codable, Sendable {
        package let server: String
        package let path: String

        package init(server: String, path: String) {
            self.server = server
            self.path = path
        }
    }

    package struct DriverVolume: Hashable, Codable, Sendable {
        package let driver: String
        /// What the driver is told, filled for the person. Never a secret; the name of one at most.
        package let attributes: [String: String]

        package init(driver: String, attributes: [String: String]) {
            self.driver = driver
            self.attributes = attributes
        }
    }

    /// Object storage that a fileset gives: no mount but a role, for which the session's token is exchanged.
    package struct Bucket: Hashable, Codable, Sendable {
        package let fileset: String
        package let role: String
        /// Where the buckets are; nil for what the hub's configuration says.
        package let endpoint: String?
        /// Where the credentials are given.
        package let service: String?
        package let region: String?
        package let revoke: Revocation

        package init(
            fileset: String, role: String, endpoint: String?, service: String?, region: String?, revoke: Revocation
        ) {
            self.fileset = fileset
            self.role = role
            self.endpoint = endpoint
            self.service = service
            self.region = region
            self.revoke = revoke
        }
    }
}
