import OrreryKubernetes
import OrreryModel
import OrreryStore

@testable import OrrerySpawn

/// A session's decisions without a session: with a pod, and no call under way.
func machine(
    _ state: SessionState = .creating, uid: String? = "u1", life: Plan.Life = Sample.life
) -> Session.StateMachine {
    let session = Sample.session(
        Sample.plan(life: life), state: state, podUID: uid, readyAt: state == .ready ? Sample.noon : nil)
    return Session.StateMachine(session, on: session.cluster, patience: Patience(), told: [])
}

func pod(
    _ phase: String = "Pending", uid: String = "u1", ip: String? = nil, waiting: ContainerStatus.Waiting? = nil,
    running: Bool = false, terminated: ContainerStatus.Terminated? = nil, conditions: [PodCondition] = [],
    isTerminating: Bool = false
) -> Pod {
    var pod = Pod(metadata: ObjectMeta(name: "p", uid: uid), spec: PodSpec(containers: []))
    if isTerminating { pod.metadata.deletionTimestamp = "2026-11-21T12:00:00Z" }
    var status = PodStatus(phase: phase, podIP: ip)
    status.conditions = conditions
    let state = ContainerStatus.State(
        waiting: waiting, running: running ? .init() : nil, terminated: terminated)
    status.containerStatuses = [ContainerStatus(name: "notebook", state: state)]
    pod.status = status
    return pod
}

let placed = PodCondition("PodScheduled", "True")
let ready = [placed, PodCondition("Ready", "True")]

/// What the cluster's scheduler says about a pod that it has not placed.
func unplaced(_ message: String, reason: String = "Unschedulable") -> PodCondition {
    PodCondition("PodScheduled", "False", reason: reason, message: message)
}

/// One of the cluster's own events about that pod.
func event(_ reason: String, _ message: String = "x", type: String = "Warning") -> ClusterEvent {
    ClusterEvent(
        metadata: ObjectMeta(), about: .init(kind: "Pod", name: "p", uid: "u1"), type: type, reason: reason,
        message: message)
}
