import Foundation
import OrreryModel
import Testing

@testable import OrreryStore

@Suite struct WorkloadStoreTests {
    private static func key(_ id: String, at instant: Date) -> SigningKeyRecord {
        SigningKeyRecord(id: id, published: "{}", sealed: [1, 2, 3], madeAt: instant)
    }

    @Test func ofKeysMadeAtTheSameTimeOneStays() async throws {
        let test = try TestDatabase()
        let database = try test.open()
        let limit = Sample.now - 60
        let first = try await database.insert(Self.key("a", at: Sample.now), unlessMadeAfter: limit)
        #expect(first == [Self.key("a", at: Sample.now)])
        #expect(try await database.insert(Self.key("b", at: Sample.now), unlessMadeAfter: limit) == first)
        let later = Sample.now + 3600
        let both = try await database.insert(Self.key("c", at: later), unlessMadeAfter: Sample.now)
        #expect(both.map(\.id) == ["a", "c"])
        try await database.removeSigningKeys(["a", "none"])
        #expect(try await database.signingKeys() == [Self.key("c", at: later)])
    }

    @Test func filesAreDueUntilTheirSessionStops() async throws {
        let test = try TestDatabase()
        let database = try test.open()
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        let session = Sample.session(of: ada)
        try await database.create(session)
        var file = TokenFileRecord(
            session: session.id, person: ada.id, source: "wlcg", isDefault: true, dueAt: Sample.now + 30,
            endsAt: Sample.now + 60)
        try await database.put(file)
        try await database.put(
            TokenFileRecord(session: session.id, person: ada.id, source: "egi", isDefault: false, dueAt: Sample.now))
        func due(_ seconds: TimeInterval) async throws -> [TokenFileRecord] {
            try await database.dueTokenFiles(of: "wlcg", at: Sample.now + seconds, onEachCluster: 10)
        }
        #expect(try await due(29).isEmpty)
        #expect(try await due(30) == [file])
        (file.dueAt, file.failures, file.endsAt) = (Sample.now + 40, 2, nil)
        try await database.put(file)
        #expect(try await due(39).isEmpty)
        #expect(try await due(40) == [file])
        #expect(try await database.tokenFiles(session: session.id).map(\.source) == ["egi", "wlcg"])

        _ = try await database.update(session.id) { $0.state = .stopping }
        #expect(try await due(50).isEmpty)
        #expect(try await database.removeEndedTokenFiles() == 0)
        _ = try await database.update(session.id) { $0.end(.finished, "done", at: Sample.now) }
        #expect(try await due(50).isEmpty)
        #expect(try await database.removeEndedTokenFiles() == 2)
    }

    @Test func theMostUrgentOfEachClusterComeFirstAndUnknownSessionsArePassedOver() async throws {
        let test = try TestDatabase()
        let database = try test.open()
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        let sessions = ["north", "north", "south"].enumerated().map { place, cluster in
            Sample.session(of: ada, server: "\(place)", cluster: cluster)
        }
        for (place, session) in sessions.enumerated() {
            try await database.create(session)
            try await database.put(
                TokenFileRecord(
                    session: session.id, person: ada.id, source: "hub", isDefault: false,
                    dueAt: Sample.now - Double(place == 2 ? 0 : 1 + place)))
        }
        try await database.put(
            TokenFileRecord(session: "none", person: ada.id, source: "hub", isDefault: false, dueAt: Sample.now - 9))
        let due = try await database.dueTokenFiles(of: "hub", at: Sample.now, onEachCluster: 1)
        #expect(due.map(\.session) == [sessions[1].id, sessions[2].id])
    }
}
