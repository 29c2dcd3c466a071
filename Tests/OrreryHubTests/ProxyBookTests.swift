import OrreryFetch
import OrreryModel
import OrreryStore
import Synchronization
import Testing

@testable import OrreryHub

struct ProxyBookTests {
    private func prefixes(_ hub: TestHub) -> [String] { hub.proxy.held.withLock { $0.routes.keys.sorted() } }

    @Test func aRouteIsThereWhenOpenReturnsAndGoneWhenCloseDoes() async throws {
        try await TestHub.run { hub in
            let book = hub.services.proxy
            try await book.open("/user/ada/", to: "http://127.0.0.9:8888", session: "s", person: "ada")
            #expect(
                hub.proxy.held.withLock { $0.routes["/user/ada"] }
                    == ["target": "http://127.0.0.9:8888", "session": "s", "user": "ada"])
            try await book.close("/user/ada/")
            try await book.close("/user/ada/")
            #expect(prefixes(hub).isEmpty)
        }
    }

    @Test func bothSidesAreMendedUnderUserAndNowhereElse() async throws {
        try await TestHub.run { hub in
            let book = hub.services.proxy
            try await book.open("/user/ada/", to: "http://127.0.0.9:8888", session: "s", person: "ada")
            hub.proxy.held.withLock { held in
                held.routes = [
                    "/user/gone": ["target": "http://127.0.0.8:1"], "/services/x": ["target": "http://127.0.0.7:1"],
                ]
            }
            await book.repair()
            #expect(prefixes(hub) == ["/", "/services/x", "/user/ada"])
            hub.proxy.held.withLock { $0.routes["/user/ada"] = ["target": "http://127.0.0.8:1"] }
            await book.repair()
            #expect(hub.proxy.held.withLock { $0.routes["/user/ada"]?["target"] } == "http://127.0.0.9:8888")
        }
    }

    @Test func whatWasOpenedAndClosedWhileTheProxyWasAwayIsMendedLater() async throws {
        try await TestHub.run { hub in
            let book = hub.services.proxy
            try await book.open("/user/ada/", to: "http://127.0.0.9:8888", session: "s", person: "ada")
            hub.proxy.held.withLock { $0.refusesEverything = true }
            await #expect(throws: HubError.self) { try await book.close("/user/ada/") }
            await #expect(throws: HubError.self) {
                try await book.open("/user/grace/", to: "http://127.0.0.9:8889", session: "t", person: "grace")
            }
            await book.repair()
            hub.proxy.held.withLock { $0.refusesEverything = false }
            await book.repair()
            #expect(prefixes(hub) == ["/", "/user/grace"])
        }
    }

    @Test func afterARestartTheRoutesComeFromTheDatabase() async throws {
        try await TestHub.run { hub in
            for (name, state) in [("ada", SessionState.ready), ("grace", .unreachable), ("emmy", .starting)] {
                try await hub.session(of: hub.person(name), state: state)
            }
            await hub.services.proxy.load()
            await hub.services.proxy.repair()
            #expect(prefixes(hub) == ["/", "/user/ada", "/user/grace"])
        }
    }

    @Test func aProxyThatStartedAnewIsNoticedByOneSmallQuestion() async throws {
        try await TestHub.run { hub in
            let book = hub.services.proxy
            try await book.open("/user/ada/", to: "http://127.0.0.9:8888", session: "s", person: "ada")
            await book.repair()
            let lists = hub.proxy.held.withLock { $0.lists }
            await book.look()
            #expect(hub.proxy.held.withLock { $0.lists } == lists)
            hub.proxy.held.withLock { $0.routes = [:] }
            await book.look()
            #expect(prefixes(hub) == ["/", "/user/ada"])
        }
    }

    @Test func aProxyThatIsBackGetsEverythingAtOnce() async throws {
        try await TestHub.run { hub in
            let book = hub.services.proxy
            try await book.open("/user/ada/", to: "http://127.0.0.9:8888", session: "s", person: "ada")
            hub.proxy.held.withLock { $0.refusesEverything = true }
            await book.look()
            hub.proxy.held.withLock { $0 = .init() }
            await book.look()
            #expect(prefixes(hub) == ["/", "/user/ada"])
        }
    }
}
