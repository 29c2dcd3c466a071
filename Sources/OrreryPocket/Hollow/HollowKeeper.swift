internal import Foundation
internal import OrreryModel

/// Takes the pods of a node without processes through their states.
///
/// Concurrency: belongs to the one task of `HollowNode`.
struct HollowKeeper {
    private let configuration: PocketConfiguration
    private let store: ObjectStore
    private let events: EventRecorder
    private let binder: ClaimBinder
    private let node: NodeObject
    private let doors = HollowDoors()
    private let now: @Sendable () -> Date
    private var addresses: AddressPool
    private var load = NodeLoad()
    private var pods: [String: HollowPod] = [:]
    /// Pods for which there is no place yet, by their uid, in the order in which they came.
    private var waiting: [(uid: String, key: ObjectStore.Key)] = []
    private var seenAt: Date?

    init(configuration: PocketConfiguration, store: ObjectStore, now: @escaping @Sendable () -> Date) {
        self.configuration = configuration
        self.store = store
        self.now = now
        addresses = AddressPool(configuration.addresses)
        events = EventRecorder(store: store, node: configuration.node.name, now: now)
        binder = ClaimBinder(configuration: configuration, store: store, events: events)
        node = NodeObject(configuration: configuration, store: store, address: addresses.nodeAddress)
        binder.prepare()
        tick()
    }

    /// Ends the listening; the objects stay.
    func shut() { doors.shut() }

    /// What takes time: deadlines, and places for those who wait.
    mutating func tick() {
        let moment = now()
        if seenAt.map({ moment.timeIntervalSince($0) >= 60 }) ?? true {
            seenAt = moment
            node.refresh(at: moment)
        }
        for (uid, pod) in pods where pod.isRunning && pod.deadline.map({ moment >= $0 }) ?? false {
            events.tell(pod.manifest.object, .normal, "DeadlineExceeded", PodRuntime.deadlineMessage)
            end(uid, .deadline)
        }
        retry()
    }

    /// After changes were missed.
    mutating func compare(_ objects: [JSON]) {
        let present = Set(objects.compactMap { $0["metadata"]?["uid"]?.string })
        for (uid, pod) in pods where !present.contains(uid) { gone(pod.manifest.object) }
        for object in objects { look(at: object) }
    }

    mutating func look(at object: JSON) {
        guard let uid = object["metadata"]?["uid"]?.string else { return }
        let isLeaving = object["metadata"]?["deletionTimestamp"] != nil
        if pods[uid] != nil {
            if isLeaving { end(uid, .deletion) }
            return
        }
        guard let manifest = PodManifest(object) else { return }
        let phase = object["status"]?["phase"]?.string
        switch object["spec"]?["nodeName"]?.string {
        case nil where !isLeaving && !waiting.contains { $0.uid == uid }: place(manifest)
        case configuration.node.name where phase != "Succeeded" && phase != "Failed": begin(manifest)
        default: if isLeaving { remove(manifest) }
        }
    }

    /// The pod's object is gone.
    mutating func gone(_ object: JSON) {
        guard let uid = object["metadata"]?["uid"]?.string else { return }
        waiting.removeAll { $0.uid == uid }
        guard let pod = pods.removeValue(forKey: uid) else { return }
        if pod.runtime.finalPhase == nil { load.remove(pod.manifest) }
        if let address = pod.runtime.address {
            doors.close(address)
            addresses.giveBack(address)
        }
        retry()
    }

    /// Ends every pod, as a node does that is shut down.
    mutating func endAll() {
        for (uid, pod) in pods where pod.isRunning { end(uid, .shutdown) }
    }
}

extension HollowKeeper {
    private mutating func retry() {
        let all = waiting
        waiting = []
        for (_, key) in all {
            guard let object = store.object(key), let manifest = PodManifest(object) else { continue }
            place(manifest)
        }
    }

    private mutating func place(_ pod: PodManifest) {
        if !pod.claims.isEmpty {
            binder.bind(
                wanted: Set(
                    pod.claims.map {
                        ObjectStore.Key(kind: .persistentvolumeclaims, namespace: pod.key.namespace, name: $0)
                    }))
        }
        let problem = pod.claims.isEmpty ? nil : binder.problem(of: pod)
        let placement = Placement(store: store, events: events, node: configuration.node.name, now: now)
        switch Scheduler(node: configuration.node, load: load).decide(pod, problem: problem) {
        case .fits:
            if let assigned = placement.assign(pod), let manifest = PodManifest(assigned) { begin(manifest) }
        case .waits(let message):
            waiting.append((pod.uid, pod.key))
            placement.postpone(pod, message)
        }
    }

    /// Takes a pod from its place to its readiness. One that runs already keeps its address.
    private mutating func begin(_ manifest: PodManifest) {
        guard pods[manifest.uid] == nil else { return }
        var pod = HollowPod(manifest)
        load.add(manifest)
        defer { pods[manifest.uid] = pod }
        let moment = now()
        let status = manifest.object["status"]
        let start = status?["startTime"]?.string.flatMap { try? Date($0, strategy: .iso8601) }
        pod.acknowledge(at: start ?? moment)
        publish(pod)
        guard let address = kept(status?["podIP"]?.string) ?? addresses.take() else {
            let problem = "Failed to create pod sandbox: no address is left on the node"
            return events.tell(manifest.object, .warning, "FailedCreatePodSandBox", problem)
        }
        pod.prepare(address)
        if let problem = doors.open(address, pod.ports, HollowServer(manifest)) {
            return events.tell(
                manifest.object, .warning, "FailedCreatePodSandBox", "Failed to create pod sandbox: \(problem)")
        }
        publish(pod)
        if start == nil { tellOfStart(manifest) }
        pod.start(at: start ?? moment)
        publish(pod)
        pod.becomeReady()
        publish(pod)
    }

    private mutating func kept(_ address: String?) -> String? {
        if let address { addresses.keep(address) }
        return address
    }

    private func tellOfStart(_ pod: PodManifest) {
        for container in pod.containers {
            let words =
                "Container image \"\(container.image)\" already present on machine and can be accessed by the pod"
            events.tellNew(pod.object, .normal, "Pulled", words, at: container.fieldPath)
            events.tellNew(pod.object, .normal, "Created", "Container created", at: container.fieldPath)
            events.tellNew(pod.object, .normal, "Started", "Container started", at: container.fieldPath)
        }
    }

    private mutating func end(_ uid: String, _ cause: PodRuntime.Ending.Cause) {
        guard var pod = pods[uid] else { return }
        if pod.runtime.finalPhase == nil {
            for container in pod.manifest.containers where cause != .deadline {
                events.tellNew(
                    pod.manifest.object, .normal, "Killing", "Stopping container \(container.name)",
                    at: container.fieldPath)
            }
            if let address = pod.runtime.address { doors.close(address) }
            pod.beginEnding(cause, at: now())
            publish(pod)
            pod.finish()
            publish(pod)
            load.remove(pod.manifest)
            pods[uid] = pod
        }
        if cause == .deletion { remove(pod.manifest) }
    }

    private func publish(_ pod: HollowPod) {
        _ = store.update(pod.manifest.key, ifUID: pod.manifest.uid) { object in
            object["status"] = pod.runtime.status(
                of: pod.manifest, previous: object["status"] ?? [:], nodeAddress: addresses.nodeAddress, now: now())
        }
    }

    private func remove(_ pod: PodManifest) { pod.remove(from: store, at: now()) }
}
