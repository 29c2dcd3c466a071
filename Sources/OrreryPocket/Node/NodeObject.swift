internal import Foundation
internal import Glibc
internal import OrreryModel

/// The Node object that stands for this machine.
struct NodeObject {
    let configuration: PocketConfiguration
    let store: ObjectStore
    let address: String

    static var architecture: String {
        #if arch(arm64)
            "arm64"
        #else
            "amd64"
        #endif
    }

    private var key: ObjectStore.Key { ObjectStore.Key(kind: .nodes, name: configuration.node.name) }

    /// Makes the object or brings it up to date, and notes that the node is alive.
    func refresh(at now: Date) {
        if store.object(key) == nil { _ = try? store.create(key, [:]) }
        _ = store.update(key) { node in
            var metadata = node["metadata"] ?? [:]
            metadata["labels"] = .object(labels.mapValues { .string($0) })
            node["metadata"] = metadata
            node["spec"] = node["spec"] ?? [:]
            node["status"] = status(previous: node["status"], at: now)
        }
    }

    private var labels: [String: String] {
        [
            "kubernetes.io/arch": Self.architecture, "kubernetes.io/os": "linux",
            "kubernetes.io/hostname": configuration.node.name, "beta.kubernetes.io/arch": Self.architecture,
            "beta.kubernetes.io/os": "linux",
        ].merging(configuration.node.labels) { _, own in own }
    }

    private func status(previous: JSON?, at now: Date) -> JSON {
        let amounts: JSON = [
            "cpu": .string("\(configuration.node.cpu)"), "memory": .string("\(configuration.node.memory)"),
            "pods": .string("\(configuration.node.pods)"),
        ]
        return [
            "capacity": amounts, "allocatable": amounts, "conditions": conditions(previous: previous, at: now),
            "addresses": [
                ["type": "InternalIP", "address": .string(address)],
                ["type": "Hostname", "address": .string(configuration.node.name)],
            ],
            "nodeInfo": .object(information.mapValues { .string($0) }),
            "images": .array(
                ImageCatalog(configuration.images).names.map { ["names": [.string($0)], "sizeBytes": 0] }),
        ]
    }

    private func conditions(previous: JSON?, at now: Date) -> JSON {
        let all = [
            ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            lacking.map { ("Ready", "False", "KubeletNotReady", $0) }
                ?? ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
        ]
        return .array(
            all.map { type, status, reason, message in
                let before = previous?["conditions"]?.array?.first { $0["type"]?.string == type }
                let isSame = before?["status"]?.string == status
                let since = isSame ? before?["lastTransitionTime"] : nil
                return [
                    "type": .string(type), "status": .string(status), "reason": .string(reason),
                    "message": .string(message), "lastHeartbeatTime": .string(now.timestamp),
                    "lastTransitionTime": since ?? .string(now.timestamp),
                ]
            })
    }

    private var lacking: String? { configuration.node.processes ? Tool.missing : nil }

    private var information: [String: String] {
        func text(_ path: String) -> String {
            String(decoding: (try? FileBytes.read(path)) ?? [], as: UTF8.self).filter { $0 != "\n" }
        }
        return [
            "machineID": text("/etc/machine-id"), "systemUUID": text("/etc/machine-id"),
            "bootID": text("/proc/sys/kernel/random/boot_id"), "kernelVersion": text("/proc/sys/kernel/osrelease"),
            "osImage": "Debian GNU/Linux", "containerRuntimeVersion": "bubblewrap://0", "kubeletVersion": "v1.36.2",
            "kubeProxyVersion": "", "operatingSystem": "linux", "architecture": Self.architecture,
        ]
    }
}
