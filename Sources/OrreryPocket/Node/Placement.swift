internal import Foundation
internal import OrreryModel

/// Writes what the scheduler decided into a pod, and tells of it.
struct Placement {
    let store: ObjectStore
    let events: EventRecorder
    let node: String
    let now: @Sendable () -> Date

    /// Puts the pod onto the node. Answers with its object as it is then; nil when it is gone.
    @discardableResult
    func assign(_ pod: PodManifest) -> JSON? {
        let assigned = store.update(pod.key, ifUID: pod.uid) { object in
            object["spec"]?["nodeName"] = .string(node)
            setScheduled(&object, status: "True", reason: nil, message: nil)
        }
        guard let assigned else { return nil }
        events.tellOfScheduling(
            assigned, .normal, "Scheduled", "Successfully assigned \(pod.key.namespace)/\(pod.key.name) to \(node)",
            action: "Binding")
        return assigned
    }

    /// Says why there is no place yet, unless that was said.
    func postpone(_ pod: PodManifest, _ message: String) {
        let known = (pod.object["status"]?["conditions"]?.array ?? []).first { $0["type"]?.string == "PodScheduled" }
        guard known?["message"]?.string != message else { return }
        let updated = store.update(pod.key, ifUID: pod.uid) { object in
            setScheduled(&object, status: "False", reason: "Unschedulable", message: message)
        }
        guard let updated else { return }
        events.tellOfScheduling(updated, .warning, "FailedScheduling", message, action: "Scheduling")
    }

    private func setScheduled(_ pod: inout JSON, status: String, reason: String?, message: String?) {
        var condition: JSON = [
            "type": "PodScheduled", "status": .string(status), "lastProbeTime": .null,
            "lastTransitionTime": .string(now().timestamp),
        ]
        condition["reason"] = reason.map { .string($0) }
        condition["message"] = message.map { .string($0) }
        let others = (pod["status"]?["conditions"]?.array ?? []).filter { $0["type"]?.string != "PodScheduled" }
        var podStatus = pod["status"] ?? ["phase": "Pending"]
        podStatus["conditions"] = .array(others + [condition])
        pod["status"] = podStatus
    }
}
