/// A volume of a pod, of one of the kinds that sessions use. One of another kind, added by the cluster, has a name only.
package struct Volume: Codable, Hashable, Sendable {
    package var name: String
    package var emptyDir: EmptyDirectory?
    package var configMap: ConfigMapSource?
    package var secret: SecretSource?
    package var persistentVolumeClaim: ClaimSource?
    package var hostPath: HostPathSource?
    package var nfs: NFSSource?
    package var csi: DriverSource?
    package var image: ImageSource?

    package struct EmptyDirectory: Codable, Hashable, Sendable {
        package var medium: String?
        package var sizeLimit: String?
    }

    package struct ConfigMapSource: Codable, Hashable, Sendable {
        package var name: String?
        package var defaultMode: Int?
    }

    package struct SecretSource: Codable, Hashable, Sendable {
        package var secretName: String?
        package var defaultMode: Int?
    }

    package struct ClaimSource: Codable, Hashable, Sendable {
        package var claimName: String
        package var readOnly: Bool?
    }

    package struct HostPathSource: Codable, Hashable, Sendable {
        package var path: String
        package var type: String?
    }

    package struct NFSSource: Codable, Hashable, Sendable {
        package var server: String
        package var path: String
        package var readOnly: Bool?
    }

    package struct DriverSource: Codable, Hashable, Sendable {
        package var driver: String
        package var readOnly: Bool?
        package var volumeAttributes: [String: String]?
    }

    package struct ImageSource: Codable, Hashable, Sendable {
        package var reference: String?
        package var pullPolicy: String?
    }
}

extension Volume {
    package static func scratch(_ name: String) -> Volume { Volume(name: name, emptyDir: EmptyDirectory()) }

    package static func configMap(_ name: String, called object: String) -> Volume {
        Volume(name: name, configMap: ConfigMapSource(name: object))
    }

    /// A Secret whose files have the permissions `mode`.
    package static func secret(_ name: String, called object: String, mode: Int) -> Volume {
        Volume(name: name, secret: SecretSource(secretName: object, defaultMode: mode))
    }

    /// A claim; `isReadOnly` forbids writing for every mount of it.
    package static func claim(_ name: String, called claim: String, isReadOnly: Bool) -> Volume {
        Volume(name: name, persistentVolumeClaim: ClaimSource(claimName: claim, readOnly: isReadOnly ? true : nil))
    }

    /// A directory of the node, which must be there: the kubelet makes none.
    package static func hostPath(_ name: String, at path: String) -> Volume {
        Volume(name: name, hostPath: HostPathSource(path: path, type: "Directory"))
    }

    /// An export of an NFS server; `isReadOnly` has the node mount it so.
    package static func nfs(_ name: String, on server: String, at path: String, isReadOnly: Bool) -> Volume {
        Volume(name: name, nfs: NFSSource(server: server, path: path, readOnly: isReadOnly ? true : nil))
    }

    /// A volume that a CSI driver makes for the pod and removes with it.
    package static func driver(
        _ name: String, _ driver: String, attributes: [String: String], isReadOnly: Bool
    ) -> Volume {
        Volume(
            name: name,
            csi: DriverSource(
                driver: driver, readOnly: isReadOnly ? true : nil,
                volumeAttributes: attributes.isEmpty ? nil : attributes))
    }

    /// The files of an image. By its digest, so what is on the node already is right.
    package static func image(_ name: String, _ reference: String) -> Volume {
        Volume(name: name, image: ImageSource(reference: reference, pullPolicy: "IfNotPresent"))
    }
}

package struct VolumeMount: Codable, Hashable, Sendable {
    package var name: String
    package var mountPath: String
    package var subPath: String?
    package var readOnly: Bool?
    /// `Enabled` makes what is mounted inside read-only too.
    package var recursiveReadOnly: String?
    /// `HostToContainer` shows what the node mounts inside later.
    package var mountPropagation: String?

    package init(name: String, mountPath: String, subPath: String? = nil, isReadOnly: Bool = false) {
        self.name = name
        self.mountPath = mountPath
        self.subPath = subPath
        readOnly = isReadOnly ? true : nil
    }
}
