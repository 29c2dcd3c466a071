import OrreryKubernetes
import OrreryModel
import Testing

@testable import OrrerySpawn

/// The table "Why it ended" of docs/spawn.md: what is seen of a pod that ran, and what its person reads.
@Suite struct DeathTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let pod: Pod
        let reason: EndReason
        let words: String
        var testDescription: String { name }
    }

    private static func failed(_ reason: String, _ message: String? = nil) -> Pod {
        var failed = pod("Failed", conditions: [placed])
        failed.status?.reason = reason
        failed.status?.message = message
        return failed
    }

    private static func disrupted(_ reason: String, _ message: String? = nil) -> Pod {
        pod(
            "Running", running: true,
            conditions: [placed, PodCondition("DisruptionTarget", "True", reason: reason, message: message)],
            isTerminating: true)
    }

    static let rows: [Row] = [
        Row(
            name: "evicted", pod: failed("Evicted", "The node was low on resource: memory."), reason: .lost,
            words: "The node was low on resource: memory."),
        Row(name: "node lost", pod: failed("NodeLost", "Node n1 is gone"), reason: .lost, words: "Node n1 is gone"),
        Row(name: "node shut down", pod: failed("NodeShutdown"), reason: .lost, words: "NodeShutdown"),
        Row(
            name: "terminated", pod: failed("Terminated", "Pod was terminated in response to imminent node shutdown."),
            reason: .lost, words: "imminent node shutdown"),
        Row(name: "refused late", pod: failed("OutOfcpu", "no cpu"), reason: .lost, words: "no cpu"),
        Row(name: "deadline", pod: failed("DeadlineExceeded"), reason: .lifetime, words: "Its time is over"),
        Row(
            name: "preempted", pod: disrupted("PreemptionByScheduler"), reason: .lost,
            words: "given to something more important"),
        Row(
            name: "tainted", pod: disrupted("DeletionByTaintManager"), reason: .lost,
            words: "its node was lost or taken out of service"),
        Row(
            name: "drained", pod: disrupted("EvictionByEvictionAPI"), reason: .lost, words: "its node is being emptied"),
        Row(name: "collected", pod: disrupted("DeletionByPodGC"), reason: .lost, words: "its node is gone"),
        Row(
            name: "by the kubelet", pod: disrupted("TerminationByKubelet", "disk pressure"), reason: .lost,
            words: "disk pressure"),
        Row(
            name: "out of memory", pod: pod("Failed", terminated: .init(exitCode: 137, reason: "OOMKilled")),
            reason: .crashed, words: "used more memory than its size allows"),
        Row(
            name: "killed", pod: pod("Failed", terminated: .init(exitCode: 137, reason: "Error")), reason: .crashed,
            words: "was killed, most likely because it used more memory"),
        Row(
            name: "crashed", pod: pod("Failed", terminated: .init(exitCode: 3, reason: "Error")), reason: .crashed,
            words: "ended with status 3"),
        Row(
            name: "finished", pod: pod("Succeeded", terminated: .init(exitCode: 0, reason: "Completed")),
            reason: .finished, words: "ended by itself"),
        Row(
            name: "deleted by somebody", pod: pod("Running", running: true, conditions: ready, isTerminating: true),
            reason: .lost, words: "not on this hub's wish"),
    ]

    @Test(arguments: rows) func aDeathIsReadAsItWas(_ row: Row) {
        var machine = machine(.ready)
        let actions = machine.observe(row.pod)
        #expect(machine.ending?.reason == row.reason)
        #expect(actions.sentences.last?.contains(row.words) == true, "\(actions.sentences)")
        #expect(actions.contains(.closeRoute))
    }

    @Test func aTerminalPhaseOnTheWayOutIsNoCrash() {
        var machine = machine(.ready)
        _ = machine.stop(.stopped(by: "ada"))
        let leaving = pod("Failed", terminated: .init(exitCode: 143, reason: "Error"), isTerminating: true)
        #expect(machine.observe(leaving) == [])
        #expect(machine.ending == .stopped(by: "ada"))
    }

    @Test func aNodeThatIsNotReadyEndsNothing() {
        var machine = machine(.ready)
        let unwell = pod("Running", running: true, conditions: [placed, PodCondition("Ready", "False")])
        #expect(machine.observe(unwell).state == .unreachable)
        #expect(machine.ending == nil)
    }

    @Test func aProgramStartedAgainInItsPlaceIsTold() {
        var machine = machine(.ready)
        var again = pod("Running", running: true, conditions: ready)
        again.status?.containerStatuses?[0].restartCount = 1
        #expect(machine.observe(again).sentences.last?.contains("started the notebook server again") == true)
        #expect(machine.observe(again) == [])
    }
}
