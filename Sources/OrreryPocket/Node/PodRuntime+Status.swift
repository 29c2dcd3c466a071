internal import Foundation
internal import OrreryModel

extension PodRuntime {
    /// The pod's status as a kubelet writes it, from what the node knows. Conditions that did not change keep the
    /// moment at which they last did, from the `previous` status.
    func status(of pod: PodManifest, previous: JSON, nodeAddress: String, now: Date) -> JSON {
        var status = previous
        status["observedGeneration"] = pod.object["metadata"]?["generation"]
        status["phase"] = .string(phase(of: pod))
        status["hostIP"] = .string(nodeAddress)
        status["hostIPs"] = [["ip": .string(nodeAddress)]]
        status["startTime"] = startedAt.map { .string($0.timestamp) }
        if let address, showsAddress(pod) {
            status["podIP"] = .string(address)
            status["podIPs"] = [["ip": .string(address)]]
        }
        if let ending, finalPhase != nil { tell(ending.cause, in: &status) }
        status["conditions"] = conditions(of: pod, previous: previous["conditions"]?.array ?? [], now: now)
        if !pod.initContainers.isEmpty {
            status["initContainerStatuses"] = .array(pod.initContainers.map { containerStatus($0, of: pod) })
        }
        status["containerStatuses"] = .array(pod.containers.map { containerStatus($0, of: pod) })
        return status
    }

    private func tell(_ cause: Ending.Cause, in status: inout JSON) {
        switch cause {
        case .deletion: break
        case .deadline:
            status["reason"] = "DeadlineExceeded"
            status["message"] = .string(Self.deadlineMessage)
        case .shutdown:
            status["reason"] = "Terminated"
            status["message"] = "Pod was terminated in response to imminent node shutdown."
        }
    }

    static let deadlineMessage = "Pod was active on the node longer than the specified deadline"

    // A kubelet tells the address with the first news about a container, not before.
    private func showsAddress(_ pod: PodManifest) -> Bool {
        containers.values.contains { container in
            switch container.state {
            case .waiting(let reason, _): !["ContainerCreating", "PodInitializing"].contains(reason)
            case .launching: container.attempts > 1
            case .running: true
            case .terminated(let termination): termination.reason != Self.unknown
            }
        }
    }

    /// The phase to show. That a pod is over is said one write after its last container's end, as a kubelet does it.
    func phase(of pod: PodManifest) -> String {
        let phase = computedPhase(of: pod)
        guard finalPhase == nil, phase == "Succeeded" || phase == "Failed" else { return phase }
        return isInitialized(pod) ? "Running" : "Pending"
    }

    /// The phase that the states of the containers amount to.
    func computedPhase(of pod: PodManifest) -> String {
        if let finalPhase { return finalPhase }
        guard isInitialized(pod) else { return hasFailedForGood(pod.initContainers, pod) ? "Failed" : "Pending" }
        let states = pod.containers.compactMap { containers[$0.name] }
        guard states.count == pod.containers.count else { return "Pending" }
        if states.allSatisfy({ $0.termination != nil }), ending != nil || !pod.containers.contains(where: restarts(pod))
        {
            return states.allSatisfy { $0.termination?.exitCode == 0 } ? "Succeeded" : "Failed"
        }
        return states.contains { $0.attempts == 0 || $0.isFirstLaunch } ? "Pending" : "Running"
    }

    private func restarts(_ pod: PodManifest) -> (ContainerManifest) -> Bool {
        { container in restarts(container, of: pod) }
    }

    /// Whether the policy has a container that ended started again.
    func restarts(_ container: ContainerManifest, of pod: PodManifest) -> Bool {
        guard ending == nil, let state = containers[container.name], let end = state.termination ?? state.last else {
            return false
        }
        if container.isInit, end.exitCode == 0 { return false }
        switch pod.restartPolicy {
        case "Never": return false
        case "OnFailure": return end.exitCode != 0 || state.condemned != nil
        default: return true
        }
    }

    /// Whether every init container has done its work.
    func isInitialized(_ pod: PodManifest) -> Bool {
        pod.initContainers.allSatisfy { containers[$0.name]?.termination?.exitCode == 0 }
    }

    func hasFailedForGood(_ group: [ContainerManifest], _ pod: PodManifest) -> Bool {
        group.contains { container in
            guard let end = containers[container.name]?.termination else { return false }
            return end.exitCode != 0 && !restarts(container, of: pod) && (ending != nil || pod.restartPolicy == "Never")
        }
    }
}

extension ContainerRuntime {
    /// Made for the first time and not begun yet.
    fileprivate var isFirstLaunch: Bool {
        guard case .launching = state else { return false }
        return attempts == 1
    }
}
