internal import Foundation
internal import OrreryModel

extension PodRuntime {
    func containerStatus(_ container: ContainerManifest, of pod: PodManifest) -> JSON {
        guard let runtime = containers[container.name] else { return .object([:]) }
        var status: JSON = [
            "name": .string(container.name), "image": .string(container.image), "imageID": .string(runtime.imageID),
            "state": Self.written(runtime.state), "lastState": [:], "ready": .bool(runtime.isReady),
            "started": .bool(runtime.isStarted), "restartCount": .integer(Int64(runtime.restarts)),
        ]
        if let last = runtime.last { status["lastState"] = ["terminated": Self.written(last)] }
        if let id = runtime.containerID {
            status["containerID"] = .string(id)
            status["resources"] = container.object["resources"] ?? [:]
            status["user"] = RunIdentity(pod, container).status
        }
        let mounts = container.mounts.map { mount -> JSON in
            var written: JSON = ["name": mount["name"] ?? "", "mountPath": mount["mountPath"] ?? ""]
            guard mount["readOnly"]?.bool == true else { return written }
            written["readOnly"] = true
            written["recursiveReadOnly"] = "Disabled"
            return written
        }
        if !mounts.isEmpty { status["volumeMounts"] = .array(mounts) }
        return status
    }

    private static func written(_ state: ContainerRuntime.State) -> JSON {
        switch state {
        case .waiting(let reason, let message): return waiting(reason, message)
        case .launching(_, let shown): return written(shown)
        case .running(let run):
            return ["running": ["startedAt": run.startedAt.map { .string($0.timestamp) } ?? .null]]
        case .terminated(let termination): return ["terminated": written(termination)]
        }
    }

    private static func waiting(_ reason: String, _ message: String?) -> JSON {
        var waiting: JSON = ["reason": .string(reason)]
        waiting["message"] = message.map { .string($0) }
        return ["waiting": waiting]
    }

    private static func written(_ termination: ContainerRuntime.Termination) -> JSON {
        var written: JSON = [
            "exitCode": .integer(Int64(termination.exitCode)), "reason": .string(termination.reason),
            "startedAt": termination.startedAt.map { .string($0.timestamp) } ?? .null,
            "finishedAt": termination.finishedAt.map { .string($0.timestamp) } ?? .null,
        ]
        written["message"] = termination.message.map { .string($0) }
        written["containerID"] = termination.containerID.map { .string($0) }
        return written
    }
}
