import OrreryKubernetes
import OrreryModel

/// What one look at a pod says about its session. A pure function of the pod; it knows nothing of what was before.
struct PodReading: Hashable {
    /// How far the pod is; `.answering` means ready for the cluster.
    var progress: SessionState
    var trouble: Trouble?
    /// The pod's address, once it has one; an IPv6 one in brackets.
    var host: String?
    /// The container has run, so there may be a log.
    var hasRun: Bool
    /// How often the cluster has started the container again.
    var restarts: Int
    /// Somebody has asked for the pod's deletion.
    var isTerminating: Bool

    /// Why a pod does not go on, or will not any more.
    enum Trouble: Hashable {
        case noRoom(String)
        /// Another pod has a volume of it that one alone may have.
        case storageTaken(String)
        /// Something of the site's own lets it wait, by these names.
        case gated([String])
        /// A claim of the pod does not exist.
        case noClaim(String)
        /// A claim of the pod has no volume yet.
        case unboundClaim(String)
        /// No node can have both the pod and its volumes.
        case wrongPlace(String)
        /// The image was refused: how, in the kubelet's word, and why.
        case image(reason: String, message: String)
        /// Something that the container needs is missing; it may still come.
        case configuration(String)
        /// The kubelet has given up, or will never get further.
        case broken(String)
        /// The pod has ended, or is being ended by the cluster.
        case over(Death)
    }

    enum Death: Hashable {
        case finished
        case exited(code: Int, output: String?)
        case outOfMemory
        /// Ended by a signal that nobody can answer.
        case killed
        case lifetime
        /// A node had no place for it after all; nothing of it has run.
        case refused(String)
        /// The cluster took it: node pressure, drain, preemption, a lost node.
        case taken(String)
    }

    init(_ pod: Pod, container name: String = PodBuilder.container) {
        let status = pod.status ?? PodStatus()
        let container = status.containerStatuses?.first { $0.name == name }
        let state = container?.state
        restarts = container?.restartCount ?? 0
        // The longest address has 45 characters (RFC 4291, 2.2).
        host = status.podIP.flatMap { $0.utf8.count > 45 ? nil : $0.contains(":") ? "[\($0)]" : $0 }
        hasRun = state?.running != nil || state?.terminated != nil
        isTerminating = pod.metadata.isTerminating
        progress = Self.progress(status, state)
        trouble =
            Self.death(status, state, isTerminating: isTerminating).map { .over($0) }
            ?? Self.place(status, gates: pod.spec.schedulingGates) ?? Self.trouble(state?.waiting)
    }

    private static func progress(_ status: PodStatus, _ state: ContainerStatus.State?) -> SessionState {
        if status.holds("Ready") { return .answering }
        if state?.running != nil { return .starting }
        guard status.holds("PodScheduled") else { return .creating }
        guard state?.waiting != nil else { return .scheduled }
        return status.holds("PodReadyToStartContainers") ? .image : .volumes
    }

    /// Why no node has it. The scheduler's reasons share one word; its sentence tells them apart.
    private static func place(_ status: PodStatus, gates: [SchedulingGate]?) -> Trouble? {
        guard let scheduled = status.condition("PodScheduled"), scheduled.status == "False" else { return nil }
        let message = scheduled.message ?? "no node has room"
        switch scheduled.reason {
        case "SchedulingGated": return .gated(gates.map { $0.map(\.name) } ?? [message])
        case "Unschedulable" where message.contains("persistentvolumeclaim") && message.contains("not found"):
            return .noClaim(message)
        case "Unschedulable" where message.contains("unbound immediate PersistentVolumeClaims"):
            return .unboundClaim(message)
        case "Unschedulable"
        where message.contains("volume node affinity conflict") || message.contains("max volume count"):
            return .wrongPlace(message)
        case "Unschedulable" where isStorageTaken(message): return .storageTaken(message)
        case "Unschedulable": return .noRoom(message)
        default: return nil
        }
    }

    /// Whether a scheduler says that the pod's volume is for one pod at a time, and has one.
    static func isStorageTaken(_ words: String) -> Bool { words.contains("ReadWriteOncePod") }

    private static func trouble(_ waiting: ContainerStatus.Waiting?) -> Trouble? {
        guard let reason = waiting?.reason else { return nil }
        let message = waiting?.message ?? reason
        switch reason {
        case "ErrImagePull", "ImagePullBackOff": return .image(reason: reason, message: message)
        case "CreateContainerConfigError", "CreateContainerError": return .configuration(message)
        case "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "SignatureValidationFailed",
            "RROUnsupported", "ImageVolumeMountFailed", "RunContainerError", "CrashLoopBackOff":
            return .broken(message)
        default: return nil
        }
    }

    private static func death(_ status: PodStatus, _ state: ContainerStatus.State?, isTerminating: Bool) -> Death? {
        let isOver = status.phase == "Failed" || status.phase == "Succeeded"
        if status.reason == "DeadlineExceeded" { return .lifetime }
        if let target = status.condition("DisruptionTarget"), target.status == "True", isOver || isTerminating {
            return .taken(words(for: target))
        }
        if isOver, let reason = status.reason {
            let words = status.message ?? reason
            // Of what has not run a kubelet says no, in one of many words that grow with Kubernetes; an eviction is none.
            let isRefusal = state?.running == nil && state?.terminated == nil && reason != "Evicted"
            return isRefusal ? .refused(words) : .taken(words)
        }
        // A pod on its way out by somebody's wish also passes through a terminal phase: that is no crash.
        guard !isTerminating else { return nil }
        if let terminated = state?.terminated {
            if terminated.reason == "OOMKilled" { return .outOfMemory }
            // 128 and the number of the signal, whoever sent it: mostly the kernel that had no memory left.
            if terminated.exitCode == 137 { return .killed }
            return terminated.exitCode == 0
                ? .finished : .exited(code: terminated.exitCode, output: terminated.message)
        }
        return isOver ? (status.phase == "Succeeded" ? .finished : .exited(code: 1, output: status.message)) : nil
    }

    private static func words(for target: PodCondition) -> String {
        switch target.reason {
        case "PreemptionByScheduler": "its place was given to something more important"
        case "DeletionByTaintManager": "its node was lost or taken out of service"
        case "EvictionByEvictionAPI": "its node is being emptied"
        case "DeletionByPodGC": "its node is gone"
        case "TerminationByKubelet": target.message ?? "its node ran out of memory or disk"
        default: target.message ?? target.reason ?? "the cluster removed it"
        }
    }
}
