import Foundation
import OrreryStore
import ServiceLifecycle
import Synchronization
import Testing

@testable import OrreryHub

struct StartTests {
    /// Says whether it was ever run.
    final class Watched: Service {
        let hasRun = Mutex(false)
        func run() async throws {
            hasRun.withLock { $0 = true }
            try await gracefulShutdown()
        }
    }

    // A second hub with the same configuration would take the first one's routes out of the proxy before it finds out.
    @Test func nothingRunsWhileTheAddressBelongsToAnotherProgram() async throws {
        try await TestHub.run { hub in
            let watched = Watched()
            var configuration = hub.services.configuration
            configuration.listen = ListenAddress(host: "127.0.0.1", port: hub.port)
            let services = HubServices(
                configuration, database: hub.database, keys: hub.services.keys, policy: hub.services.desk.policy,
                issuers: hub.issuers, fetcher: hub.fetcher, logger: TestHub.quiet)
            let second = Hub(services: services, background: [watched], logger: TestHub.quiet)
            let error = await #expect(throws: HubError.self) { try await second.run() }
            #expect(error?.message.contains("taken by another program") == true)
            #expect(!watched.hasRun.withLock { $0 })
        }
    }

    @Test func nothingIsOpenedThatAnotherHubHas() async throws {
        try await TestHub.run { hub in
            var configuration = hub.services.configuration
            configuration.database = hub.database.path
            let (lock, asked) = (try DatabaseLock(besides: hub.database.path), configuration)
            let error = await #expect(throws: HubError.self) { try await Hub(asked, logger: TestHub.quiet) }
            #expect(error?.message.contains("a hub runs on the database") == true)
            withExtendedLifetime(lock) {}
        }
    }

    @Test func onceItListensEverythingRuns() async throws {
        try await TestHub.run { hub in
            let watched = Watched()
            let (ports, ready) = AsyncStream.makeStream(of: Int.self)
            let second = Hub(
                services: hub.services, background: [watched], logger: TestHub.quiet, onReady: { ready.yield($0) })
            let running = Task { try await second.run() }
            for await _ in ports { break }
            let deadline = ContinuousClock.now + .seconds(60)
            while !watched.hasRun.withLock({ $0 }), ContinuousClock.now < deadline { await Task.yield() }
            #expect(watched.hasRun.withLock { $0 })
            running.cancel()
            _ = await running.result
        }
    }
}
