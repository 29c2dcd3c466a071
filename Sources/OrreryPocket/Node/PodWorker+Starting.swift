internal import Foundation
internal import OrreryModel

extension PodWorker {
    /// Takes one container a step further when it is not running: starts it, or waits for the next try.
    func advance(_ container: ContainerManifest, now: Date) {
        guard let state = runtime.containers[container.name] else { return }
        switch state.state {
        case .launching, .running: return
        case .terminated(let end):
            guard runtime.restarts(container, of: manifest) else { return }
            // A container that is to be waited with shows for a while how it ended, as at a kubelet's slower pace.
            let isFresh = end.finishedAt.map { now < $0.addingTimeInterval(1) } ?? false
            guard state.crashDelay == nil || !isFresh else { return remind(container, now: now) }
            restart(container, after: end, now: now)
        case .waiting(let reason, _):
            guard state.retryAt.map({ now >= $0 }) ?? true else { return remind(container, now: now) }
            switch reason {
            case "RunContainerError": restart(container, after: state.last, now: now)
            case "ErrImagePull": waitForImage(container, now: now)
            default: start(container, now: now)
            }
        }
    }

    /// Starts a container again: at once the first time it ends, and later each time after a longer while.
    private func restart(_ container: ContainerManifest, after end: ContainerRuntime.Termination?, now: Date) {
        guard var state = runtime.containers[container.name] else { return }
        // Ten minutes of work make up for what was before.
        let ran = end?.startedAt.flatMap { start in end?.finishedAt?.timeIntervalSince(start) } ?? 0
        let hasFailedToStart = end?.reason == "StartError"
        if ran > 600, !hasFailedToStart { state.crashDelay = nil }
        guard let delay = state.crashDelay else {
            runtime.containers[container.name]?.crashDelay = 10
            return start(container, now: now)
        }
        state.crashDelay = min(delay * 2, 300)
        state.last = end
        state.retryAt = (end?.finishedAt ?? now).addingTimeInterval(delay)
        let pod = manifest.fullName
        state.state = .waiting(
            reason: "CrashLoopBackOff",
            message: "back-off \(Self.text(of: delay)) restarting failed container=\(container.name) pod=\(pod)")
        runtime.containers[container.name] = state
    }

    /// Says every ten seconds that a container is waited with.
    func remind(_ container: ContainerManifest, now: Date) {
        guard let state = runtime.containers[container.name],
            state.toldAt.map({ now >= $0.addingTimeInterval(10) }) ?? true
        else { return }
        switch state.state.reason {
        case "CrashLoopBackOff", "RunContainerError", nil:
            guard state.crashDelay != nil else { return }
            let words = "Back-off restarting failed container \(container.name) in pod \(manifest.fullName)"
            tools.events.tell(manifest.object, .warning, "BackOff", words, at: container.fieldPath)
        case "ImagePullBackOff":
            let words = "Back-off pulling image \"\(container.image)\""
            tools.events.tell(manifest.object, .normal, "BackOff", words, at: container.fieldPath)
            tellFailure("ImagePullBackOff", of: container)
        default: return
        }
        runtime.containers[container.name]?.toldAt = now
    }

    /// Finds the image, and on success goes on to make the container.
    private func start(_ container: ContainerManifest, now: Date) {
        let quoted = "\"\(container.image)\""
        do {
            let image = try tools.images.image(for: container.image)
            tellPulled(container, quoted)
            runtime.containers[container.name]?.pulls.reset()
            make(container, from: image, now: now)
        } catch {
            switch error {
            case .invalid(let sentence):
                tools.events.tell(manifest.object, .warning, "InspectFailed", sentence, at: container.fieldPath)
                refuse(container, "InvalidImageName", sentence, now: now)
            case .missing where container.pullPolicy == "Never", .broken where container.pullPolicy == "Never":
                let sentence = "Container image \(quoted) is not present with pull policy of Never"
                tools.events.tell(manifest.object, .warning, "ErrImageNeverPull", sentence, at: container.fieldPath)
                refuse(container, "ErrImageNeverPull", sentence, now: now)
            case .missing(let problem), .broken(let problem):
                pullFailed(container, "failed to pull and unpack image \(quoted): \(problem)", now: now)
            }
        }
    }

    private func tellPulled(_ container: ContainerManifest, _ quoted: String) {
        guard container.pullPolicy == "Always" else {
            let words = "Container image \(quoted) already present on machine and can be accessed by the pod"
            return tools.events.tell(manifest.object, .normal, "Pulled", words, at: container.fieldPath)
        }
        tools.events.tell(manifest.object, .normal, "Pulling", "Pulling image \(quoted)", at: container.fieldPath)
        let words = "Successfully pulled image \(quoted) in 0s (0s including waiting). Image size: 0 bytes."
        tools.events.tell(manifest.object, .normal, "Pulled", words, at: container.fieldPath)
    }

    private func pullFailed(_ container: ContainerManifest, _ sentence: String, now: Date) {
        let quoted = "\"\(container.image)\""
        tools.events.tell(manifest.object, .normal, "Pulling", "Pulling image \(quoted)", at: container.fieldPath)
        let words = "Failed to pull image \(quoted): \(sentence)"
        tools.events.tell(manifest.object, .warning, "Failed", words, at: container.fieldPath)
        refuse(container, "ErrImagePull", sentence, now: now)
        _ = runtime.containers[container.name]?.pulls.fail(at: now)
        runtime.containers[container.name]?.retryAt = now.addingTimeInterval(1)
    }

    /// After a pull that failed, the wait until the next one has a name of its own.
    private func waitForImage(_ container: ContainerManifest, now: Date) {
        guard let state = runtime.containers[container.name], case .waiting(_, let problem) = state.state else {
            return
        }
        let message = "Back-off pulling image \"\(container.image)\": ErrImagePull: \(problem ?? "")"
        runtime.containers[container.name]?.state = .waiting(reason: "ImagePullBackOff", message: message)
        runtime.containers[container.name]?.retryAt = state.pulls.due
        runtime.containers[container.name]?.toldAt = nil
        remind(container, now: now)
    }

    /// Notes why the container cannot be made now; it is tried again in ten seconds.
    func refuse(_ container: ContainerManifest, _ reason: String, _ message: String, now: Date) {
        tellFailure(reason.hasPrefix("CreateContainer") ? message : reason, of: container)
        runtime.containers[container.name]?.state = .waiting(reason: reason, message: message)
        runtime.containers[container.name]?.retryAt = now.addingTimeInterval(10)
    }

    private func tellFailure(_ what: String, of container: ContainerManifest) {
        tools.events.tell(manifest.object, .warning, "Failed", "Error: \(what)", at: container.fieldPath)
    }

    /// As Go writes a duration: `10s`, `1m20s`, `5m0s`.
    private static func text(of seconds: Double) -> String {
        let whole = Int(seconds)
        return whole < 60 ? "\(whole)s" : "\(whole / 60)m\(whole % 60)s"
    }
}
