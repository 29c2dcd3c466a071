import FoundationEssentials
import OrreryModel
import OrreryStore
import Synchronization
import Testing

@testable import OrrerySpawn

private let life = Plan.Life(max: .seconds(36_000), grace: .seconds(30), idle: .seconds(3600), warn: .seconds(600))

private func look(age: Double = 60, rest: Double, at now: Double = 0) -> LifeLook {
    let instant = Sample.noon + now
    return LifeLook(now: instant, end: instant + 36_000 - age, restingSince: instant - rest)
}

extension [SessionAction] {
    fileprivate var warning: String?? { compactMap { if case .warn(let text) = $0 { text } else { nil } }.last }
    fileprivate var nextReview: Duration? {
        compactMap { if case .wait(.review, let time) = $0 { time } else { nil } }.last
    }
}

@Suite struct LifeDecisionTests {
    @Test func somebodyWhoWorksIsLookedAtWhenTheyCouldHaveRested() {
        var machine = machine(.ready, life: life)
        let actions = machine.reviewed(look(rest: 600))
        #expect(actions == [.wait(.review, .seconds(2400))])
    }

    @Test func aWarningComesBeforeTheEndAndGoesWithUse() {
        var machine = machine(.ready, life: life)
        let warned = machine.reviewed(look(rest: 3000))
        #expect((warned.warning ?? "")?.hasPrefix("Nobody has used it for 50 min. It is stopped at") == true)
        #expect(warned.nextReview == .seconds(600))
        let used = machine.reviewed(look(rest: 5, at: 600))
        #expect(used.warning == .some(nil))
        #expect(used.nextReview == .seconds(2995))
        #expect(machine.ending == nil)
    }

    @Test func whoStaysAwayIsStoppedWhenTheWarningSaid() {
        var machine = machine(.ready, life: life)
        _ = machine.reviewed(look(rest: 3000))
        #expect(machine.reviewed(look(rest: 3500, at: 500)).nextReview == .seconds(100))
        let actions = machine.reviewed(look(rest: 3600, at: 600))
        #expect(machine.ending?.reason == .idle)
        #expect(actions.state == .stopping)
        #expect(actions.suffix(2) == [.closeRoute, .delete(keepingLog: false)])
    }

    // A hub that comes back finds everybody resting, and nobody warned.
    @Test func nobodyIsStoppedWithoutTheWholeWarning() {
        var machine = machine(.ready, life: life)
        #expect(machine.reviewed(look(rest: 90_000)).nextReview == .seconds(600))
        #expect(machine.ending == nil)
    }

    @Test func aClusterThatCannotBeSeenStopsNobody() {
        var machine = machine(.ready, life: life)
        _ = machine.reviewed(look(rest: 3000))
        _ = machine.unseen("north cannot be reached since 12:00 UTC.")
        #expect(machine.reviewed(look(rest: 9000, at: 600)) == [])
        #expect(machine.elapsed(.review) == [])
        #expect(machine.ending == nil)
        #expect(machine.seen().last == .review)
        // What was warned of before counts no more.
        #expect(machine.reviewed(look(rest: 9000, at: 700)).nextReview == .seconds(600))
        #expect(machine.ending == nil)
    }

    @Test func aStoreThatDoesNotAnswerStopsNobody() {
        var machine = machine(.ready, life: life)
        #expect(machine.reviewed(nil) == [.wait(.review, .seconds(60))])
    }

    @Test func theEndOfALifeIsToldBeforeItComes() {
        var machine = machine(.ready, life: life)
        let actions = machine.reviewed(look(age: 35_500, rest: 0))
        #expect((actions.warning ?? "")?.contains("it may last 10 h") == true)
        // The cluster ends it: there is nothing more for the hub to do at that moment.
        #expect(actions.nextReview == .seconds(3000))
        #expect(machine.reviewed(look(age: 36_100, rest: 0)).state == nil)
    }

    @Test func aProfileWithoutALimitOfRestLetsEverybodyRest() {
        var machine = machine(.ready, life: Plan.Life(max: .seconds(36_000), grace: .seconds(30)))
        #expect(machine.reviewed(look(rest: 30_000)) == [.wait(.review, .seconds(35_940))])
    }
}

@Suite struct GlanceTests {
    @Test(arguments: [(-60.0, -60.0), (-1, -3000), (0.5, -3000), (2.5, -3000), (4, 4), (600, 600)])
    func theHubsOwnQuestionIsNoUse(_ last: Double, _ used: Double) {
        let glance = Glance(from: Sample.noon, to: Sample.noon + 1, before: Sample.noon - 3000)
        #expect(glance.use(Sample.noon + last) == Sample.noon + used)
    }
}

@Suite struct WithdrawalTests {
    private static let taken = Withdrawal(filesets: ["datasets-dr3"], isEnding: true)

    @Test func aLostRightIsWarnedOfAndThenEndsIt() {
        var machine = machine(.ready, life: life)
        let actions = machine.withdraw(Self.taken, at: Sample.noon)
        #expect(actions.contains(.wait(.revocation, .seconds(600))))
        #expect((actions.warning ?? "")?.contains("You may not use datasets-dr3 any more.") == true)
        #expect(machine.withdraw(Self.taken, at: Sample.noon) == [])
        #expect(machine.elapsed(.revocation).state == .stopping)
        #expect(machine.ending?.reason == .revoked)
    }

    @Test func aSecondRightThatIsLostIsWarnedOfWithTheEndOfTheFirst() {
        var machine = machine(.ready, life: life)
        func warning(_ filesets: [String], after seconds: Double) -> String {
            let withdrawal = filesets.isEmpty ? nil : Withdrawal(filesets: filesets, isEnding: true)
            return (machine.withdraw(withdrawal, at: Sample.noon + seconds).warning ?? "") ?? ""
        }
        let end = "This session is stopped at \(Words.clock(Sample.noon + 600))."
        #expect(warning(["a"], after: 0).contains(end))
        #expect(warning(["a", "b"], after: 400).contains(end))
        #expect(warning(["b"], after: 500).contains(end))
        _ = warning([], after: 550)
        #expect(warning(["a"], after: 700).contains("stopped at \(Words.clock(Sample.noon + 1300))."))
    }

    @Test func aRightThatComesBackEndsNothing() {
        var machine = machine(.ready, life: life)
        _ = machine.withdraw(Self.taken, at: Sample.noon)
        let actions = machine.withdraw(nil, at: Sample.noon)
        #expect(actions.contains(.forget(.revocation)))
        #expect(actions.warning == .some(nil))
        #expect(machine.elapsed(.revocation) == [])
    }

    @Test func notifyOnlySaysSo() {
        var machine = machine(.ready, life: life)
        let actions = machine.withdraw(Withdrawal(filesets: ["a", "b"], isEnding: false), at: Sample.noon)
        #expect(actions == [.warn("You may not use a and b any more. It stays until this session ends.")])
        #expect(machine.elapsed(.revocation) == [])
    }

    // Nobody has work in it yet.
    @Test func aSessionThatStartsIsNotWarned() {
        var machine = machine(.image)
        _ = machine.withdraw(Self.taken, at: Sample.noon)
        #expect(machine.ending?.reason == .revoked)
    }

    // The store of the files may be another cluster's matter; the person must not reach them by waiting.
    @Test func aClusterThatCannotBeSeenDoesNotSaveIt() {
        var machine = machine(.ready, life: life)
        _ = machine.withdraw(Self.taken, at: Sample.noon)
        _ = machine.unseen("away")
        #expect(machine.elapsed(.revocation).contains(.closeRoute))
    }
}

@Suite struct LifeTests {
    /// Kubernetes counts `activeDeadlineSeconds` from when the kubelet takes the pod.
    @Test func theTimeForTheImageIsPartOfALifeAlsoAfterARestart() async throws {
        let facility = try await Facility()
        facility.start()
        let before = facility.now
        let session = try await facility.click(
            Sample.plan(life: Plan.Life(max: .seconds(3600), grace: .seconds(30), warn: .seconds(300))))
        #expect(await facility.turn { facility.cluster.names("pods") == [session.pod] })
        facility.cluster.change(session.pod) {
            $0["status"] = ["phase": "Pending", "conditions": [["type": "PodScheduled", "status": "True"]]]
        }
        #expect(await facility.reaches(.scheduled, session.id))
        let placed = facility.now
        facility.clock.advance(by: .seconds(300))
        facility.cluster.run(session.pod)
        #expect(await facility.reaches(.ready, session.id))
        for _ in 0..<2 {
            let end = try #require(await facility.endOfLife(session.id))
            #expect(before + 3600 <= end && end <= placed + 3600)
            await facility.kill()
            facility.start()
        }
        await facility.kill()
    }

    // A probe that fails once is no use of it: else whoever leaves a restless server behind keeps its place for ever.
    @Test func aServerThatIsUnwellForAMomentHasRestedAllTheSame() async throws {
        let facility = try await Facility()
        facility.start()
        let session = try await facility.running()
        for _ in 1...2 {
            let live = try #require(await facility.session(livingAs: session.id))
            live.arrive(at: .distantFuture)
            #expect(live.memory.withLock { $0.arrival } != .distantFuture)
            await facility.kill()
            facility.start()
        }
        await facility.kill()
    }

    @Test func aGraceOfZeroIsPassedOnAndShortensAStop() async throws {
        let facility = try await Facility()
        facility.start()
        let session = try await facility.running()
        try await facility.spawner?.stop(session.id, by: "ada")
        #expect(await facility.turn { facility.cluster.state.withLock { $0.graces } == [30] })
        // Its node is lost: the object stays, and an administrator has had enough of it.
        #expect(
            await facility.turn {
                try? await facility.spawner?.stop(session.id, by: "root", grace: .zero)
                return facility.cluster.state.withLock { $0.graces }.last == 0
            })
        #expect(await facility.session(session.id)?.message == "Stopped by ada.")
        facility.cluster.lose(session.pod)
        #expect(await facility.reaches(.ended, session.id))
        await facility.kill()
    }
}

@Suite struct HurriedStopTests {
    @Test func aGraceThatComesWhileThePodIsBeingDeletedIsForADeletionMore() {
        var machine = machine(.ready)
        #expect(machine.stop(.stopped(by: "ada")).last == .delete(keepingLog: false))
        #expect(machine.stop(.stopped(by: "root"), again: true) == [])
        #expect(machine.deletion(.accepted(grace: .seconds(30))) == [.delete(keepingLog: false)])
        #expect(machine.deletion(.accepted(grace: .zero)) == [.wait(.stop, .seconds(60))])
    }

    /// Nothing more can be stored of it: somebody else has ended it.
    @Test(.timeLimit(.minutes(1))) func whoStopsASessionThatIsNotOursAnyMoreDoesNotWaitForEver() async throws {
        let facility = try await Facility()
        facility.start()
        let session = try await facility.running()
        let now = facility.now
        _ = try await facility.store.update(session.id) { $0.end(.lost, "Lost.", at: now) }
        try await facility.spawner?.stop(session.id, by: "ada")
        #expect(await facility.session(session.id)?.endReason == .lost)
        await facility.kill()
    }
}

extension Facility {
    /// When the session's person is told that its time ends.
    fileprivate func endOfLife(_ id: String) async -> Date? {
        guard case .reviewed(let look)? = await session(livingAs: id)?.review() else { return nil }
        return look?.end
    }

    /// The session once this hub looks after it.
    fileprivate func session(livingAs id: String) async -> Session? {
        await turn(until: { self.session(living: id) != nil }) ? session(living: id) : nil
    }

    private func session(living id: String) -> Session? { spawner?.live.withLock { $0.sessions[id] } }
}
