import Foundation
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

struct HousekeeperTests {
    @Test func aSessionThatEndedLongAgoGoesWithItsStory() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            var old: [SessionRecord] = []
            for _ in 1...5 {
                old.append(try await hub.session(of: ada, state: .ended))
                hub.clock.turn(by: .seconds(1))
            }
            let living = try await hub.session(of: ada)
            var housekeeper = hub.services.housekeeper
            housekeeper.portion = 2
            hub.clock.turn(by: .seconds(89 * 86_400))
            let young = try await hub.session(of: hub.person("ben"), state: .ended)
            await housekeeper.sweep()
            #expect(try await hub.database.history(person: ada.id, limit: 9).count == 5)
            hub.clock.turn(by: .seconds(86_400))
            await housekeeper.sweep()
            #expect(try await hub.database.history(person: ada.id, limit: 9).isEmpty)
            #expect(try await hub.database.events(session: old[0].id, after: 0).isEmpty)
            #expect(try await hub.database.session(id: living.id) != nil)
            #expect(try await hub.database.session(id: young.id) != nil)
        }
    }

    @Test func whereSomebodysFilesAreIsNotForgotten() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            var ids: [String] = []
            for _ in 1...3 {
                let session = try await hub.session(of: ada)
                let now = hub.clock.now
                _ = try await hub.database.update(session.id) { $0.end(.idle, "Over.", at: now) }
                ids.append(session.id)
                hub.clock.turn(by: .seconds(1))
            }
            try await hub.session(of: ada, state: .ended)
            hub.clock.turn(by: .seconds(1))
            try await hub.session(of: hub.person("ben"))
            hub.clock.turn(by: .seconds(200 * 86_400))
            await hub.services.housekeeper.sweep()
            #expect(try await hub.database.history(person: ada.id, limit: 9).map(\.id) == [ids[2]])
            #expect(try await hub.database.places(person: ada.id) == ["north"])
        }
    }

    /// What is newer than it was made after everything that the database knows.
    @Test func theNewestOfAllStays() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            try await hub.session(of: ada, state: .ended)
            hub.clock.turn(by: .seconds(1))
            let newest = try await hub.session(of: ada, state: .ended)
            hub.clock.turn(by: .seconds(200 * 86_400))
            await hub.services.housekeeper.sweep()
            #expect(try await hub.database.history(person: ada.id, limit: 9).map(\.id) == [newest.id])
        }
    }
}
