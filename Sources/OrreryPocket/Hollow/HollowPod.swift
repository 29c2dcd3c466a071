internal import Foundation
internal import OrreryModel

/// One pod of a node without processes: the states that a kubelet goes through, one after the other, with nothing to
/// wait for between them.
struct HollowPod {
    let manifest: PodManifest
    private(set) var runtime: PodRuntime

    init(_ manifest: PodManifest) {
        self.manifest = manifest
        runtime = PodRuntime(uid: manifest.uid, namespace: manifest.key.namespace, name: manifest.key.name)
    }

    var isRunning: Bool { runtime.finalPhase == nil && runtime.containers.values.contains(where: \.isRunning) }

    /// When the pod has been there for as long as it may.
    var deadline: Date? {
        runtime.startedAt.flatMap { start in manifest.activeDeadline.map { start.addingTimeInterval($0) } }
    }

    /// The ports at which somebody has to answer.
    var ports: [UInt16] {
        manifest.containers.flatMap { $0.object["ports"]?.array ?? [] }
            .compactMap { $0["containerPort"]?.integer.flatMap(UInt16.init(exactly:)) }
    }

    /// The node has seen it.
    mutating func acknowledge(at now: Date) {
        runtime.startedAt = now
        let reason = manifest.initContainers.isEmpty ? "ContainerCreating" : "PodInitializing"
        for container in manifest.all {
            runtime.containers[container.name] = ContainerRuntime(state: .waiting(reason: reason, message: nil))
        }
    }

    /// It has its address and its volumes.
    mutating func prepare(_ address: String) {
        runtime.address = address
        runtime.isPrepared = true
    }

    /// Its init containers have done their work and the others run.
    mutating func start(at now: Date) {
        for container in manifest.initContainers {
            var state = ContainerRuntime(state: .terminated(Self.end(startedAt: now, finishedAt: now)))
            state.attempts = 1
            runtime.containers[container.name] = state
        }
        for container in manifest.containers {
            var state = ContainerRuntime(state: .running(.hollow(startedAt: now)))
            state.attempts = 1
            state.isStarted = true
            state.imageID = container.image
            state.containerID = "pocket://hollow"
            runtime.containers[container.name] = state
        }
    }

    /// Its address answers.
    mutating func becomeReady() {
        for container in manifest.containers { runtime.containers[container.name]?.isReady = true }
    }

    /// Its containers have ended, because of `cause`.
    mutating func beginEnding(_ cause: PodRuntime.Ending.Cause, at now: Date) {
        runtime.ending = PodRuntime.Ending(cause: cause, grace: 0, deadline: now)
        for container in manifest.containers {
            let start = runtime.containers[container.name]?.run?.startedAt
            runtime.containers[container.name]?.end(Self.end(startedAt: start, finishedAt: now))
        }
    }

    /// Nothing about it changes any more.
    mutating func finish() {
        runtime.isPrepared = false
        runtime.finalPhase = runtime.ending?.cause == .deletion ? "Succeeded" : "Failed"
    }

    private static func end(startedAt: Date?, finishedAt: Date) -> ContainerRuntime.Termination {
        ContainerRuntime.Termination(
            exitCode: 0, reason: "Completed", startedAt: startedAt, finishedAt: finishedAt,
            containerID: "pocket://hollow")
    }
}

extension ContainerRun {
    /// A run of nothing.
    fileprivate static func hollow(startedAt: Date) -> ContainerRun {
        ContainerRun(
            id: "hollow", directory: "", outer: ProcessIdentity(number: 0, start: 0), startedAt: startedAt,
            expected: [], command: [], searchPath: "")
    }
}
