import Foundation
import OrreryFetch
import OrreryModel
import OrreryPolicy
import OrrerySpawn
import OrreryStore
import Testing

@testable import OrreryHub

struct RestartedSessionTests {
    @Test func aButtonForNewSettingsIsThereWhenTheyAreNew() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            // Its hash is that of no plan.
            let session = try await hub.session(of: ada)
            #expect(hub.services.desk.isOutdated(session, for: ada.person))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            #expect(try await browser.get("/hub/home").text.contains("/hub/restart/\(session.id)"))
        }
    }

    @Test func theSameSettingsAreNoReasonToRestart() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let session = try await hub.services.desk.start(.init(cluster: "north"), for: ada)
            #expect(!hub.services.desk.isOutdated(session, for: ada.person))
            let elsewhere = Person(
                identity: ada.person.identity, name: "ada", uid: ada.person.uid, gid: ada.person.gid,
                groups: [Group(name: "science", gid: 5002)])
            #expect(hub.services.desk.isOutdated(session, for: elsewhere))
        }
    }

    @Test func aSessionOfAnotherNameRunsBesideTheFirst() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            try await hub.session(of: ada)
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            #expect(try await browser.get("/hub/home").text.contains("Name of another session"))
            let proof = try await browser.proof()
            let wrong = try await browser.post("/hub/start", [("_xsrf", proof), ("server", "Not This")])
            #expect(wrong.status == 422)
            let started = try await browser.post("/hub/start", [("_xsrf", proof), ("server", "big")])
            #expect(started.status == 302 || started.status == 303)
            let prefixes = try await hub.database.active(person: ada.id).map(\.prefix)
            #expect(Set(prefixes) == ["/user/ada/", "/user/ada/big/"])
        }
    }

    @Test func onlyAnAdministratorChoosesTheGrace() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let session = try await hub.session(of: ada)
            let error = await #expect(throws: HubError.self) {
                try await hub.services.desk.stop(session, by: ada, grace: .zero)
            }
            #expect(error?.kind == .forbidden)
        }
    }

    @Test func whatCouldNotBeStartedAgainIsNotStopped() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let session = try await hub.session(of: ada)
            try await hub.order(.cordon, of: "north", because: "power")
            // Whatever is stopped there is over at once.
            hub.services.spawner.drop("north", because: "It was thrown out.")
            let error = await #expect(throws: HubError.self) {
                try await hub.services.desk.restart(session, by: ada)
            }
            #expect(error?.message.contains("it takes no new sessions for the time being") == true)
            #expect(try await hub.database.session(id: session.id)?.state == .ready)
        }
    }

    private func sessionDesk(_ hub: TestHub, _ scheduler: Scheduler, _ policies: PolicyBook) -> SessionDesk {
        SessionDesk(
            policies: policies, registry: hub.services.registry, store: hub.database, persons: hub.database,
            spawner: hub.services.spawner, scheduler: scheduler, audit: hub.services.audit, now: { hub.clock.now },
            logger: TestHub.quiet)
    }

    @Test func whatSomebodyElseWaitsForIsNotGivenUp() async throws {
        try await TestHub.run { hub in
            let line = TestDesk(hub) { $0.capacity.sessions = $0.name == "north" ? 1 : 0 }
            let desk = sessionDesk(hub, line.scheduler, hub.services.desk.policies)
            let ada = try await hub.person("ada")
            let session = try await hub.session(of: ada)
            let waiting = try await line.start(hub.person("ben"))
            #expect(waiting.isWaiting)
            // Whatever is stopped there is over at once, and nothing begins there.
            hub.services.spawner.drop("north", because: "It was thrown out.")
            let error = await #expect(throws: HubError.self) { try await desk.restart(session, by: ada) }
            #expect(error?.kind == .unavailable && error?.message.hasPrefix("others wait for a place on North") == true)
            #expect(try await hub.database.session(id: session.id)?.state == .ready)
            await line.scheduler.leave(waiting.id)
            _ = try? await desk.restart(session, by: ada)
            #expect(try await hub.database.session(id: session.id)?.state == .ended)
        }
    }

    @Test func whatItHoldsItselfIsNotInItsWay() async throws {
        try await TestHub.run { hub in
            let policy = try TestPolicy.changed {
                $0.replacing("    default: true\n", with: "    default: true\n    limit: {perUser: 1, total: 1}\n")
                    + "\nquotas: {person: {sessions: 1}}\n"
            }
            let desk = sessionDesk(
                hub, TestDesk(hub, policy: policy) { $0.capacity.sessions = 1 }.scheduler,
                PolicyBook(policy, logger: TestHub.quiet, now: { hub.clock.now }) { .success(policy) })
            let ada = try await hub.person("ada")
            let session = try await hub.session(of: ada)
            // Whatever is stopped there is over at once, and nothing begins there.
            hub.services.spawner.drop("north", because: "It was thrown out.")
            await #expect(throws: (any Error).self) { try await desk.restart(session, by: ada) }
            #expect(try await hub.database.session(id: session.id)?.state == .ended)
        }
    }
}
