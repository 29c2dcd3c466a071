import OrreryModel
import OrreryStore
import Synchronization
import Testing

@testable import OrrerySpawn

/// Those who wait for what becomes of a session.
struct StandingTests {
    @Test func whoeverWaitsIsToldOnceItIsReady() async throws {
        let facility = try await Facility()
        let spawner = facility.start()
        let session = try await facility.click()
        async let waiting = spawner.standing(of: session.id, within: .seconds(60)) { !$0.isPending }
        #expect(await facility.turn { facility.cluster.names("pods") == [session.pod] })
        facility.cluster.run(session.pod)
        #expect(await facility.reaches(.ready, session.id))
        let standing = try await waiting
        #expect(standing == SessionStanding(state: .ready, message: "Your notebook is ready."))
        // And once more, of what has happened already.
        #expect(try await spawner.standing(of: session.id, within: .seconds(60)) { !$0.isPending } == standing)
        await facility.kill()
    }

    @Test func afterItsTimeEverybodyIsToldHowItStands() async throws {
        let facility = try await Facility()
        let spawner = facility.start()
        let session = try await facility.click()
        #expect(await facility.turn { facility.cluster.names("pods") == [session.pod] })
        let standing = try await spawner.standing(of: session.id, within: .milliseconds(1)) { !$0.isPending }
        #expect(standing?.state.isPending == true)
        await facility.kill()
    }

    @Test func ofWhatHasEndedTheStoreKnows() async throws {
        let facility = try await Facility()
        let spawner = facility.start()
        let session = try await facility.click()
        async let waiting = spawner.standing(of: session.id, within: .seconds(60)) { $0 == .ended }
        #expect(await facility.turn { facility.cluster.names("pods") == [session.pod] })
        try await spawner.stop(session.id, by: "ada")
        #expect(await facility.turn { facility.cluster.calls.contains("DELETE pods/\(session.pod)") })
        facility.cluster.lose(session.pod)
        #expect(await facility.reaches(.ended, session.id))
        let standing = try #require(try await waiting)
        #expect(standing.state == .ended)
        #expect(try await spawner.standing(of: session.id, within: .seconds(60)) { $0 == .ended } == standing)
        #expect(try await spawner.standing(of: "nobody", within: .milliseconds(1)) { $0 == .ended } == nil)
        await facility.kill()
    }

    // The first look at its life comes right after it is ready, and needs no look at the store.
    @Test func theLifetimeCountsFromTheNodeThatTookIt() async throws {
        let facility = try await Facility()
        let spawner = facility.start()
        let session = try await facility.running()
        let live = try #require(spawner.live.withLock { $0.sessions[session.id] })
        let placed = try await facility.store.events(session: session.id, after: 0).first {
            $0.state.order > SessionState.creating.order
        }
        #expect(live.memory.withLock { $0.startOfLife } == placed?.at)
        await facility.kill()
    }
}
