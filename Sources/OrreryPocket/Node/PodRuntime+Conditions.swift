internal import Foundation
internal import OrreryModel

extension PodRuntime {
    private struct Condition {
        let type: String
        let holds: Bool
        var reason: String?
        var message: String?
    }

    func conditions(of pod: PodManifest, previous: [JSON], now: Date) -> JSON {
        let own = [
            Condition(type: "PodReadyToStartContainers", holds: isPrepared && finalPhase == nil), initialized(pod),
            readiness("Ready", pod), readiness("ContainersReady", pod),
        ]
        let known = Set(own.map(\.type) + ["PodScheduled"])
        let others = previous.filter { !known.contains($0["type"]?.string ?? "") }
        let scheduled = Condition(type: "PodScheduled", holds: true)
        let written = (own + [scheduled]).map { condition in
            let before = previous.first { $0["type"]?.string == condition.type }
            return Self.written(condition, before: before, generation: pod.object["metadata"]?["generation"], now: now)
        }
        return .array(others + written)
    }

    private static func written(_ condition: Condition, before: JSON?, generation: JSON?, now: Date) -> JSON {
        let status = condition.holds ? "True" : "False"
        var object: JSON = [
            "type": .string(condition.type), "status": .string(status), "lastProbeTime": .null,
            "lastTransitionTime": .string(now.timestamp),
        ]
        object["observedGeneration"] = generation
        if before?["status"]?.string == status { object["lastTransitionTime"] = before?["lastTransitionTime"] }
        object["reason"] = condition.reason.map { .string($0) }
        object["message"] = condition.message.map { .string($0) }
        return object
    }

    private func initialized(_ pod: PodManifest) -> Condition {
        if isInitialized(pod) {
            let isDone = computedPhase(of: pod) == "Succeeded"
            return Condition(type: "Initialized", holds: true, reason: isDone ? "PodCompleted" : nil)
        }
        let missing = pod.initContainers.filter { containers[$0.name]?.termination?.exitCode != 0 }.map(\.name)
        return Condition(
            type: "Initialized", holds: false, reason: "ContainersNotInitialized",
            message: "containers with incomplete status: [\(missing.joined(separator: " "))]")
    }

    private func readiness(_ type: String, _ pod: PodManifest) -> Condition {
        switch endedPhase(pod) {
        case "Succeeded": return Condition(type: type, holds: false, reason: "PodCompleted")
        case "Failed": return Condition(type: type, holds: false, reason: "PodFailed")
        default: break
        }
        let unready = pod.containers.filter { containers[$0.name]?.isReady != true }.map(\.name)
        guard !unready.isEmpty else { return Condition(type: type, holds: true) }
        return Condition(
            type: type, holds: false, reason: "ContainersNotReady",
            message: "containers with unready status: [\(unready.joined(separator: " "))]")
    }

    /// How the pod has ended as far as readiness goes; nil while it may still become ready. A pod that never came to
    /// run anything keeps saying which containers are not ready, as a kubelet leaves it.
    private func endedPhase(_ pod: PodManifest) -> String? {
        if ending?.cause == .deadline { return "Failed" }
        let hasRun = pod.containers.contains { container in
            containers[container.name]?.termination.map { $0.reason != Self.unknown } ?? false
        }
        guard hasRun || hasFailedForGood(pod.initContainers, pod) && ending == nil else { return nil }
        let phase = ending == nil ? computedPhase(of: pod) : finalPhase
        return phase == "Succeeded" || phase == "Failed" ? phase : nil
    }

    /// The reason of a container that was never made.
    static let unknown = "ContainerStatusUnknown"
}
