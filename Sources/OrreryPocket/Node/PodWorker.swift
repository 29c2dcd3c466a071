internal import Foundation
internal import OrreryModel

/// What every pod's worker shares with the others.
struct WorkerTools {
    let configuration: PocketConfiguration
    let store: ObjectStore
    let events: EventRecorder
    let sandbox: Sandbox
    let images: ImageCatalog
    let nodeAddress: String
    /// Where the pods' own directories are.
    let directory: String
}

/// Takes one pod from where it is to where its object wants it, one step at a time. A step looks at the processes,
/// does the one thing that comes next, keeps what it knows on disk, and writes the status. So a watcher sees the same
/// states in the same order as from a real kubelet, and a restarted pocket goes on with the next step.
///
/// Concurrency: belongs to the `Kubelet` actor; nothing here is shared.
final class PodWorker {
    let tools: WorkerTools
    var manifest: PodManifest
    var runtime: PodRuntime
    var probes: [String: ProbeProgress] = [:]
    /// What of a container's output has been moved into its log, by its run.
    var moved: [String: [Int]] = [:]
    /// When the volumes were last compared with the objects that they are made from.
    private var comparedAt: Date?
    private var kept: PodRuntime?
    private var shown: (runtime: PodRuntime, generation: JSON?)?

    init(_ manifest: PodManifest, tools: WorkerTools, runtime: PodRuntime? = nil) {
        self.tools = tools
        self.manifest = manifest
        self.runtime =
            runtime
            ?? PodRuntime(uid: manifest.uid, namespace: manifest.key.namespace, name: manifest.key.name)
        kept = runtime
    }

    var directory: String { "\(tools.directory)/\(manifest.uid)" }

    /// One step. `takeAddress` gives the pod an address of its own, or nil when none is left.
    func step(_ object: JSON, now: Date, takeAddress: () -> String?) throws(PocketError) {
        if let manifest = PodManifest(object) { self.manifest = manifest }
        if manifest.object["metadata"]?["deletionTimestamp"] != nil, runtime.finalPhase != nil {
            manifest.remove(from: tools.store, at: now)
            return
        }
        // What was observed is written before anything follows from it, except at the end, where a kubelet says both
        // in one.
        if !observe(now: now) || runtime.ending != nil { advance(now: now, takeAddress: takeAddress) }
        try keep()
        publish(now: now)
    }

    private func advance(now: Date, takeAddress: () -> String?) {
        guard !noteDeletion(now: now), runtime.finalPhase == nil else { return }
        if runtime.ending != nil {
            end(now: now)
        } else {
            live(now: now, takeAddress: takeAddress)
        }
    }

    private func live(now: Date, takeAddress: () -> String?) {
        guard let startedAt = runtime.startedAt else { return acknowledge(now: now) }
        if let limit = manifest.activeDeadline, now >= startedAt.addingTimeInterval(limit) {
            tools.events.tell(manifest.object, .normal, "DeadlineExceeded", PodRuntime.deadlineMessage)
            return beginEnding(.deadline, grace: manifest.gracePeriod, now: now)
        }
        guard runtime.isPrepared else { return prepare(now: now, takeAddress: takeAddress) }
        refreshVolumes(now: now)
        let phase = runtime.computedPhase(of: manifest)
        if phase == "Succeeded" || phase == "Failed" {
            runtime.finalPhase = phase
            return
        }
        if let next = manifest.initContainers.first(where: { runtime.containers[$0.name]?.termination?.exitCode != 0 })
        {
            return advance(next, now: now)
        }
        for container in manifest.containers { advance(container, now: now) }
    }

    private func acknowledge(now: Date) {
        runtime.startedAt = now
        let reason = manifest.initContainers.isEmpty ? "ContainerCreating" : "PodInitializing"
        for container in manifest.all {
            runtime.containers[container.name] = ContainerRuntime(state: .waiting(reason: reason, message: nil))
        }
    }

    private func prepare(now: Date, takeAddress: () -> String?) {
        guard runtime.mountRetry.isDue(at: now) else { return }
        guard let address = runtime.address ?? takeAddress() else {
            _ = runtime.mountRetry.fail(at: now)
            let problem = "Failed to create pod sandbox: no address is left on the node"
            return tools.events.tell(manifest.object, .warning, "FailedCreatePodSandBox", problem)
        }
        runtime.address = address
        do {
            runtime.volumes = try volumes.prepare()
            runtime.isPrepared = true
            comparedAt = now
        } catch {
            _ = runtime.mountRetry.fail(at: now)
            tools.events.tell(manifest.object, .warning, "FailedMount", error.message)
        }
    }

    private var volumes: PodVolumes {
        PodVolumes(
            configuration: tools.configuration, store: tools.store, directory: "\(directory)/volumes",
            manifest: manifest, variables: fields)
    }

    /// Once a second, so that whoever waits for a change need not wait for a minute as with most real nodes.
    private func refreshVolumes(now: Date) {
        if let comparedAt, (0..<1).contains(now.timeIntervalSince(comparedAt)) { return }
        comparedAt = now
        volumes.refresh()
    }

    var fields: DownwardFields {
        DownwardFields(
            pod: manifest.object, address: runtime.address ?? "", nodeName: tools.configuration.node.name,
            nodeAddress: tools.nodeAddress)
    }

    /// Keeps what is known on disk, before anybody is told of it.
    private func keep() throws(PocketError) {
        guard kept != runtime else { return }
        try FileBytes.makeDirectory(directory)
        do {
            try FileBytes.replace("\(directory)/pod.json", with: Array(JSONEncoder().encode(runtime)))
        } catch let error as PocketError {
            throw error
        } catch {
            throw .state("\(directory)/pod.json cannot be written: \(error)")
        }
        kept = runtime
    }

    private func publish(now: Date) {
        let generation = manifest.object["metadata"]?["generation"]
        if let shown, shown.runtime == runtime, shown.generation == generation { return }
        shown = (runtime, generation)
        _ = tools.store.update(manifest.key, ifUID: manifest.uid) { pod in
            pod["status"] = runtime.status(
                of: manifest, previous: pod["status"] ?? [:], nodeAddress: tools.nodeAddress, now: now)
        }
    }
}
