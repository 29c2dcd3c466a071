import OrreryModel
import OrrerySpawn
import OrreryStore
import Testing

@testable import OrreryHub

struct ProgressTests {
    @Test func whatArrivesBetweenTwoLooksAtTheStoreIsTold() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { _ in }
            let session = try await desk.start(hub.person("ada"))
            let store = StubbornSessionStore(hub.database, refusing: [:])
            let spawner = Spawner(
                clusters: [], store: store, contract: hub.services.contract, routes: hub.services.proxy,
                fetcher: hub.fetcher, logger: TestHub.quiet)
            store.interrupt { try await desk.comes(session.id, to: .ready) }
            var states: [SessionState] = []
            for await event in spawner.progress(of: session.id, after: 0) { states.append(event.state) }
            #expect(states.last == .ready)
        }
    }
}
