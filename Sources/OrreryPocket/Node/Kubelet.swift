internal import Foundation
internal import Logging
internal import OrreryModel

/// Everything on the node that takes turns: the scheduler, the binder of claims, and one worker for each pod.
///
/// Concurrency: an actor. A step never waits for anything outside of this machine's kernel; probes are handed out as
/// jobs, and their results come back as further calls.
actor Kubelet {
    private let tools: WorkerTools
    private let binder: ClaimBinder
    private let node: NodeObject
    private let logger: Logger
    private let now: @Sendable () -> Date
    private var addresses: AddressPool
    private var workers: [String: PodWorker] = [:]
    private var seenAt: Date?
    private var isPrepared = false

    init(
        configuration: PocketConfiguration, store: ObjectStore, sandbox: Sandbox, logger: Logger,
        now: @escaping @Sendable () -> Date
    ) {
        addresses = AddressPool(configuration.addresses)
        let events = EventRecorder(store: store, node: configuration.node.name, now: now)
        tools = WorkerTools(
            configuration: configuration, store: store, events: events, sandbox: sandbox,
            images: ImageCatalog(configuration.images), nodeAddress: addresses.nodeAddress,
            directory: Node.directory(configuration))
        binder = ClaimBinder(configuration: configuration, store: store, events: events)
        node = NodeObject(configuration: configuration, store: store, address: addresses.nodeAddress)
        self.logger = logger
        self.now = now
    }

    /// Does what there is to do now, and answers with the probes that are due.
    func step() throws(PocketError) -> [ProbeJob] {
        let moment = now()
        if !isPrepared { try prepare() }
        refreshNode(at: moment)
        let pods = tools.store.list(.pods).objects
        schedule(pods)
        return try work(on: pods, now: moment)
    }

    private func prepare() throws(PocketError) {
        try FileBytes.makeDirectory(tools.directory)
        binder.prepare()
        for uid in FileBytes.names(in: tools.directory) { recover(uid) }
        isPrepared = true
    }

    /// Takes up a pod where the last pocket left it.
    private func recover(_ uid: String) {
        guard let bytes = try? FileBytes.read("\(tools.directory)/\(uid)/pod.json"),
            let runtime = try? JSONDecoder().decode(PodRuntime.self, from: Data(bytes))
        else {
            logger.warning("A pod's directory has no usable record", metadata: ["pod-uid": "\(uid)"])
            return
        }
        let key = ObjectStore.Key(kind: .pods, namespace: runtime.namespace, name: runtime.name)
        let remains: JSON = [
            "metadata": ["name": .string(key.name), "namespace": .string(key.namespace), "uid": .string(uid)],
            "spec": [:],
        ]
        let object = tools.store.object(key)
        let isSame = object?["metadata"]?["uid"]?.string == uid
        guard let manifest = PodManifest(isSame ? object ?? remains : remains) else { return }
        workers[uid] = PodWorker(manifest, tools: tools, runtime: runtime)
        if let address = runtime.address { addresses.keep(address) }
        logger.info("A pod was found again", metadata: ["pod": "\(key.namespace)/\(key.name)", "pod-uid": "\(uid)"])
    }

    /// The node says that it is alive once a minute; more would only fill the journal.
    private func refreshNode(at moment: Date) {
        if let seenAt, moment.timeIntervalSince(seenAt) < 60 { return }
        seenAt = moment
        node.refresh(at: moment)
    }

    private func work(on pods: [JSON], now moment: Date) throws(PocketError) -> [ProbeJob] {
        var jobs: [ProbeJob] = []
        var present: Set<String> = []
        for pod in pods where pod["spec"]?["nodeName"]?.string == tools.configuration.node.name {
            guard let uid = pod["metadata"]?["uid"]?.string, let worker = worker(for: pod, uid) else { continue }
            present.insert(uid)
            try worker.step(pod, now: moment) { addresses.take() }
            jobs += worker.dueProbes(now: moment)
        }
        for (uid, worker) in workers where !present.contains(uid) && worker.abandon() {
            if let address = worker.runtime.address { addresses.giveBack(address) }
            FileBytes.remove(worker.directory)
            workers[uid] = nil
        }
        return jobs
    }

    private func worker(for pod: JSON, _ uid: String) -> PodWorker? {
        if let worker = workers[uid] { return worker }
        // A pod that ended before this node knew it, or under a lost record, is not begun again.
        let phase = pod["status"]?["phase"]?.string
        guard phase != "Succeeded", phase != "Failed", let manifest = PodManifest(pod) else { return nil }
        let worker = PodWorker(manifest, tools: tools)
        workers[uid] = worker
        return worker
    }

    /// Takes the result of a probe.
    func take(_ result: ProbeRunner.Result, of job: ProbeJob) {
        workers[job.podUID]?.take(result, of: job, now: now())
    }

    /// Whether something is under way that ends within milliseconds, so that the next look should come soon.
    var isHurried: Bool {
        workers.values.contains { worker in
            worker.runtime.ending != nil && worker.runtime.finalPhase == nil
                || worker.runtime.containers.values.contains {
                    if case .launching = $0.state { true } else { false }
                }
        }
    }
}

extension Kubelet {
    private func schedule(_ pods: [JSON]) {
        let waiting = pods.filter { $0["spec"]?["nodeName"] == nil && $0["metadata"]?["deletionTimestamp"] == nil }
        let manifests = waiting.compactMap(PodManifest.init)
        let wanted = manifests.flatMap { pod in
            pod.claims.map {
                ObjectStore.Key(kind: .persistentvolumeclaims, namespace: pod.key.namespace, name: $0)
            }
        }
        binder.bind(wanted: Set(wanted))
        let running = pods.filter { pod in
            let phase = pod["status"]?["phase"]?.string
            return pod["spec"]?["nodeName"] != nil && phase != "Succeeded" && phase != "Failed"
        }.compactMap(PodManifest.init)
        var load = NodeLoad(running)
        let placement = Placement(
            store: tools.store, events: tools.events, node: tools.configuration.node.name, now: now)
        for pod in manifests.sorted(by: { $0.created < $1.created }) {
            let scheduler = Scheduler(node: tools.configuration.node, load: load)
            switch scheduler.decide(pod, problem: binder.problem(of: pod)) {
            case .fits:
                placement.assign(pod)
                load.add(pod)
            case .waits(let message): placement.postpone(pod, message)
            }
        }
    }
}

extension Kubelet {
    /// Ends every pod of the node: politely first, by force after `patience`. The pods' objects stay, as `Failed` with
    /// the reason a real node gives when it is shut down.
    func stopAll(patience: Duration) async throws(PocketError) {
        if !isPrepared { try prepare() }
        _ = try work(on: tools.store.list(.pods).objects, now: now())
        for worker in workers.values where worker.runtime.ending == nil && worker.runtime.finalPhase == nil {
            // Force comes from here, by a clock that always turns.
            worker.beginEnding(.shutdown, grace: 3600, now: now())
        }
        let deadline = ContinuousClock.now + patience
        while workers.values.contains(where: { $0.hasRuns }) {
            if .now >= deadline { for worker in workers.values { _ = worker.abandon() } }
            _ = try work(on: tools.store.list(.pods).objects, now: now())
            // A cancelled caller still wants nothing left running.
            await Task { try? await Task.sleep(for: .milliseconds(20)) }.value
        }
        for _ in 0..<3 { _ = try work(on: tools.store.list(.pods).objects, now: now()) }
    }
}

extension PodManifest {
    /// Orders pods by age, and by name among those of one second.
    fileprivate var created: String { "\(object["metadata"]?["creationTimestamp"]?.string ?? "") \(key)" }
}

extension PodWorker {
    /// Whether a process of the pod may still be there.
    fileprivate var hasRuns: Bool { runtime.containers.values.contains { $0.run != nil } }
}
