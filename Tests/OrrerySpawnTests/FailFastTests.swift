import OrreryKubernetes
import OrreryModel
import Testing

@testable import OrrerySpawn

/// The table "Why it did not start" of docs/spawn.md, row by row: what the cluster shows, how long that is borne, and what
/// its person reads at the end.
@Suite struct FailFastTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        var state = SessionState.creating
        var pods: [Pod] = []
        var events: [ClusterEvent] = []
        /// The limit that must run out first; nil when it is given up at once.
        var limit: SessionLimit?
        var time: Duration?
        let sentence: String
        var testDescription: String { name }
    }

    static let rows: [Row] =
        [
            Row(
                name: "the volume is elsewhere",
                pods: [
                    pod(conditions: [unplaced("0/3 nodes are available: 3 node(s) had volume node affinity conflict")])
                ],
                sentence: "No node of north can attach the session's storage"),
            Row(
                name: "too many volumes",
                pods: [pod(conditions: [unplaced("0/3 nodes are available: 3 node(s) exceed max volume count")])],
                sentence: "No node of north can attach the session's storage"),
            Row(
                name: "no claim",
                pods: [pod(conditions: [unplaced("persistentvolumeclaim \"home\" not found")])],
                sentence: "Storage of the session is missing on north"),
            Row(
                name: "a claim without a volume",
                pods: [pod(conditions: [unplaced("pod has unbound immediate PersistentVolumeClaims")])], limit: .claims,
                time: .seconds(60), sentence: "Its storage could not be made. The cluster's last word: pod has unbound"),
            Row(
                name: "a volume cannot be mounted", state: .scheduled, events: [event("FailedMount", "multi-attach")],
                limit: .volumes, time: .seconds(120), sentence: "A volume could not be attached."),
            Row(
                name: "a volume cannot be attached", state: .scheduled,
                events: [event("FailedAttachVolume", "multi-attach")],
                limit: .volumes, time: .seconds(120), sentence: "A volume could not be attached."),
            Row(
                name: "a silent node",
                pods: [
                    pod(waiting: .init(reason: "ContainerCreating"), conditions: [placed]),
                    pod(waiting: .init(reason: "ContainerCreating"), conditions: [placed]),
                ], limit: .silence, time: .seconds(180), sentence: "Its node has not said a word about it for 3 min."),
            Row(
                name: "an image that is not there",
                pods: ["ErrImagePull", "ImagePullBackOff"].map {
                    pod(waiting: .init(reason: $0, message: "manifest unknown"), conditions: [placed])
                }, sentence: "The image registry.example/lab/jupyterlab@sha256:4f1c4f1c4f1c… does not exist"),
            Row(
                name: "a registry that is busy",
                pods: ["ErrImagePull", "ImagePullBackOff"].map {
                    pod(waiting: .init(reason: $0, message: "429 toomanyrequests"), conditions: [placed])
                }, limit: .image, time: .seconds(300), sentence: "The image could not be fetched"),
            Row(
                name: "something missing",
                pods: [
                    pod(
                        waiting: .init(reason: "CreateContainerConfigError", message: "no secret"), conditions: [placed]
                    )
                ],
                limit: .configuration, time: .seconds(15), sentence: "Its container could not be made."),
            Row(
                name: "a container that cannot be made",
                pods: [pod(waiting: .init(reason: "CreateContainerError", message: "no cgroup"), conditions: [placed])],
                limit: .configuration, time: .seconds(15), sentence: "Its container could not be made."),
            Row(
                name: "nobody listens", state: .image, pods: [pod("Running", running: true, conditions: [placed])],
                events: [
                    event("Unhealthy", "Readiness probe failed: dial tcp 10.1.0.7:8888: connect: connection refused")
                ],
                limit: .listening, time: .seconds(120),
                sentence: "The notebook server runs but does not listen at port 8888"),
            Row(
                name: "nobody gets through", state: .image, pods: [pod("Running", running: true, conditions: [placed])],
                events: [event("Unhealthy", "Readiness probe failed: context deadline exceeded")], limit: .listening,
                time: .seconds(120), sentence: "The notebook server runs but north cannot reach it"),
            Row(
                name: "out of memory at once",
                pods: [pod("Failed", terminated: .init(exitCode: 137, reason: "OOMKilled"), conditions: [placed])],
                sentence: "It used more memory than its size allows"),
            Row(
                name: "it ended",
                pods: [pod("Failed", terminated: .init(exitCode: 1, reason: "Error"), conditions: [placed])],
                sentence: "The notebook server ended with status 1."),
        ]
        + [
            "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "SignatureValidationFailed", "RROUnsupported",
            "ImageVolumeMountFailed", "RunContainerError", "CrashLoopBackOff",
        ].map { reason in
            Row(
                name: reason, pods: [pod(waiting: .init(reason: reason, message: "no"), conditions: [placed])],
                sentence: "It cannot start: no.")
        }

    @Test(arguments: rows) func isGivenUpInTimeAndSaysWhy(_ row: Row) {
        var machine = machine(row.state)
        var actions = row.pods.flatMap { machine.observe($0) }
        actions += row.events.flatMap { machine.note($0) }
        if let limit = row.limit {
            #expect(machine.ending == nil, "\(actions)")
            let waits = actions.compactMap { if case .wait(limit, let time) = $0 { time } else { nil } }
            #expect(waits.last == row.time, "\(actions)")
            actions = machine.elapsed(limit)
        }
        #expect(machine.ending?.reason == .failedToStart)
        #expect(actions.sentences.last?.hasPrefix(row.sentence) == true, "\(actions.sentences)")
        // Whatever it was, the pod goes, and the log of one that ran is kept first.
        #expect(actions.suffix(2).first == .closeRoute)
    }

    /// Whether its kubelet says so or the hub has found it.
    @Test(arguments: [true, false]) func whoListensAtLastHasTheWholeTimeOfAFirstAnswer(_ isFoundByTheHub: Bool) {
        let starting = pod("Running", ip: "10.0.0.7", running: true, conditions: [placed])
        var machine = machine(.image)
        #expect(machine.observe(starting).contains(.wait(.listening, .seconds(120))))
        _ = machine.note(event("Unhealthy", "dial tcp 10.0.0.7:8888: connect: connection refused"))
        let actions =
            isFoundByTheHub
            ? machine.knocked(true, at: "10.0.0.7:8888")
            : machine.observe(pod("Running", ip: "10.0.0.7", running: true, conditions: ready))
        #expect(actions.state == .answering && actions.contains(.forget(.listening)))
        // The cluster's next look is behind what the hub has found.
        _ = machine.observe(starting)
        #expect(machine.elapsed(.listening) == [])
        #expect(machine.routed(nil).contains(.wait(.answer, .seconds(60))))
        let end = machine.elapsed(.answer).sentences.last
        #expect(end?.hasPrefix("The notebook server started but did not answer through the proxy.") == true)
    }

    @Test func aStartHasTenMinutesAndMoreWhileANodeIsAdded() {
        var slow = machine()
        #expect(slow.begin().contains(.wait(.start, .seconds(600))))
        #expect(slow.elapsed(.start).sentences.last?.hasPrefix("It did not start in time.") == true)
        #expect(slow.ending?.reason == .failedToStart)

        var growing = machine()
        _ = growing.begin()
        _ = growing.observe(pod(conditions: [unplaced("0/3 nodes")]))
        #expect(growing.note(event("TriggeredScaleUp", type: "Normal")).contains(.wait(.start, .seconds(1500))))
    }

    @Test func aGateIsNamedAndWaitedFor() {
        var machine = machine()
        var gated = pod(conditions: [unplaced("Scheduling is blocked", reason: "SchedulingGated")])
        gated.spec.schedulingGates = [SchedulingGate(name: "kueue.x-k8s.io/admission")]
        let actions = machine.observe(gated)
        #expect(actions.sentences == ["north holds it back until kueue.x-k8s.io/admission lets it go."])
        #expect(actions.contains(.wait(.start, .seconds(1500))))
        #expect(machine.elapsed(.room) == [])
        #expect(machine.ending == nil)
    }

    @Test func aNodeThatSpeaksIsNotSilent() {
        var machine = machine()
        let creating = pod(waiting: .init(reason: "ContainerCreating"), conditions: [placed])
        _ = machine.observe(creating)
        #expect(machine.observe(creating).contains(.wait(.silence, .seconds(180))) || machine.limits.contains(.silence))
        #expect(machine.note(event("FailedMount", "slow")).contains(.forget(.silence)))
        #expect(machine.elapsed(.silence) == [])
    }

    @Test(
        arguments: [
            "OutOfcpu", "OutOfmemory", "OutOfpods", "UnexpectedAdmissionError", "Preempting", "NodeAffinity",
            "SupplementalGroupsPolicyNotSupported", "NodeShutdown", "TaintToleration", "PodOSNotSupported",
            "SysctlForbidden", "WhatTomorrowsKubeletsSay",
        ], [SessionState.creating, .scheduled])
    func aNodeThatRefusesIsLeftForAnotherOnce(_ reason: String, _ state: SessionState) {
        var machine = machine(state)
        var refused = pod("Failed", conditions: [placed])
        refused.status?.reason = reason
        refused.status?.message = "Node didn't have enough resource"
        refused.status?.containerStatuses = nil
        // A hub that is started between them looks for no pod that is gone.
        #expect(machine.observe(refused).suffix(2) == [.keepPod(uid: nil), .delete(keepingLog: false)])
        #expect(machine.observe(refused) == [])
        _ = machine.deletion(.accepted(grace: .seconds(2)))
        #expect(machine.gone(uid: "u1").last == .create)
        #expect(machine.ending == nil)
        #expect(machine.created(pod(uid: "u2")).contains(.keepPod(uid: "u2")))

        refused.metadata.uid = "u2"
        _ = machine.observe(refused)
        #expect(machine.ending?.sentence.hasPrefix("No node of north takes it: Node didn't have enough") == true)
        #expect(machine.ending?.reason == .failedToStart)
    }

    @Test(arguments: ["Evicted", "DeadlineExceeded"]) func whatIsNoRefusalIsNotTriedAgain(_ reason: String) {
        var machine = machine(.scheduled)
        var taken = pod("Failed", conditions: [placed])
        taken.status?.reason = reason
        _ = machine.observe(taken)
        #expect(machine.ending?.reason == (reason == "Evicted" ? .lost : .lifetime))
    }

    @Test func anotherNodeIsTriedWhereOneCannotMakeANetwork() {
        var machine = machine(.scheduled)
        #expect(machine.note(event("FailedCreatePodSandBox", "no IP")).last == .wait(.sandbox, .seconds(60)))
        #expect(machine.elapsed(.sandbox).last == .delete(keepingLog: false))
        #expect(machine.deletion(.gone).last == .create)
        _ = machine.created(pod(uid: "u2"))
        _ = machine.note(
            ClusterEvent(
                metadata: ObjectMeta(), about: .init(kind: "Pod", name: "p", uid: "u2"), type: "Warning",
                reason: "FailedCreatePodSandBox", message: "no IP either"))
        _ = machine.elapsed(.sandbox)
        #expect(machine.ending?.sentence.hasPrefix("No node of north can give it a network.") == true)
    }

    @Test func aStopWhileItMovesOnEndsIt() {
        var machine = machine(.scheduled)
        _ = machine.note(event("FailedCreatePodSandBox", "no IP"))
        _ = machine.elapsed(.sandbox)
        _ = machine.stop(.stopped(by: "ada"))
        _ = machine.deletion(.accepted(grace: .seconds(2)))
        #expect(machine.gone(uid: "u1").last == .cleanUp)
        #expect(machine.ending == .stopped(by: "ada"))
    }
}
