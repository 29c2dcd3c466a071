import FoundationEssentials
import OrreryFetch
import OrreryKubernetes
import OrreryModel
import Synchronization

/// A cluster in memory that answers as the recorded one does: statuses, refusals, versions, watches. What its kubelet
/// does is up to the test.
///
/// Concurrency: one mutex around all of it; watchers are woken through their streams.
final class FakeCluster: Sendable {
    struct Object {
        var plural: String
        var json: JSON
        var name: String { json["metadata"]?["name"]?.string ?? "" }
        var uid: String { json["metadata"]?["uid"]?.string ?? "" }
    }

    struct Watcher {
        var plural: String
        var stream: AsyncStream<[UInt8]>.Continuation
    }

    /// What may become of a pod instead of running.
    enum Fate {
        /// A node is to have it, and has no place for it after all: see `refusePods`.
        case refused
        /// No node takes it.
        case unplaced
    }

    struct State {
        var objects: [String: Object] = [:]
        var version = 100
        var watchers: [Int: Watcher] = [:]
        /// Everything that was told to watchers, for those that begin later.
        var history: [(version: Int, plural: String, line: [UInt8])] = []
        var calls: [String] = []
        /// The graces in seconds with which pods were deleted.
        var graces: [Int64] = []
        var log = ""
        /// Whether the kubelet starts every pod at once and ends it as soon as it is deleted.
        var runsPods = false
        var isAway = false
        /// What lists and watches are answered with, where that is no success.
        var hiding: Int?
        /// What becomes of the next pods; of those after them what `runsPods` says.
        var fates: [Fate] = []
        /// Whether pods on a node take their time to go.
        var lingers = false
        /// Refuses the creation of pods, or of what `refused` names.
        var refusal: (code: Int, reason: String, message: String)?
        var refused = "pods"
        /// What the next deletions of a kind are answered with, and of how many.
        var deletion: (plural: String, answer: Answer, times: Int)?
        /// Has the pod all the same: an earlier wish for it comes through only now.
        var makesWhatItRefuses = false
        /// Changes a pod while it is stored, as a webhook or an old server would.
        var rewrite: (@Sendable (inout JSON) -> Void)?
        var losesAnswerToPod = false
        /// Refuses pods that say it, as servers from 1.25 to 1.30 do.
        var knowsNoGroupsPolicy = false
    }

    let state = Mutex(State())

    var calls: [String] { state.withLock { $0.calls } }
    func names(_ plural: String) -> [String] {
        state.withLock { $0.objects.values.filter { $0.plural == plural }.map(\.name).sorted() }
    }
    func pod(_ name: String) -> JSON? { state.withLock { $0.objects["pods/\(name)"]?.json } }

    func set(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }
}

// What happens in the cluster by itself.
extension FakeCluster {
    /// Changes a pod's status and tells the watchers.
    func change(_ name: String, _ body: (inout JSON) -> Void) {
        state.withLock { state in
            guard var object = state.objects["pods/\(name)"] else { return }
            body(&object.json)
            state.put(object, as: "MODIFIED")
        }
    }

    func run(_ name: String, isReady: Bool = true) { change(name) { $0.run(isReady: isReady) } }

    /// The pod's object goes away.
    func lose(_ name: String) { state.withLock { $0.drop("pods/\(name)") } }

    /// The pod's object goes away, and no watcher is told.
    func loseInSilence(_ name: String) { state.withLock { $0.objects["pods/\(name)"] = nil } }

    /// Nodes refuse the pods that they were to have.
    func refusePods(
        _ reason: String = "OutOfcpu", because message: String = "Node didn't have enough resource: cpu"
    ) {
        state.withLock { state in
            for var object in state.objects.values where object.json["spec"]?["nodeName"] != nil {
                guard object.json["status"]?["phase"] == "Pending" else { continue }
                object.json["status"] = [
                    "phase": "Failed", "reason": .string(reason), "message": .string(message),
                    "conditions": [["type": "PodScheduled", "status": "True"]],
                ]
                state.put(object, as: "MODIFIED")
            }
        }
    }

    /// Pods that were told to go have gone.
    func sweep() {
        state.withLock { state in
            for (key, object) in state.objects where object.json["metadata"]?["deletionTimestamp"] != nil {
                state.drop(key)
            }
        }
    }

    /// Somebody makes a pod.
    func put(_ pod: JSON) { state.withLock { $0.put(Object(plural: "pods", json: pod), as: "ADDED") } }

    func tell(_ reason: String, _ message: String, about pod: String) {
        state.withLock { state in
            let uid = state.objects["pods/\(pod)"]?.uid ?? ""
            state.version += 1
            let event: JSON = [
                "metadata": ["name": .string("\(pod).\(state.version)")], "type": "Warning", "reason": .string(reason),
                "message": .string(message),
                "involvedObject": ["kind": "Pod", "name": .string(pod), "uid": .string(uid)],
            ]
            state.put(Object(plural: "events", json: event), as: "ADDED")
        }
    }

    /// The way to the cluster breaks, or is mended.
    func setAway(_ isAway: Bool) {
        set { $0.isAway = isAway }
        if isAway { endWatches() }
    }

    /// Lists and watches are answered with `status`, or as they should be.
    func hide(with status: Int?) {
        set { $0.hiding = status }
        if status != nil { endWatches() }
    }

    private func endWatches() {
        let watchers = state.withLock { state in
            defer { state.watchers = [:] }
            return Array(state.watchers.values)
        }
        for watcher in watchers { watcher.stream.finish() }
    }
}

extension FakeCluster.State {
    mutating func put(_ object: FakeCluster.Object, as type: String) {
        version += 1
        var object = object
        object.json["metadata"]?["resourceVersion"] = .string("\(version)")
        if object.uid.isEmpty { object.json["metadata"]?["uid"] = .string("uid-\(version)") }
        objects["\(object.plural)/\(object.name)"] = object
        tell(type, object)
    }

    mutating func drop(_ key: String) {
        guard var object = objects.removeValue(forKey: key) else { return }
        version += 1
        object.json["metadata"]?["resourceVersion"] = .string("\(version)")
        tell("DELETED", object)
    }

    private mutating func tell(_ type: String, _ object: FakeCluster.Object) {
        let line = JSON.object(["type": .string(type), "object": object.json]).text + Array("\n".utf8)
        history.append((version, object.plural, line))
        for watcher in watchers.values where watcher.plural == object.plural { watcher.stream.yield(line) }
    }
}

extension JSON {
    var text: [UInt8] { (try? JSONEncoder().encode(self)).map { [UInt8]($0) } ?? [] }

    mutating func run(isReady: Bool = true) {
        self["spec"]?["nodeName"] = "node-1"
        let ready: JSON = ["type": "Ready", "status": isReady ? "True" : "False"]
        self["status"] = [
            "phase": "Running", "podIP": "10.1.0.7",
            "conditions": [["type": "PodScheduled", "status": "True"], ready],
            "containerStatuses": [["name": "notebook", "ready": .bool(isReady), "state": ["running": [:]]]],
        ]
    }

    mutating func suffer(_ fate: FakeCluster.Fate) {
        switch fate {
        case .refused:
            self["spec"]?["nodeName"] = "node-1"
            self["status"] = ["phase": "Pending", "conditions": [["type": "PodScheduled", "status": "True"]]]
        case .unplaced:
            self["status"] = [
                "phase": "Pending",
                "conditions": [
                    [
                        "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                        "message": "0/3 nodes are available: 3 Insufficient memory.",
                    ]
                ],
            ]
        }
    }

    /// The pod's only container ends.
    mutating func end(status code: Int64, reason: String = "Error", message: JSON = nil) {
        self["status"] = [
            "phase": code == 0 ? "Succeeded" : "Failed", "podIP": "10.1.0.7",
            "conditions": [["type": "PodScheduled", "status": "True"], ["type": "Ready", "status": "False"]],
            "containerStatuses": [
                [
                    "name": "notebook",
                    "state": [
                        "terminated": ["exitCode": .integer(code), "reason": .string(reason), "message": message]
                    ],
                ]
            ],
        ]
    }
}
