internal import Foundation
internal import OrreryModel

/// What a pod asks for, read out of its object once: its spec does not change.
struct PodManifest {
    let key: ObjectStore.Key
    let uid: String
    let object: JSON
    let initContainers: [ContainerManifest]
    let containers: [ContainerManifest]

    init?(_ object: JSON) {
        guard let name = object["metadata"]?["name"]?.string, let uid = object["metadata"]?["uid"]?.string,
            let spec = object["spec"]
        else { return nil }
        key = ObjectStore.Key(kind: .pods, namespace: object["metadata"]?["namespace"]?.string ?? "", name: name)
        self.uid = uid
        self.object = object
        initContainers = (spec["initContainers"]?.array ?? []).map { ContainerManifest($0, isInit: true) }
        containers = (spec["containers"]?.array ?? []).map { ContainerManifest($0, isInit: false) }
    }

    var spec: JSON { object["spec"] ?? [:] }
    var all: [ContainerManifest] { initContainers + containers }
    var volumes: [JSON] { spec["volumes"]?.array ?? [] }
    var security: JSON { spec["securityContext"] ?? [:] }
    var restartPolicy: String { spec["restartPolicy"]?.string ?? "Always" }
    var gracePeriod: Double { spec["terminationGracePeriodSeconds"]?.number ?? 30 }
    var activeDeadline: Double? { spec["activeDeadlineSeconds"]?.number }
    var hostname: String { spec["hostname"]?.string ?? key.name }

    /// As the kubelet writes a pod in its messages: `run1_work(b71a43b7-…)`.
    var fullName: String { "\(key.name)_\(key.namespace)(\(uid))" }

    /// The names of the claims that the pod's volumes use.
    var claims: [String] { volumes.compactMap { $0["persistentVolumeClaim"]?["claimName"]?.string } }
}

/// One container of a pod, with the defaults of a real API server where the object leaves something out.
struct ContainerManifest {
    let object: JSON
    let isInit: Bool

    init(_ object: JSON, isInit: Bool) {
        self.object = object
        self.isInit = isInit
    }

    var name: String { object["name"]?.string ?? "" }
    var image: String { object["image"]?.string ?? "" }
    var security: JSON { object["securityContext"] ?? [:] }
    var mounts: [JSON] { object["volumeMounts"]?.array ?? [] }
    var workingDirectory: String? { object["workingDir"]?.string }
    var terminationMessagePath: String { object["terminationMessagePath"]?.string ?? "/dev/termination-log" }
    var fallsBackToLogs: Bool { object["terminationMessagePolicy"]?.string == "FallbackToLogsOnError" }

    /// Where events say they happened.
    var fieldPath: String { "spec.\(isInit ? "initContainers" : "containers"){\(name)}" }

    var command: [String] { (object["command"]?.array ?? []).compactMap(\.string) }
    var arguments: [String] { (object["args"]?.array ?? []).compactMap(\.string) }

    var pullPolicy: String {
        if let policy = object["imagePullPolicy"]?.string { return policy }
        let last = image.split(separator: "/").last ?? ""
        return image.contains("@") || (last.contains(":") && !last.hasSuffix(":latest")) ? "IfNotPresent" : "Always"
    }

    /// The port number of a probe or a name in `ports`.
    func port(_ port: JSON?) -> UInt16? {
        if let number = port?.integer { return UInt16(exactly: number) }
        guard let name = port?.string else { return nil }
        let named = (object["ports"]?.array ?? []).first { $0["name"]?.string == name }
        return named?["containerPort"]?.integer.flatMap(UInt16.init(exactly:)) ?? UInt16(name)
    }
}

extension PodManifest {
    /// Takes away the object of a pod that has ended, as a kubelet does: once more with no grace, then for good.
    func remove(from store: ObjectStore, at now: Date) {
        _ = store.update(key, ifUID: uid) { pod in
            guard var metadata = pod["metadata"] else { return }
            metadata["deletionTimestamp"] = .string(now.timestamp)
            metadata["deletionGracePeriodSeconds"] = 0
            pod["metadata"] = metadata
        }
        store.remove(key, ifUID: uid)
    }
}
