internal import Foundation
internal import OrreryModel

/// Writes what happens to pods and claims as events. The same thing happening again to the same object raises the
/// count of the event that is there.
struct EventRecorder: Sendable {
    let store: ObjectStore
    let node: String
    let now: @Sendable () -> Date

    /// What a kubelet says about `object`, or about the part of it at `fieldPath`.
    func tell(_ object: JSON, _ type: EventType, _ reason: String, _ message: String, at fieldPath: String? = nil) {
        let source: JSON = ["component": "kubelet", "host": .string(node)]
        count(object, type, reason, message, fieldPath: fieldPath, source: source, reporter: ("kubelet", node))
    }

    /// The same for what cannot have been said before; it costs no look at the other events.
    func tellNew(_ object: JSON, _ type: EventType, _ reason: String, _ message: String, at fieldPath: String? = nil) {
        create(
            counted(
                body(object, type, reason, message, fieldPath: fieldPath),
                source: ["component": "kubelet", "host": .string(node)], reporter: ("kubelet", node)),
            about: object)
    }

    /// What the volume controller says about a claim.
    func tellOfClaim(_ claim: JSON, _ type: EventType, _ reason: String, _ message: String) {
        let name = "persistentvolume-controller"
        count(claim, type, reason, message, fieldPath: nil, source: ["component": .string(name)], reporter: (name, ""))
    }

    /// What the scheduler says: in the newer form, with a moment and an action instead of a count.
    func tellOfScheduling(_ pod: JSON, _ type: EventType, _ reason: String, _ message: String, action: String) {
        var event = body(pod, type, reason, message, fieldPath: nil)
        event["eventTime"] = .string(now().microsecondTimestamp)
        event["action"] = .string(action)
        event["source"] = [:]
        event["firstTimestamp"] = .null
        event["lastTimestamp"] = .null
        event["reportingComponent"] = "default-scheduler"
        event["reportingInstance"] = .string("default-scheduler-\(node)")
        create(event, about: pod)
    }

    private func count(
        _ object: JSON, _ type: EventType, _ reason: String, _ message: String, fieldPath: String?, source: JSON,
        reporter: (component: String, instance: String)
    ) {
        let event = body(object, type, reason, message, fieldPath: fieldPath)
        if let key = same(as: event) {
            let updated = store.update(key) { known in
                known["count"] = .integer((known["count"]?.integer ?? 1) + 1)
                known["lastTimestamp"] = .string(now().timestamp)
            }
            if updated != nil { return }
        }
        create(counted(event, source: source, reporter: reporter), about: object)
    }

    /// `event` as one that happened once, now.
    private func counted(_ event: JSON, source: JSON, reporter: (component: String, instance: String)) -> JSON {
        let moment = JSON.string(now().timestamp)
        var new = event
        new["source"] = source
        new["firstTimestamp"] = moment
        new["lastTimestamp"] = moment
        new["count"] = 1
        new["eventTime"] = .null
        new["reportingComponent"] = .string(reporter.component)
        new["reportingInstance"] = .string(reporter.instance)
        return new
    }

    private func body(
        _ object: JSON, _ type: EventType, _ reason: String, _ message: String, fieldPath: String?
    ) -> JSON {
        let metadata = object["metadata"] ?? [:]
        var involved: JSON = ["kind": object["kind"] ?? "Pod", "apiVersion": object["apiVersion"] ?? "v1"]
        for name in ["namespace", "name", "uid", "resourceVersion"] { involved[name] = metadata[name] }
        involved["fieldPath"] = fieldPath.map { .string($0) }
        return [
            "metadata": ["namespace": metadata["namespace"] ?? "default"], "involvedObject": involved,
            "type": .string(type.rawValue), "reason": .string(reason), "message": .string(message),
        ]
    }

    private func same(as event: JSON) -> ObjectStore.Key? {
        let namespace = event["metadata"]?["namespace"]?.string ?? ""
        let known = store.list(.events, namespace: namespace).objects.last { other in
            other["count"] != nil && ["type", "reason", "message"].allSatisfy { other[$0] == event[$0] }
                && ["uid", "fieldPath"].allSatisfy {
                    other["involvedObject"]?[$0] == event["involvedObject"]?[$0]
                }
        }
        guard let name = known?["metadata"]?["name"]?.string else { return nil }
        return ObjectStore.Key(kind: .events, namespace: namespace, name: name)
    }

    private func create(_ event: JSON, about object: JSON) {
        let namespace = event["metadata"]?["namespace"]?.string ?? ""
        let mark = String(UInt64.random(in: .min ... .max), radix: 16)
        let name = "\(object["metadata"]?["name"]?.string ?? "unknown").\(mark)"
        // A name that is there already is as unlikely as anything; the event would be one of many that are lost.
        _ = try? store.create(ObjectStore.Key(kind: .events, namespace: namespace, name: name), event)
    }
}

enum EventType: String {
    case normal = "Normal"
    case warning = "Warning"
}

extension Date {
    /// RFC 3339 with microseconds, as the newer kind of event has it.
    var microsecondTimestamp: String { "\(nanosecondTimestamp.dropLast(4))Z" }
}
