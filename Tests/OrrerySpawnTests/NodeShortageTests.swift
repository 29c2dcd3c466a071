import FoundationEssentials
import OrreryKubernetes
import OrreryModel
import OrreryStore
import Testing

@testable import OrrerySpawn

/// No node has room: the session waits for room again, as where a quota is full.
@Suite struct NodeShortageTests {
    struct Words: Sendable {
        let message: String
        var mayGrow = false
        let kinds: Set<QuotaShortage.Kind>
        let isLasting: Bool
    }

    private static let useless = " preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."

    private static let inUse =
        "0/2 nodes are available: 2 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access "
        + "mode. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod."

    static let words = [
        Words(
            message: "0/2 nodes are available: 2 Insufficient memory. no new claims to deallocate," + useless,
            kinds: [.memory], isLasting: true),
        Words(
            message: "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match Pod's node affinity/selector."
                + useless, kinds: [.cpu], isLasting: true),
        Words(
            message: "0/2 nodes are available: 2 Insufficient nvidia.com/gpu." + useless, mayGrow: true, kinds: [.gpu],
            isLasting: false),
        Words(
            message: "0/2 nodes are available: 2 Insufficient cpu, 2 Insufficient memory. preemption: 0/2 nodes are "
                + "available: 2 No preemption victims found for incoming pod.", kinds: [.cpu, .memory],
            isLasting: false),
        Words(
            message: "0/2 nodes are available: 1 Insufficient memory, 1 node(s) were unschedulable." + useless,
            kinds: [.memory], isLasting: false),
        Words(
            message: "0/2 nodes are available: 2 node(s) had untolerated taint {node.kubernetes.io/not-ready: }."
                + useless, kinds: [.sessions], isLasting: false),
        Words(
            message:
                "0/2 nodes are available: 1 Too many pods, 1 node(s) had taint {a: b}, that the pod didn't tolerate.",
            kinds: [.sessions], isLasting: false),
        Words(message: inUse, kinds: [], isLasting: false),
        Words(
            message:
                "0/2 nodes are available: 1 Insufficient memory, 1 node(s) unavailable due to PersistentVolumeClaim "
                + "with ReadWriteOncePod access mode already in-use by another pod.", kinds: [], isLasting: false),
        Words(
            message: "0/3 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }, "
                + "2 node(s) didn't match Pod's node affinity/selector." + useless, kinds: [], isLasting: false),
        Words(message: "0/2 nodes are available: 2 Too many pods.", kinds: [.sessions], isLasting: false),
        Words(message: "no nodes available to schedule pods", kinds: [.sessions], isLasting: false),
        Words(message: "", kinds: [.sessions], isLasting: false),
    ]

    @Test(arguments: words) func aSchedulersWordsSayWhatIsShortAndWhetherWaitingHelps(_ words: Words) {
        let shortage = NodeShortage(words.message, mayGrow: words.mayGrow).shortage
        #expect(shortage.kinds == words.kinds && shortage.isLasting == words.isLasting && shortage.isOfNodes)
        #expect(!shortage.reason.contains("preemption") && !shortage.reason.contains("claims to deallocate"))
    }

    @Test func whoWaitsForStorageReadsThatAnotherSessionHasIt() {
        var machine = machine()
        let said = "Another session has its storage, most likely another one of yours. Only one may at a time."
        let actions = machine.observe(pod(conditions: [unplaced(Self.inUse)]))
        #expect(actions == [.say(said), .wait(.room, .seconds(120))])
        let sentences = machine.elapsed(.room).sentences
        #expect(sentences.first?.hasPrefix("north does not take it: another session has its storage") == true)
    }

    @Test func aPodThatGoesForAnotherNodeIsNotTakenBackMeanwhile() {
        var machine = machine()
        _ = machine.observe(pod(conditions: [unplaced("0/2 nodes are available: 2 Insufficient cpu.")]))
        _ = machine.moveOn("A node did not take it.")
        _ = machine.deletion(.accepted(grace: .zero))
        #expect(machine.elapsed(.room) == [.wait(.room, .seconds(5))])
        #expect(machine.gone(uid: "u1").last == .create)
    }

    @Test func whatTheClusterSaysOfANodeEndsTheWaitForOne() {
        var machine = machine()
        _ = machine.observe(pod(conditions: [unplaced("0/2 nodes are available: 2 Insufficient cpu.")]))
        let actions = machine.note(event("Scheduled", "Successfully assigned hub/p to n1", type: "Normal"))
        #expect(actions.state == .scheduled && actions.contains(.forget(.room)))
    }

    @Test(.enabled(if: Recording.isThere, "no recordings beside the repository"))
    func aRecordedPodThatIsLargerThanAnyNodeCanNeverFit() throws {
        let condition = try #require(
            try Recording.life("kubelet-insufficient-resources").last?.status?.condition("PodScheduled"))
        let shortage = NodeShortage(try #require(condition.message), mayGrow: false).shortage
        #expect(
            shortage.reason == "none of its nodes could take it even if it were empty (0/1 nodes are available: "
                + "1 Insufficient memory)")
    }

    private static let full = "0/3 nodes are available: 3 Insufficient memory."

    private func unplacedMachine() -> Session.StateMachine {
        var machine = machine()
        _ = machine.observe(pod(conditions: [unplaced(Self.full)]))
        return machine
    }

    @Test func thePodGoesFirstThenWhatItNeededAndThenItWaits() throws {
        var machine = unplacedMachine()
        let actions = machine.elapsed(.room)
        #expect(actions.suffix(2) == [.keepPod(uid: nil), .delete(keepingLog: false)])
        #expect(machine.ending == nil && machine.state == .creating)
        #expect(machine.deletion(.accepted(grace: .seconds(2))) == [.wait(.stop, .seconds(62))])
        // A node may have taken it in this very moment.
        #expect(machine.observe(pod("Running", ip: "10.0.0.7", running: true, conditions: ready)) == [])
        #expect(machine.gone(uid: "u1") == [.forget(.stop), .cleanUp])
        let last = machine.cleaned(nil)
        guard case .giveBack(let shortage, _)? = last.last else {
            Issue.record("not given back: \(last)")
            return
        }
        #expect(shortage.isOfNodes && machine.state == .queued && machine.isGivenBack)
    }

    @Test func whoStopsItMeanwhileEndsIt() {
        var machine = unplacedMachine()
        _ = machine.elapsed(.room)
        _ = machine.gone(uid: "u1")
        // Its helpers cannot be removed right now.
        #expect(machine.cleaned("busy").contains(.wait(.retry, .seconds(1))))
        let stopping = machine.stop(.stopped(by: "ada"))
        #expect(stopping.last == .cleanUp)
        #expect(machine.cleaned(nil) == [.finish(.stopped(by: "ada"))])
    }

    @Test func aClusterThatCannotBeSeenMayWellHavePlacedIt() {
        var machine = unplacedMachine()
        _ = machine.unseen("away")
        #expect(machine.elapsed(.room) == [.wait(.room, .seconds(30))])
    }

    private func waiting(_ facility: Facility) async throws -> SessionRecord {
        let session = try await facility.click()
        #expect(await facility.turn { facility.cluster.pod(session.pod) != nil })
        facility.cluster.change(session.pod) {
            $0["status"] = [
                "phase": "Pending",
                "conditions": [
                    [
                        "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                        "message": .string(Self.full),
                    ]
                ],
            ]
        }
        let said = "No place yet: \(Self.full)"
        #expect(await facility.turn { await facility.session(session.id)?.message == said })
        return session
    }

    @Test func nothingOfItIsLeftAndItStartsWhenItGetsAPlaceAgain() async throws {
        let facility = try await Facility()
        let spawner = facility.start()
        let session = try await waiting(facility)
        facility.clock.advance(by: .seconds(120))
        #expect(await facility.turn { await facility.session(session.id)?.isWaiting == true })
        let stored = try #require(await facility.session(session.id))
        #expect(
            stored.message == "north is full: no node has room (0/3 nodes are available: 3 Insufficient memory). "
                + "A smaller size, or another cluster, may do at once. It waits for room.")
        for kind in ["pods", "secrets", "configmaps"] { #expect(facility.cluster.names(kind) == []) }
        facility.cluster.set { $0.runsPods = true }
        // Its task may still be saying goodbye, and says so.
        #expect(
            await facility.turn {
                (try? await spawner.admit(session.id, plan: session.plan, planHash: "hash")) != nil
            })
        #expect(await facility.reaches(.ready, session.id))
        await facility.kill()
    }

    @Test func aHubThatDiesMeanwhileDoesNotTakeItForLost() async throws {
        let facility = try await Facility()
        facility.start()
        let session = try await waiting(facility)
        // The pod is read and deleted, and its hub dies before it has heard of that.
        facility.wire?.cut(afterFurther: 2)
        facility.clock.advance(by: .seconds(120))
        #expect(await facility.turn { facility.wire?.isDead == true })
        await facility.kill()
        facility.cluster.set { $0.runsPods = true }
        facility.start()
        #expect(await facility.reaches(.ready, session.id))
        await facility.kill()
    }
}
