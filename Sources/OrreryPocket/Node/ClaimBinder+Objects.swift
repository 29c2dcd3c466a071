internal import Foundation
internal import OrreryModel

extension ClaimBinder {
    static func key(of claim: JSON) -> ObjectStore.Key {
        ObjectStore.Key(
            kind: .persistentvolumeclaims, namespace: claim["metadata"]?["namespace"]?.string ?? "",
            name: claim["metadata"]?["name"]?.string ?? "")
    }

    /// The claim that a volume is for.
    static func claimKey(of volume: JSON) -> ObjectStore.Key? {
        guard let claim = volume["spec"]?["claimRef"], let name = claim["name"]?.string else { return nil }
        return ObjectStore.Key(
            kind: .persistentvolumeclaims, namespace: claim["namespace"]?.string ?? "", name: name)
    }

    static func reference(_ claim: (namespace: String, name: String)) -> JSON {
        [
            "kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": .string(claim.namespace),
            "name": .string(claim.name),
        ]
    }

    static func volume(_ directory: String, capacity: String, claim: JSON?) -> JSON {
        var volume: JSON = [
            "spec": [
                "capacity": ["storage": .string(capacity)], "hostPath": ["path": .string(directory), "type": ""],
                "accessModes": ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"],
                "persistentVolumeReclaimPolicy": "Retain", "volumeMode": "Filesystem",
            ],
            "status": ["phase": "Available"],
        ]
        volume["spec"]?["claimRef"] = claim
        return volume
    }

    /// Binds a claim and a volume to each other: in the same writes as the volume controller's, so that a watch sees
    /// the volume's name before the phase.
    func join(_ key: ObjectStore.Key, _ volume: JSON) {
        guard let claim = store.object(key), let uid = claim["metadata"]?["uid"],
            let name = volume["metadata"]?["name"]?.string
        else { return }
        _ = store.update(ObjectStore.Key(kind: .persistentvolumes, name: name)) { object in
            var reference = Self.reference((key.namespace, key.name))
            reference["uid"] = uid
            object["spec"]?["claimRef"] = reference
            object["status"] = ["phase": "Bound"]
        }
        _ = store.update(key) { object in
            object["spec"]?["volumeName"] = .string(name)
            var metadata = object["metadata"] ?? [:]
            var annotations = metadata["annotations"] ?? [:]
            annotations["pv.kubernetes.io/bind-completed"] = "yes"
            annotations["pv.kubernetes.io/bound-by-controller"] = "yes"
            metadata["annotations"] = annotations
            object["metadata"] = metadata
        }
        _ = store.update(key) { object in
            object["status"] = [
                "phase": "Bound", "accessModes": object["spec"]?["accessModes"] ?? [],
                "capacity": volume["spec"]?["capacity"] ?? [:],
            ]
        }
    }

    /// Lets a volume go whose claim is no more. One that the configuration keeps for a claim's name, or for anybody, is
    /// free again; one that was made for a claim stays released.
    func release(_ volume: JSON) {
        guard let key = Self.claimKey(of: volume), let name = volume["metadata"]?["name"]?.string,
            store.object(key)?["metadata"]?["uid"] != volume["spec"]?["claimRef"]?["uid"]
        else { return }
        let kept = configuration.volumes.first { $0.name == name }
        _ = store.update(ObjectStore.Key(kind: .persistentvolumes, name: name)) { object in
            if let kept { object["spec"]?["claimRef"] = kept.claim.map(Self.reference) }
            object["status"] = ["phase": kept == nil ? "Released" : "Available"]
        }
    }
}
