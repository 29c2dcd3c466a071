import OrreryKubernetes
import OrreryModel
import OrreryStore
import Testing

@testable import OrrerySpawn

extension [SessionAction] {
    /// State of the last `enter`.
    var state: SessionState? { compactMap { if case .enter(let state, _) = $0 { state } else { nil } }.last }
    var sentences: [String] {
        compactMap { action in
            switch action {
            case .enter(_, let sentence), .say(let sentence): sentence
            default: nil
            }
        }
    }
}

@Suite struct MachineTests {
    @Test func theWayUpIsSeenPhaseByPhase() {
        var machine = machine()
        #expect(machine.observe(pod(conditions: [placed])).state == .volumes || machine.state == .scheduled)
        let creating = ContainerStatus.Waiting(reason: "ContainerCreating")
        #expect(machine.observe(pod(waiting: creating, conditions: [placed])).state == .volumes)
        let sandbox = PodCondition("PodReadyToStartContainers", "True")
        #expect(machine.observe(pod(waiting: creating, conditions: [placed, sandbox])).state == .image)
        #expect(machine.observe(pod("Running", ip: "10.0.0.7", running: true, conditions: [placed])).state == .starting)
        let actions = machine.observe(pod("Running", ip: "10.0.0.7", running: true, conditions: ready))
        #expect(actions.state == .answering)
        #expect(actions.suffix(2) == [.keepAddress("10.0.0.7:8888"), .openRoute("10.0.0.7:8888")])
        #expect(machine.routed(nil).last == .ask)
        #expect(machine.answered(false) == [.wait(.ask, .milliseconds(250))])
        #expect(machine.elapsed(.ask) == [.ask])
        #expect(machine.answered(true).state == .ready)
    }

    @Test func aPhaseIsNeverLeftBackwards() {
        var machine = machine(.starting)
        #expect(machine.observe(pod(waiting: .init(reason: "ContainerCreating"), conditions: [placed])) == [])
        #expect(machine.state == .starting)
    }

    @Test func anImageThatDoesNotExistEndsItAtTheSecondRefusal() {
        var machine = machine(.image)
        let message = "failed to resolve reference \"r/i@sha256:1\": r/i@sha256:1: not found"
        let first = machine.observe(pod(waiting: .init(reason: "ErrImagePull", message: message), conditions: [placed]))
        #expect(machine.ending == nil)
        #expect(first.last == .wait(.image, .seconds(300)))
        let again = machine.observe(pod(waiting: .init(reason: "ErrImagePull", message: message), conditions: [placed]))
        #expect(again == [])
        let second = machine.observe(
            pod(waiting: .init(reason: "ImagePullBackOff", message: message), conditions: [placed]))
        #expect(machine.ending?.reason == .failedToStart)
        #expect(second.sentences.last?.contains("does not exist, or north may not read it") == true)
        #expect(second.suffix(2) == [.closeRoute, .delete(keepingLog: false)])
    }

    @Test(arguments: [
        ("manifest unknown", true), ("pull access denied", true), ("unauthorized", true), ("no such host", true),
        ("toomanyrequests: slow down", false), ("dial tcp: i/o timeout", false), ("connection refused", false),
        ("no space left on device", false), ("something new", false),
    ])
    func aRegistryThatIsOnlyOutOfOrderIsWaitedFor(_ message: String, _ isPermanent: Bool) {
        #expect(ImageRefusal.isPermanent(message) == isPermanent)
    }

    @Test func missingConfigurationIsGivenFifteenSeconds() {
        var machine = machine(.image)
        let broken = pod(
            waiting: .init(reason: "CreateContainerConfigError", message: "secret \"t\" not found"),
            conditions: [placed])
        #expect(machine.observe(broken).contains(.wait(.configuration, .seconds(15))))
        let actions = machine.elapsed(.configuration)
        #expect(actions.sentences.last?.contains("secret \"t\" not found") == true)
        #expect(machine.ending?.reason == .failedToStart)
    }

    @Test func noRoomIsWaitedForAndLongerWhileANodeIsAdded() {
        var machine = machine()
        let full = PodCondition("PodScheduled", "False", reason: "Unschedulable", message: "0/3 nodes: no memory")
        #expect(machine.observe(pod(conditions: [full])).last == .wait(.room, .seconds(120)))
        #expect(machine.note(event("NotTriggerScaleUp", "max size reached", type: "Normal")).last?.isWait == false)
        let growing = ClusterEvent(
            metadata: ObjectMeta(), about: .init(kind: "Pod", name: "p", uid: "u1"), type: "Normal",
            reason: "TriggeredScaleUp", message: "pod triggered scale-up")
        #expect(machine.note(growing).contains(.wait(.room, .seconds(900))))
        #expect(machine.elapsed(.room).sentences.last?.contains("0/3 nodes: no memory") == true)
        #expect(machine.ending == nil, "it waits for room again: see NodeShortageTests")
    }

    @Test func aVolumeThatDoesNotComeIsSaidAtOnceAndGivenUpLater() {
        var machine = machine(.scheduled)
        let failed = ClusterEvent(
            metadata: ObjectMeta(), about: .init(kind: "Pod", name: "p", uid: "u1"), type: "Warning",
            reason: "FailedMount", message: "claim home: multi-attach")
        let actions = machine.note(failed)
        #expect(actions.sentences == ["A volume cannot be attached yet: claim home: multi-attach"])
        #expect(actions.last == .wait(.volumes, .seconds(120)))
        #expect(machine.note(failed) == [])
        #expect(machine.elapsed(.volumes).state == .stopping)
    }

    @Test func limitsDoNotRunOutOnAClusterThatCannotBeSeen() {
        var machine = machine(.image)
        _ = machine.startOnce(.start, .seconds(600))
        _ = machine.unseen("north cannot be reached since 12:00 UTC.")
        #expect(machine.elapsed(.start) == [.wait(.start, .seconds(30))])
        #expect(machine.ending == nil)
    }

    @Test func norOnOneThatAnswersAndShowsNoPods() {
        var machine = machine(.image)
        _ = machine.startOnce(.start, .seconds(600))
        machine.unshown()
        #expect(machine.elapsed(.start) == [.wait(.start, .seconds(30))])
        _ = machine.seen()
        #expect(machine.elapsed(.start).state == .stopping)
    }

    @Test func aReadySessionOnAClusterThatShowsNoPodsIsReady() {
        var machine = machine(.ready)
        machine.unshown()
        #expect(machine.state == .ready && machine.seen() == [])
    }

    @Test func aClusterThatCountsInItsTextIsNotHeardForEver() {
        var machine = machine(.creating)
        let said = (1...1000).map { machine.note(event("Odd", "for the \($0). time")).sentences.count }
        #expect(said.reduce(0, +) == 200)
        #expect(machine.observe(pod(conditions: [placed])).state == .scheduled)
    }

    @Test func aNameThatAClusterHasMadeLongIsCut() {
        var machine = machine(.creating)
        var gated = pod(conditions: [unplaced("Scheduling is blocked", reason: "SchedulingGated")])
        gated.spec.schedulingGates = [SchedulingGate(name: String(repeating: "g", count: 1 << 20))]
        let said = machine.observe(gated).sentences
        #expect(!said.isEmpty && said.allSatisfy { $0.utf8.count <= (4 << 10) + 3 })
        #expect(Ending(.lost, String(repeating: "e", count: 1 << 20)).sentence.utf8.count <= (4 << 10) + 3)
    }

    @Test func aReadySessionOnAnUnseenClusterIsUnreachableAndGoesOnAfterwards() {
        var machine = machine(.ready)
        #expect(machine.unseen("away").state == .unreachable)
        #expect(machine.unseen("still away") == [.say("still away")])
        #expect(machine.seen().state == .ready)
    }

    @Test func aServerThatFailsItsHealthCheckIsNotEnded() {
        var machine = machine(.ready)
        let unwell = pod("Running", running: true, conditions: [placed, PodCondition("Ready", "False")])
        #expect(machine.observe(unwell).state == .unreachable)
        #expect(machine.observe(pod("Running", running: true, conditions: ready)).state == .ready)
    }

    @Test(arguments: [
        (ContainerStatus.Terminated(exitCode: 137, reason: "OOMKilled"), EndReason.crashed, "more memory"),
        (.init(exitCode: 3, reason: "Error"), .crashed, "status 3"),
        (.init(exitCode: 0, reason: "Completed"), .finished, "ended by itself"),
    ])
    func aReadySessionWhoseServerEndsIsOver(
        _ terminated: ContainerStatus.Terminated, _ reason: EndReason, _ words: String
    ) {
        var machine = machine(.ready)
        let actions = machine.observe(pod("Failed", terminated: terminated, conditions: [placed]))
        #expect(machine.ending?.reason == reason)
        #expect(actions.sentences.last?.contains(words) == true)
        // First the reason is stored, then no request reaches the pod, then it goes, after its log was kept.
        #expect(actions.map(\.isEnter) == [true, false, false])
        #expect(actions.suffix(2) == [.closeRoute, .delete(keepingLog: true)])
    }

    /// A new hub hears from the cluster while it goes on with an end that it found in the store.
    @Test func aPictureWithoutThePodIsNotForgottenWhileItIsDeleted() {
        var machine = machine(.ready)
        _ = machine.end(.stopped(by: "ada"))
        #expect(machine.missing(whileAway: true) == [])
        #expect(
            machine.deletion(.accepted(grace: .seconds(30)))
                == [.wait(.stop, .seconds(90)), .lookAgain(whileAway: true)])
        #expect(machine.vanished(whileAway: true).last == .cleanUp)
    }

    @Test func aStopWhileThePodIsBeingMadeWaitsForTheAnswer() {
        var machine = machine(.queued, uid: nil)
        _ = machine.begin()
        let stopping = machine.stop(.stopped(by: "ada"))
        #expect(stopping.state == .stopping)
        #expect(!stopping.contains(.delete(keepingLog: false)))
        #expect(machine.created(pod()) == [.keepPod(uid: "u1"), .delete(keepingLog: false)])
        #expect(machine.deletion(.accepted(grace: .seconds(30))) == [.wait(.stop, .seconds(90))])
        #expect(machine.vanished(whileAway: false).last == .cleanUp)
        #expect(machine.cleaned(nil) == [.finish(.stopped(by: "ada"))])
    }

    @Test(arguments: SessionState.allCases.filter { $0.isPending && $0 != .queued })
    func aHubThatIsStartedBetweenTwoPodsAsksForTheNext(_ state: SessionState) {
        var between = machine(state, uid: nil)
        #expect(between.begin() == [.wait(.start, .seconds(600)), .create])
        // The former pod is still going, and the watch shows it.
        #expect(between.observe(pod("Failed", isTerminating: true)) == [])
        #expect(between.refused(.later("It is being removed.")).last == .wait(.retry, .seconds(1)))
        #expect(between.elapsed(.retry) == [.create])
        #expect(between.created(pod(uid: "u2")) == [.keepPod(uid: "u2")])
        #expect(between.observe(pod("Failed", isTerminating: true)) == [])
        #expect(between.gone(uid: "u1") == [])
        #expect(between.ending == nil)
    }

    @Test func theLastWordsOfAFormerPodAreNotHeard() {
        var machine = machine(.scheduled)
        _ = machine.moveOn("A node did not take it.")
        #expect(machine.deletion(.gone).last == .create)
        #expect(machine.note(event("FailedCreatePodSandBox", "no IP")) == [])
        #expect(machine.created(pod(uid: "u2")) == [.keepPod(uid: "u2")])
        #expect(machine.observe(pod("Failed", isTerminating: true)) == [])
        #expect(machine.gone(uid: "u1") == [])
        #expect(machine.ending == nil)
    }

    /// The watch is faster than the answer to the deletion, while the session moves on to another node.
    @Test func aLateAnswerToADeletionIsNotTakenForThatToTheNextPod() {
        var machine = machine(.scheduled)
        _ = machine.moveOn("A node did not take it.")
        let actions = machine.gone(uid: "u1") + machine.deletion(.accepted(grace: .seconds(2)))
        #expect(actions == [.create])
        #expect(machine.elapsed(.stop) == [])
        #expect(machine.stop(.stopped(by: "ada")).last == .closeRoute)
        #expect(machine.created(pod(uid: "u2")) == [.keepPod(uid: "u2"), .delete(keepingLog: false)])
        #expect(machine.deletion(.accepted(grace: .seconds(2))) == [.wait(.stop, .seconds(62))])
        #expect(machine.gone(uid: "u2") == [.forget(.stop), .cleanUp])
    }

    @Test func whoStopsItWhenThePodIsGoneAndTheAnswerStillToComeEndsIt() {
        var machine = machine(.scheduled)
        _ = machine.moveOn("A node did not take it.")
        _ = machine.gone(uid: "u1")
        #expect(machine.stop(.stopped(by: "ada")).last == .closeRoute)
        #expect(machine.deletion(.accepted(grace: .seconds(2))) == [.cleanUp])
        #expect(machine.cleaned(nil) == [.finish(.stopped(by: "ada"))])
    }

    @Test func aFormerPodThatGoesEndsNothingWhileAnotherIsBeingMade() {
        var machine = machine(.scheduled, uid: nil)
        _ = machine.begin()
        _ = machine.stop(.stopped(by: "ada"))
        #expect(machine.gone(uid: "u1") == [])
        #expect(machine.created(pod(uid: "u2")) == [.keepPod(uid: "u2"), .delete(keepingLog: false)])
    }

    @Test func aPodStuckOnALostNodeStaysStoppingUntilItIsGone() {
        var machine = machine(.ready)
        _ = machine.stop(.stopped(by: "ada"))
        _ = machine.deletion(.accepted(grace: .seconds(30)))
        let actions = machine.elapsed(.stop)
        #expect(actions.count == 1 && "\(actions)".contains("Its node may be lost"))
        #expect(machine.state == .stopping)
        #expect(machine.gone(uid: "u1").last == .cleanUp)
    }

    @Test func aWatchThatIsFasterThanTheAnswerIsNotForgotten() {
        var machine = machine(.queued, uid: nil)
        _ = machine.begin()
        #expect(machine.observe(pod("Running", ip: "10.0.0.7", running: true, conditions: ready)) == [])
        let actions = machine.created(pod())
        #expect(actions.first == .keepPod(uid: "u1"))
        #expect(actions.last == .openRoute("10.0.0.7:8888"))
    }

    @Test func aPodThatIsGoneBeforeWeHearThatItWasMadeIsLost() {
        var machine = machine(.queued, uid: nil)
        _ = machine.begin()
        #expect(machine.gone(uid: "u1") == [])
        #expect(machine.created(pod()).last == .cleanUp)
        #expect(machine.ending?.reason == .lost)
    }

    @Test func aPodOfTheSameNameButAnotherUIDIsNotOurs() {
        var machine = machine(.ready)
        let actions = machine.observe(pod("Running", uid: "u2", running: true, conditions: ready))
        #expect(actions.state == .stopping)
        #expect(machine.ending?.reason == .lost)
        #expect(!actions.contains(.delete(keepingLog: false)))
    }

    @Test(arguments: [
        Ending.stopped(by: "ada"), .finished, .lifetime, .lost("x."), Ending(.failedToStart, "No image."),
    ])
    func theReasonOfAnEndingSurvivesARestart(_ ending: Ending) {
        var record = Sample.session(state: .stopping, podUID: "u1", message: ending.sentence)
        record.endReason = ending.reason
        #expect(Ending(resuming: record) == ending)
    }

    @Test func aCallThatFailedIsMadeAgainLaterAndLater() {
        var machine = machine(.queued, uid: nil)
        _ = machine.begin()
        var waits: [Duration] = []
        for _ in 0..<7 {
            let actions = machine.refused(.later("north is too busy right now. Trying again."))
            if case .wait(.retry, let duration)? = actions.last { waits.append(duration) }
            #expect(machine.elapsed(.retry) == [.create])
        }
        #expect(waits == [1, 2, 4, 8, 16, 30, 30].map { .seconds($0) })
    }
}

extension SessionAction {
    fileprivate var isEnter: Bool { if case .enter = self { true } else { false } }
    fileprivate var isWait: Bool { if case .wait = self { true } else { false } }
}

@Suite(.enabled(if: Recording.isThere, "no recordings beside the repository"))
struct RecordedLivesTests {
    @Test(
        arguments: [
            ("kubelet-running-graceful", nil, "Asking the notebook server for its first answer."),
            ("kubelet-image-missing", nil, "connection refused"),
            ("kubelet-image-invalid-name", .failedToStart, "invalid reference format"),
            ("kubelet-image-never-pull", .failedToStart, "It cannot start"),
            ("kubelet-missing-configmap", nil, "configmap \"nosuch\" not found"),
            ("kubelet-nonroot-violation", nil, "runAsNonRoot"),
            ("kubelet-bad-command", .failedToStart, "/nosuch"),
            ("kubelet-oom", .failedToStart, "more memory"),
            ("kubelet-failed", .failedToStart, "status 3"),
            ("kubelet-completed", .failedToStart, "before it answered"),
            ("kubelet-deadline", .lifetime, "Its time is over"),
            ("kubelet-pvc-unbound", .failedToStart, "Storage of the session is missing"),
            ("kubelet-insufficient-resources", nil, "Insufficient memory"),
        ] as [(String, EndReason?, String)])
    func aRecordedLifeIsReadAsItWas(_ name: String, _ reason: EndReason?, _ words: String) throws {
        var machine = machine(uid: nil)
        let life = try Recording.life(name)
        var sentences = machine.created(try #require(life.first)).sentences
        for pod in life.dropFirst() { sentences += machine.observe(pod).sentences }
        #expect(machine.ending?.reason == reason)
        #expect(sentences.last?.contains(words) == true, "\(sentences)")
    }

    @Test func recordedEventsBecomePlainWords() throws {
        var machine = machine()
        let events = try Recording.events("kubelet-missing-secret-volume")
        let sentences = events.flatMap { event -> [String] in
            machine.podUID = event.involvedObject.uid
            return machine.note(event).sentences
        }
        #expect(
            sentences == [
                "The cluster has found a place for it.",
                "A volume cannot be attached yet: MountVolume.SetUp failed for volume \"s\" : secret \"nosuch\" not found",
            ])
    }
}
