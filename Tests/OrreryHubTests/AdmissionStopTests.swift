import OrreryModel
import OrrerySpawn
import OrreryStore
import Testing

@testable import OrreryHub
@testable import OrreryPolicy

struct AdmissionStopTests {
    /// The session still waits when it is read, and has its place when it is to leave the queue.
    @Test func whoIsAdmittedWhileTheyStopIsStopped() async throws {
        try await TestHub.run { hub in
            // A proxy that has got everything, so that no route is waited for.
            #expect(await hub.services.proxy.load())
            let proxy = try await hub.follow("a")
            _ = try await proxy.lines(3)
            try await hub.report("a", 1)
            let store = StubbornSessionStore(hub.database, refusing: [:])
            let spawner = Spawner(
                clusters: hub.services.configuration.clusters.map(\.access), store: store,
                contract: hub.services.contract, routes: hub.services.proxy, fetcher: hub.fetcher,
                logger: TestHub.quiet)
            let run = Task { try await spawner.run() }
            defer { run.cancel() }
            let desk = TestDesk(hub) { _ in }
            #expect(try await desk.eventually { spawner.condition(of: "north") != .neverSeen })
            let ada = try await hub.person("ada")
            let plan = try #require(
                hub.services.desk.policy.plan(
                    for: ada.person, profile: "standard", cluster: "north", at: hub.clock.now
                ).plan)
            let waiting = try await spawner.enqueue(
                plan: plan, planHash: "0", person: ada, server: "", account: "", id: RecordID.fresh(at: hub.clock.now),
                wish: SessionChoice(profile: "standard"), message: "")
            store.interrupt { _ = try await spawner.admit(waiting.id, plan: plan, planHash: "0") }
            try await spawner.stop(waiting.id, by: "ada")
            let stopped = try #require(try await hub.database.session(id: waiting.id))
            #expect(stopped.state == .stopping || stopped.state == .ended)
            #expect(stopped.endReason == .stoppedByPerson)
        }
    }
}
