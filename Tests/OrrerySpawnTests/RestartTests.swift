import OrreryModel
import OrreryStore
import Synchronization
import Testing

@testable import OrrerySpawn

@Suite struct RestartTests {
    @Test func noClusterIsAskedBeforeThoseWithANotebookHaveTheirRoutes() async throws {
        let facility = try await Facility()
        facility.cluster.set { $0.runsPods = true }
        facility.start()
        let session = try await facility.click()
        #expect(await facility.reaches(.ready, session.id))
        await facility.kill()
        let before = facility.cluster.calls.count
        let asked = Mutex<Int?>(nil)
        facility.routes.state.withLock { state in
            state.whenRestored = { asked.withLock { $0 = facility.cluster.calls.count } }
        }
        facility.start()
        #expect(await facility.turn { facility.cluster.calls.count > before })
        #expect(asked.withLock { $0 } == before)
        await facility.kill()
    }

    @Test func aReadySessionIsAdoptedAndNotRestarted() async throws {
        let facility = try await Facility()
        facility.cluster.set { $0.runsPods = true }
        facility.start()
        let session = try await facility.click()
        #expect(await facility.reaches(.ready, session.id))
        let before = try #require(await facility.session(session.id))
        await facility.kill()
        facility.routes.state.withLock { $0 = .init() }

        // The route comes from the store, before the cluster has said a word.
        facility.cluster.setAway(true)
        facility.start()
        #expect(await facility.turn { facility.routes.routes == ["/user/ada/": "http://10.1.0.7:8888"] })
        facility.cluster.setAway(false)
        #expect(await facility.reaches(.ready, session.id))
        let after = try #require(await facility.session(session.id))
        #expect(after.podUID == before.podUID)
        #expect(facility.cluster.calls.filter { $0 == "POST pods" }.count == 1)
        #expect(!facility.cluster.calls.contains { $0.hasPrefix("DELETE") })
        await facility.kill()
    }

    @Test func aSessionOfAClusterThatIsGoneEnds() async throws {
        let facility = try await Facility()
        facility.cluster.set { $0.runsPods = true }
        facility.start()
        let session = try await facility.click()
        #expect(await facility.reaches(.ready, session.id))
        await facility.kill()
        facility.start(farewell: "It was thrown out.")
        #expect(await facility.reaches(.ended, session.id))
        let ended = await facility.session(session.id)
        #expect(ended?.endReason == .lost && ended?.message == "Lost: It was thrown out.")
        #expect(await facility.turn { facility.routes.routes.isEmpty })
        #expect(facility.cluster.names("pods") == [session.pod])
        await facility.kill()
    }

    @Test func aPodWithoutASessionIsListedAndNeverTouched() async throws {
        let facility = try await Facility()
        facility.cluster.put([
            "metadata": [
                "name": "nb-grace-x", "uid": "u9",
                "labels": ["orrery.io/hub": "orrery", "orrery.io/session": "gone", "orrery.io/person": "grace"],
            ],
            "spec": ["containers": [["name": "notebook"]]],
        ])
        let spawner = facility.start()
        #expect(await facility.turn { spawner.orphans().count == 1 })
        #expect(
            spawner.orphans() == [
                OrphanPod(
                    cluster: "north", pod: "nb-grace-x", uid: "u9", session: "gone", person: "grace",
                    isNewerThanDatabase: false)
            ])
        #expect(!facility.cluster.calls.contains { $0.hasPrefix("DELETE") })
        facility.cluster.lose("nb-grace-x")
        #expect(await facility.turn { spawner.orphans().isEmpty })
        await facility.kill()
    }

    /// The hub dies at every step of a session's life, before the step's effect or after it, and another one takes over.
    @Test(arguments: [true, false])
    func aHubThatDiesAnywhereGoesOnWhereItWas(_ isBefore: Bool) async throws {
        let whole = try await life(cut: nil)
        #expect(whole >= 8)
        for step in 1...whole {
            _ = try await life(cut: isBefore ? .before(step - 1) : .after(step))
        }
    }

    /// The same of one that gets its notebook only with its second or third pod: a node refuses one, and none takes one.
    @Test(
        arguments: [([.refused], false), ([.unplaced], false), ([.refused, .unplaced], true)]
            as [([FakeCluster.Fate], Bool)])
    func aHubThatDiesBetweenTwoPodsMakesTheNext(_ fates: [FakeCluster.Fate], _ lingers: Bool) async throws {
        let whole = try await life(fates, lingers: lingers, cut: nil)
        #expect(whole >= 12)
        for step in 1...whole {
            _ = try await life(fates, lingers: lingers, cut: .before(step - 1))
            _ = try await life(fates, lingers: lingers, cut: .after(step))
        }
    }

    @Test func thePodBeforeThatIsStillGoingIsNotTakenForTheNewOne() async throws {
        let facility = try await Facility()
        facility.cluster.set {
            $0.runsPods = true
            $0.fates = [.refused]
            $0.lingers = true
        }
        facility.start()
        let session = try await facility.click()
        #expect(await facility.reaches(.scheduled, session.id))
        facility.cluster.refusePods()
        #expect(await facility.turn { facility.cluster.calls.contains("DELETE pods/\(session.pod)") })
        await facility.kill()
        facility.start()
        let waiting = "Its former pod on north is being removed. Waiting until that is done."
        #expect(await facility.turn { await facility.session(session.id)?.message == waiting })
        #expect(facility.cluster.calls.filter { $0 == "POST pods" }.count == 1)
        facility.cluster.sweep()
        #expect(await facility.reaches(.ready, session.id))
        #expect(facility.cluster.calls.filter { $0 == "POST pods" }.count == 2)
        await facility.kill()
    }

    /// One life from the click to the end, with a hub that dies at `cut`; gives the number of steps. The first pods have
    /// `fates`, the next one runs.
    private func life(
        _ fates: [FakeCluster.Fate] = [], lingers: Bool = false, cut: Wire.Cut?
    ) async throws -> Int {
        let facility = try await Facility()
        facility.cluster.set {
            $0.runsPods = true
            $0.fates = fates
            $0.lingers = lingers
        }
        facility.patience.withLock { $0.room = .seconds(20) }
        facility.start(cut: cut)
        let session = try await facility.click()
        guard await facility.turn(until: { await goOn(facility, session, until: .ready) }) else {
            let story = try await facility.story(session.id)
            Issue.record("not ready after \(String(describing: cut)): \(story) \(facility.cluster.calls)")
            return 0
        }
        let uid = await facility.session(session.id)?.podUID
        #expect(uid == facility.cluster.pod(session.pod)?["metadata"]?["uid"]?.string)
        #expect(facility.cluster.names("pods") == [session.pod])

        #expect(await facility.turn { await wish(facility, session) })
        guard await facility.turn(until: { await goOn(facility, session, until: .ended) }) else {
            let story = try await facility.story(session.id)
            Issue.record("not ended after \(String(describing: cut)): \(story) \(facility.cluster.calls)")
            return 0
        }
        let ended = try #require(await facility.session(session.id))
        #expect(ended.endReason == .stoppedByPerson, "\(String(describing: cut)): \(ended.message)")
        for kind in ["pods", "secrets", "configmaps"] { #expect(facility.cluster.names(kind) == []) }
        #expect(facility.routes.routes.isEmpty)
        #expect(facility.cluster.calls.filter { $0 == "POST pods" }.count <= 2 + fates.count)
        let steps = facility.wire?.steps ?? 0
        await facility.kill()
        return steps
    }

    /// Whether the session is where it should be; starts a new hub when the present one is dead.
    private func goOn(_ facility: Facility, _ session: SessionRecord, until state: SessionState) async -> Bool {
        if facility.wire?.isDead == true {
            await facility.kill()
            facility.start()
        }
        facility.cluster.sweep()
        let stored = await facility.session(session.id)
        if stored?.state == .scheduled { facility.cluster.refusePods() }
        // There is room again, once the hub has forgotten that there was none.
        if stored?.isWaiting == true, let spawner = facility.spawner, spawner.isDone(with: session.id) {
            _ = try? await spawner.admit(session.id, plan: session.plan, planHash: "hash")
        }
        return stored?.state == state
    }

    private func wish(_ facility: Facility, _ session: SessionRecord) async -> Bool {
        _ = await goOn(facility, session, until: .ended)
        return (try? await facility.stop(session.id)) != nil
    }
}

extension Spawner {
    fileprivate func isDone(with session: String) -> Bool { live.withLock { $0.sessions[session] == nil } }
}

extension Facility {
    func stop(_ id: String) async throws { try await spawner?.stop(id, by: "ada") }
}
