internal import Foundation
internal import OrreryModel

/// Keeps volumes and claims together: makes the volumes of the configuration, binds claims to them, makes directories
/// for claims of a storage class, and notes when a volume's claim is gone.
///
/// A volume made for a claim stays when the claim goes, with its files, as `Released`: pocket deletes nobody's data.
struct ClaimBinder {
    let configuration: PocketConfiguration
    let store: ObjectStore
    let events: EventRecorder

    static let provisioner = "orrery.io/pocket"

    /// Makes the objects that the configuration stands for, where they are missing.
    func prepare() {
        for storageClass in configuration.storageClasses {
            var object: JSON = [
                "provisioner": .string(Self.provisioner), "reclaimPolicy": "Retain",
                "volumeBindingMode": storageClass.waitsForConsumer ? "WaitForFirstConsumer" : "Immediate",
            ]
            if storageClass.isDefault {
                object["metadata"] = ["annotations": ["storageclass.kubernetes.io/is-default-class": "true"]]
            }
            make(.storageclasses, storageClass.name, object)
        }
        for volume in configuration.volumes {
            make(
                .persistentvolumes, volume.name,
                Self.volume(volume.directory, capacity: "\(volume.capacity)", claim: volume.claim.map(Self.reference)))
        }
    }

    private func make(_ kind: Kind, _ name: String, _ object: JSON) {
        let key = ObjectStore.Key(kind: kind, name: name)
        // Somebody else may have made it in between, which is what was wanted.
        if store.object(key) == nil { _ = try? store.create(key, object) }
    }

    /// Binds what can be bound now. `wanted` are the claims of pods that wait for a node.
    func bind(wanted: Set<ObjectStore.Key>) {
        for claim in store.list(.persistentvolumeclaims).objects
        where claim["metadata"]?["deletionTimestamp"] == nil && claim["status"]?["phase"]?.string != "Bound" {
            let key = Self.key(of: claim)
            bind(claim, key, isWanted: wanted.contains(key))
        }
        for volume in store.list(.persistentvolumes).objects where volume["status"]?["phase"]?.string == "Bound" {
            release(volume)
        }
    }

    /// Why a pod's claims keep it from being scheduled; nil when all of them are bound.
    func problem(of pod: PodManifest) -> String? {
        for name in pod.claims {
            let key = ObjectStore.Key(kind: .persistentvolumeclaims, namespace: pod.key.namespace, name: name)
            guard let claim = store.object(key) else { return "persistentvolumeclaim \"\(name)\" not found" }
            if claim["metadata"]?["deletionTimestamp"] != nil {
                return "persistentvolumeclaim \"\(name)\" is being deleted"
            }
            if claim["status"]?["phase"]?.string != "Bound" {
                return "pod has unbound immediate PersistentVolumeClaims"
            }
            if Self.isForOnePod(claim), isUsed(name, byOthersThan: pod.key) {
                return "1 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"
            }
        }
        return nil
    }

    private static func isForOnePod(_ claim: JSON) -> Bool {
        (claim["spec"]?["accessModes"]?.array ?? []).contains { $0.string == "ReadWriteOncePod" }
    }

    /// Whether another pod that is on the node and has not ended has the claim.
    private func isUsed(_ claim: String, byOthersThan key: ObjectStore.Key) -> Bool {
        store.list(.pods, namespace: key.namespace).objects.contains { object in
            guard object["metadata"]?["name"]?.string != key.name, object["spec"]?["nodeName"] != nil,
                !["Succeeded", "Failed"].contains(object["status"]?["phase"]?.string ?? "")
            else { return false }
            let volumes = object["spec"]?["volumes"]?.array ?? []
            return volumes.contains { $0["persistentVolumeClaim"]?["claimName"]?.string == claim }
        }
    }

    private func bind(_ claim: JSON, _ key: ObjectStore.Key, isWanted: Bool) {
        if let volume = configured(for: claim, key) {
            join(key, volume)
        } else if let storageClass = storageClass(of: claim) {
            provide(claim, key, storageClass, isWanted: isWanted)
        } else if let name = claim["spec"]?["storageClassName"]?.string, !name.isEmpty {
            guard store.object(ObjectStore.Key(kind: .storageclasses, name: name)) == nil else { return }
            once(claim, .warning, "ProvisioningFailed", "storageclass.storage.k8s.io \"\(name)\" not found")
        } else {
            once(
                claim, .normal, "FailedBinding",
                "no persistent volumes available for this claim and no storage class is set")
        }
    }

    /// The configured volume that is this claim's own, or one for anybody that is free and large enough.
    private func configured(for claim: JSON, _ key: ObjectStore.Key) -> JSON? {
        let volumes = store.list(.persistentvolumes).objects
        let own = volumes.first { Self.claimKey(of: $0) == key && Self.isFree($0, for: claim) }
        if let own { return own }
        let isPlain = claim["spec"]?["storageClassName"]?.string ?? "" == "" && storageClass(of: claim) == nil
        guard isPlain else { return nil }
        let asked = Quantity(claim["spec"]?["resources"]?["requests"]?["storage"]?.string ?? "0") ?? .zero
        return volumes.first { volume in
            guard volume["spec"]?["claimRef"] == nil else { return false }
            return Quantity(volume["spec"]?["capacity"]?["storage"]?.string ?? "0") ?? .zero >= asked
        }
    }

    private static func isFree(_ volume: JSON, for claim: JSON) -> Bool {
        let uid = volume["spec"]?["claimRef"]?["uid"]?.string
        return uid == nil || uid == claim["metadata"]?["uid"]?.string
    }

    private func storageClass(of claim: JSON) -> PocketConfiguration.StorageClass? {
        guard let name = claim["spec"]?["storageClassName"]?.string else {
            return configuration.storageClasses.first(where: \.isDefault)
        }
        return configuration.storageClasses.first { $0.name == name }
    }

    private func provide(
        _ claim: JSON, _ key: ObjectStore.Key, _ storageClass: PocketConfiguration.StorageClass, isWanted: Bool
    ) {
        guard isWanted || !storageClass.waitsForConsumer else {
            once(
                claim, .normal, "WaitForFirstConsumer",
                "waiting for first consumer to be created before binding")
            return
        }
        let name = "pvc-\(claim["metadata"]?["uid"]?.string ?? "")"
        let directory = "\(storageClass.directory)/\(key.namespace)-\(key.name)-\(name)"
        do {
            try FileBytes.makeDirectory(storageClass.directory, mode: 0o755)
            // Open to all, as provisioners of local directories have it: whose files these are is the pod's matter.
            try FileBytes.makeDirectory(directory, mode: 0o777)
        } catch {
            once(
                claim, .warning, "ProvisioningFailed",
                "failed to provision volume with StorageClass \"\(storageClass.name)\": \(error)")
            return
        }
        let capacity = claim["spec"]?["resources"]?["requests"]?["storage"]?.string ?? "0"
        var volume = Self.volume(directory, capacity: capacity, claim: Self.reference((key.namespace, key.name)))
        volume["spec"]?["storageClassName"] = .string(storageClass.name)
        make(.persistentvolumes, name, volume)
        events.tellOfClaim(claim, .normal, "ProvisioningSucceeded", "Successfully provisioned volume \(name)")
        if let made = store.object(ObjectStore.Key(kind: .persistentvolumes, name: name)) { join(key, made) }
    }

    /// An event that is worth saying once, not at every look.
    private func once(_ claim: JSON, _ type: EventType, _ reason: String, _ message: String) {
        let uid = claim["metadata"]?["uid"]
        let namespace = claim["metadata"]?["namespace"]?.string
        let isTold = store.list(.events, namespace: namespace).objects.contains {
            $0["involvedObject"]?["uid"] == uid && $0["message"]?.string == message
        }
        if !isTold { events.tellOfClaim(claim, type, reason, message) }
    }
}
