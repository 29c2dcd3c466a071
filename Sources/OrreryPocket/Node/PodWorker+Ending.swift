internal import Foundation
internal import Glibc
internal import OrreryModel

extension PodWorker {
    /// Begins to end the pod when its object says so, or shortens its time when it was deleted once more. Answers
    /// whether it did either.
    func noteDeletion(now: Date) -> Bool {
        guard manifest.object["metadata"]?["deletionTimestamp"] != nil, runtime.finalPhase == nil else { return false }
        let grace = manifest.object["metadata"]?["deletionGracePeriodSeconds"]?.number ?? manifest.gracePeriod
        guard var ending = runtime.ending else {
            beginEnding(.deletion, grace: grace, now: now)
            return true
        }
        guard grace < ending.grace else { return false }
        ending.grace = grace
        ending.deadline = min(ending.deadline, now.addingTimeInterval(grace))
        runtime.ending = ending
        return true
    }

    /// Asks every container to end.
    func beginEnding(_ cause: PodRuntime.Ending.Cause, grace: Double, now: Date) {
        if runtime.startedAt == nil { runtime.startedAt = now }
        runtime.ending = PodRuntime.Ending(cause: cause, grace: grace, deadline: now.addingTimeInterval(grace))
        for container in manifest.all {
            guard let state = runtime.containers[container.name] else { continue }
            switch state.state {
            case .running(let run):
                let words = "Stopping container \(container.name)"
                tools.events.tell(manifest.object, .normal, "Killing", words, at: container.fieldPath)
                run.send(grace > 0 ? SIGTERM : SIGKILL)
            case .launching(let run, let shown):
                // Nothing of the pod has run yet, so there is nobody to be polite to.
                run.send(SIGKILL)
                runtime.containers[container.name]?.state = shown
            case .waiting: runtime.containers[container.name]?.state = stateAtEnd(of: state)
            case .terminated: break
            }
        }
    }

    /// A container that waited for its next try shows how the last one ended; one that never ran is as at the start.
    private func stateAtEnd(of container: ContainerRuntime) -> ContainerRuntime.State {
        if container.attempts > 0, let last = container.last { return .terminated(last) }
        let reason = manifest.initContainers.isEmpty ? "ContainerCreating" : "PodInitializing"
        return .waiting(reason: reason, message: nil)
    }

    /// Goes on ending: by force when the time is up, and through the last states when nothing runs any more.
    func end(now: Date) {
        guard let ending = runtime.ending else { return }
        let runs = runtime.containers.values.compactMap(\.run)
        guard runs.isEmpty else {
            guard now >= ending.deadline, !ending.isKilled else { return }
            for run in runs { run.send(SIGKILL) }
            runtime.ending?.isKilled = true
            return
        }
        let idle = manifest.containers.filter { runtime.containers[$0.name]?.termination == nil }
        if !idle.isEmpty, runtime.isPrepared {
            runtime.isPrepared = false
            return
        }
        if runtime.isInitialized(manifest) { idle.forEach(giveUp) }
        let phase = runtime.computedPhase(of: manifest)
        runtime.finalPhase = ending.cause == .deletion && phase == "Succeeded" ? phase : "Failed"
    }

    private func giveUp(_ container: ContainerManifest) {
        if runtime.containers[container.name] == nil {
            runtime.containers[container.name] = ContainerRuntime(state: .waiting(reason: "", message: nil))
        }
        runtime.containers[container.name]?.state = .terminated(
            ContainerRuntime.Termination(
                exitCode: 137, reason: PodRuntime.unknown,
                message: "The container could not be located when the pod was terminated"))
    }

    /// Ends everything at once for a pod whose object is gone. Answers whether nothing is left.
    func abandon() -> Bool {
        if runtime.ending == nil { beginEnding(.deletion, grace: 0, now: tools.events.now()) }
        let runs = runtime.containers.values.compactMap(\.run).filter(\.isAlive)
        for run in runs { run.send(SIGKILL) }
        return runs.isEmpty
    }
}
