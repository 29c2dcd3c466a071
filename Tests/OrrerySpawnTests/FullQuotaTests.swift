import FoundationEssentials
import OrreryModel
import OrreryStore
import Testing

@testable import OrrerySpawn

/// A cluster whose own quota is full: the session waits for room again, as if it had never been there.
@Suite struct FullQuotaTests {
    private static let full = (
        code: 403, reason: "Forbidden",
        message: "pods \"x\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2"
    )

    private func fullFacility() async throws -> Facility {
        let facility = try await Facility()
        facility.cluster.set {
            $0.refusal = Self.full
            $0.runsPods = true
        }
        return facility
    }

    private func waits(_ facility: Facility, _ id: String) async -> Bool {
        await facility.turn { await facility.session(id)?.isWaiting == true }
    }

    @Test func aSessionForWhichTheQuotaIsFullWaitsAgainAndLeavesNothing() async throws {
        let facility = try await fullFacility()
        let spawner = facility.start()
        let (news, told) = AsyncStream.makeStream(of: SpawnNews.self)
        let listener = spawner.listen { told.yield($0) }
        let session = try await facility.click()
        #expect(await waits(facility, session.id))
        let waiting = try #require(await facility.session(session.id))
        #expect(
            waiting.message == "north is full: its quota q allows pods=2, pods=2 is taken, and this session asks for "
                + "pods=1. It waits for room.")
        #expect(waiting.wish?.size == session.size && waiting.wish?.cluster == nil)
        #expect(facility.cluster.names("secrets") + facility.cluster.names("configmaps") == [])
        for await one in news {
            guard case .givenBack(let id, let shortage) = one else { continue }
            #expect(id == session.id && shortage.kinds == [.sessions] && !shortage.isLasting)
            break
        }
        spawner.leave(listener)
        facility.cluster.set { $0.refusal = nil }
        _ = try #require(try await spawner.admit(session.id, plan: session.plan, planHash: "hash"))
        #expect(await facility.reaches(.ready, session.id))
        #expect(facility.cluster.names("pods") == [session.pod])
        await facility.kill()
    }

    @Test func whoLeavesTheQueueTwiceAtOnceEndsOnce() async throws {
        let facility = try await fullFacility()
        let spawner = facility.start()
        let session = try await facility.click()
        #expect(await waits(facility, session.id))
        for name in ["ada", "root"] { #expect(try await spawner.leaveQueue(session.id, .stopped(by: name))) }
        let ends = try await facility.story(session.id).filter { $0.hasPrefix("ended") }
        #expect(ends == ["ended: Stopped by ada."])
        await facility.kill()
    }

    @Test func whoStopsASessionThatWasGivenBackEndsIt() async throws {
        let facility = try await fullFacility()
        facility.start()
        let session = try await facility.click()
        #expect(await waits(facility, session.id))
        try await facility.stop(session.id)
        #expect(await facility.session(session.id)?.endReason == .stoppedByPerson)
        await facility.kill()
    }

    /// The answer to an earlier wish may have been lost, and the pod made.
    @Test func whoStopsASessionThatIsTidiedUpLeavesNoPodBehind() {
        var machine = machine(uid: nil)
        let shortage = QuotaShortage(kinds: [.sessions], reason: "full", isLasting: false)
        _ = machine.begin()
        _ = machine.refused(.full(shortage, "It is full."))
        _ = machine.observe(pod())
        _ = machine.stop(.stopped(by: "ada"))
        guard case .delete? = machine.cleaned(nil).last else { return _ = Issue.record("its pod stays") }
        guard case .cleanUp? = machine.deletion(.gone).last else { return _ = Issue.record("not tidied up") }
        guard case .finish? = machine.cleaned(nil).last else { return _ = Issue.record("it does not end") }
    }

    @Test func whoInsistsOnAClusterStillDoesAfterARestart() async throws {
        let facility = try await fullFacility()
        facility.cluster.set { $0.refusal = (503, "Busy", "later") }
        facility.start()
        let wish = SessionChoice(profile: "p", options: ["o": "x"], cluster: "north")
        let session = try await facility.click(wish: wish)
        #expect(await facility.turn { facility.cluster.calls.contains("POST pods") })
        await facility.kill()
        facility.cluster.set { $0.refusal = Self.full }
        facility.start()
        #expect(await waits(facility, session.id))
        #expect(await facility.session(session.id)?.wish == wish)
        await facility.kill()
    }

    /// The hub dies at every step of that, before the step's effect or after it: the next one has it wait all the same.
    @Test(arguments: 1...8, [true, false])
    func aHubThatDiesMeanwhileLosesNothing(_ step: Int, _ isBefore: Bool) async throws {
        let facility = try await fullFacility()
        facility.start(cut: isBefore ? .before(step - 1) : .after(step))
        let session = try await facility.click()
        #expect(
            await facility.turn {
                if facility.wire?.isDead == true {
                    await facility.kill()
                    facility.start()
                }
                return await facility.session(session.id)?.isWaiting == true
            })
        for kind in ["pods", "secrets", "configmaps"] { #expect(facility.cluster.names(kind) == []) }
        await facility.kill()
    }

    // An earlier attempt was made late, after the question whether it was: its pod is what fills the quota.
    @Test func aQuotaThatTheSessionsOwnPodFillsIsNotInItsWay() async throws {
        let facility = try await fullFacility()
        facility.cluster.set { $0.makesWhatItRefuses = true }
        facility.start()
        let session = try await facility.click()
        #expect(await facility.reaches(.ready, session.id))
        #expect(facility.cluster.names("pods") == [session.pod])
        await facility.kill()
    }

    private static let insisting = SessionChoice(profile: "p", options: ["o": "x"], cluster: "north")

    /// The hub dies when the session's place is stored, before anything else is.
    @Test(arguments: [true, false])
    func whoInsistsOnAClusterDoesSoFromTheFirstWriteOn(_ hasWaited: Bool) async throws {
        let facility = try await fullFacility()
        let dead = facility.start()
        await facility.kill()
        let session: SessionRecord
        if hasWaited {
            let waiting = try await dead.enqueue(
                plan: Sample.plan(), planHash: "hash", person: facility.person, server: "", account: "",
                id: RecordID.fresh(at: Sample.noon), wish: Self.insisting, message: "")
            session = try #require(try await dead.admit(waiting.id, plan: Sample.plan(), planHash: "hash"))
        } else {
            session = try await facility.click(wish: Self.insisting)
        }
        #expect(await facility.session(session.id)?.isWaiting == false)
        facility.start()
        #expect(await waits(facility, session.id))
        #expect(await facility.session(session.id)?.wish == Self.insisting)
        await facility.kill()
    }

    /// A wish for a pod that was lost in the cluster comes through after all, when the session waits again already.
    @Test(arguments: [true, false]) func aPodThatComesLateIsRemoved(_ isReady: Bool) async throws {
        let facility = try await fullFacility()
        facility.start()
        let session = try await facility.click()
        #expect(await waits(facility, session.id))
        // Its task may still be saying goodbye.
        facility.cluster.put(late(session, isReady: isReady))
        #expect(await facility.turn { facility.cluster.calls.contains("DELETE pods/\(session.pod)") })
        #expect(await facility.turn { facility.cluster.names("pods") == [] })
        #expect(await facility.session(session.id)?.isWaiting == true)
        await facility.kill()
    }

    /// What the store says may be older than the pod: another hub has taken the session back, or none has.
    @Test func onlyWhoTookASessionBackRemovesItsPod() async throws {
        let facility = try await fullFacility()
        facility.start()
        let session = try await facility.click()
        #expect(await waits(facility, session.id))
        await facility.kill()
        let next = facility.start()
        facility.cluster.put(late(session, isReady: false))
        #expect(await facility.turn { next.orphans().map(\.uid) == ["late"] })
        #expect(!facility.cluster.calls.contains("DELETE pods/\(session.pod)"))
        await facility.kill()
    }

    private func late(_ session: SessionRecord, isReady: Bool) -> JSON {
        var late: JSON = [
            "metadata": [
                "name": .string(session.pod), "uid": "late",
                "labels": [
                    "orrery.io/hub": "orrery", "orrery.io/session": .string(session.id),
                    "orrery.io/spawn": .string(session.spawn),
                ],
            ],
            "spec": ["containers": [["name": "notebook"]]], "status": ["phase": "Pending"],
        ]
        if isReady { late.run() }
        return late
    }
}

/// The same, as the state machine sees it: a pod of ours that the watch has shown before we heard that there is none.
@Suite struct LatePodTests {
    private static let full = CreationRefusal.full(
        QuotaShortage(kinds: [.sessions], reason: "its quota q is full", isLasting: false), "north is full.")

    private func askingMachine() -> Session.StateMachine {
        var machine = machine(.queued, uid: nil)
        _ = machine.begin()
        return machine
    }

    @Test func aPodThatFillsTheQuotaItselfIsTaken() {
        var machine = askingMachine()
        _ = machine.observe(pod())
        #expect(machine.refused(Self.full) == [.create])
        #expect(machine.created(pod()).first == .keepPod(uid: "u1"))
    }

    @Test func onceWhatItNeedsIsRemovedItIsRemovedToo() {
        var machine = askingMachine()
        #expect(machine.refused(Self.full) == [.cleanUp])
        _ = machine.observe(pod())
        #expect(machine.cleaned(nil) == [.delete(keepingLog: false)])
        _ = machine.deletion(.accepted(grace: .seconds(2)))
        #expect(machine.gone(uid: "u1").last == .cleanUp)
        _ = machine.cleaned(nil)
        #expect(machine.isGivenBack == true)
    }

    @Test func oneThatIsGoneAgainKeepsNobody() {
        var machine = askingMachine()
        _ = machine.observe(pod())
        _ = machine.gone(uid: "u1")
        #expect(machine.refused(Self.full) == [.cleanUp])
        _ = machine.cleaned(nil)
        #expect(machine.isGivenBack == true)
    }
}
