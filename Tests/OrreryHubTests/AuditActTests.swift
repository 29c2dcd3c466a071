import Foundation
import OrreryFetch
import OrreryModel
import OrrerySpawn
import OrreryStore
import Testing

@testable import OrreryHub

/// What people and operators do leaves a record, and what they carry does not.
@Suite struct AuditActTests {
    private static func records(_ hub: TestHub) async throws -> [AuditRecord] {
        await hub.services.audit.flush()
        return try await hub.database.entries(AuditQuery(), after: 0, limit: 100).map(\.record)
    }

    @Test func aLoginAndALogoutAreWrittenDownWithWhereTheyCameFrom() async throws {
        try await TestHub.run { hub in
            var browser = TestBrowser(hub)
            _ = try await hub.person("ada")
            try await browser.logIn(as: "ada")
            try await browser.post("/hub/logout", [("_xsrf", try await browser.proof())])
            let records = try await Self.records(hub)
            #expect(records.map(\.act) == ["login", "logout"])
            for record in records {
                #expect(record.name == "ada" && record.identity?.subject == "ada" && record.orderedBy == nil)
                #expect(record.address == "127.0.0.1" && record.request?.isEmpty == false)
            }
            #expect(records.first?.object == "test")
        }
    }

    @Test func whoIsRefusedIsWrittenDownByIssuerAndSubject() async throws {
        try await TestHub.run { hub in
            var browser = TestBrowser(hub)
            hub.issuers.knows("nobody", as: .init(suggestedName: "nobody", groups: []))
            #expect(try await browser.logIn(as: "nobody").status == 403)
            let record = try #require(try await Self.records(hub).first)
            #expect(record.act == "login-refused" && record.name == nil && record.object == "test")
            #expect(record.identity == Identity(issuer: "https://issuer.test", subject: "nobody"))
            #expect(record.why?.contains("no group") == true)
        }
    }

    @Test func whatAnOperatorDoesIsOnDiskWhenItIsAnswered() async throws {
        try await TestHub.run { hub in
            let chief = try await hub.person(
                "root-1", groups: [Group(name: "atlas"), Group(name: "operators")], isAdmin: true)
            _ = try await hub.person("ada")
            let token = try await hub.token(of: chief, scopes: ["admin:users"])
            for (method, path) in [
                ("POST", "/users/ada/suspension"), ("DELETE", "/users/ada/suspension"), ("DELETE", "/users/ada"),
            ] {
                #expect(try await hub.call(method, path, token: token).status == 204)
            }
            // Without waiting for anything.
            let records = try await hub.database.entries(AuditQuery(), after: 0, limit: 10).map(\.record)
            #expect(records.map(\.act) == ["suspension", "readmission", "suspension", "removal"])
            #expect(records.allSatisfy { $0.name == "ada" && $0.orderedBy == "root-1" && $0.request != nil })
        }
    }

    @Test func sessionsAndTheSensitiveFilesetsTheyAreGivenAreWrittenDown() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let chief = try await hub.person("root-1", groups: [Group(name: "operators")], isAdmin: true)
            _ = try? await hub.services.desk.start(.init(profile: "special", cluster: "south"), for: ada)
            // No spawner runs here, which would start it.
            let (desk, session) = (hub.services.desk, try await hub.session(of: ada))
            await hub.services.audit.record(desk.acts(of: session, for: ada))
            try await desk.recordStop(of: session, by: chief)
            // Without waiting for anything: an operator did the last.
            let records = try await hub.database.entries(AuditQuery(), after: 0, limit: 9).map(\.record)
            #expect(records.map(\.act) == ["spawn-refused", "spawn", "grant", "stop"])
            #expect(records.map(\.object) == ["special", session.id, "scratch", session.id])
            #expect(records.map(\.cluster) == ["south", "north", "north", "north"])
            #expect(records.map(\.orderedBy) == [nil, nil, nil, "root-1"])
            #expect(records.allSatisfy { $0.name == "ada" })
        }
    }

    @Test func noSecretOfALoginIsInAnyRecord() async throws {
        try await TestHub.run { hub in
            var browser = TestBrowser(hub)
            _ = try await hub.person("ada")
            try await browser.logIn(as: "ada")
            let secrets = browser.cookies.values.map(\.value)
            let text = "\(try await Self.records(hub))"
            #expect(!secrets.isEmpty && secrets.allSatisfy { !text.contains($0) })
        }
    }

    @Test func whatADrainStopsIsWrittenDownOnceItIsStopped() async throws {
        try await TestHub.run { hub in
            let keeper = hub.services.keeper
            let session = try await hub.services.desk.start(.init(cluster: "north"), for: hub.person("ada"))
            try await hub.order(.drain(until: hub.clock.now), of: "north", because: "power")
            var asked: Set<String> = []
            // Nobody holds the watches here: the spawner says "not now".
            await keeper.empty(&asked)
            #expect(asked.isEmpty)
            #expect(try await Self.records(hub).allSatisfy { $0.act != "stop" })
            // Whatever is stopped there is over at once.
            hub.services.spawner.drop("north", because: "It was thrown out.")
            for _ in 1...2 { await keeper.empty(&asked) }
            #expect(asked == [session.id])
            let stops = try await Self.records(hub).filter { $0.act == "stop" }
            #expect(stops.map(\.object) == [session.id] && stops.map(\.cluster) == ["north"])
            #expect(stops.map(\.name) == ["ada"] && stops.map(\.orderedBy) == ["operator"])
            #expect(stops.map(\.why) == ["North is emptied"])
        }
    }
}
