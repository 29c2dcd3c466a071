import Foundation
import OrreryModel
import Testing

@testable import OrreryStore

@Suite struct ClusterStoreTests {
    let test: TestDatabase
    let database: Database

    init() throws {
        test = try TestDatabase()
        database = try test.open()
    }

    private static func key(_ letter: Character, since: TimeInterval = 0, until: Date? = nil) -> ClusterKey {
        ClusterKey(
            id: String(repeating: letter, count: 64), spki: [1, 2, 3], since: Sample.now + since, endsAt: until)
    }

    private func cluster(_ name: String, keys: [ClusterKey] = [key("a")]) -> ClusterRecord {
        let facets = ClusterFacets(
            membership: Facet(.member, by: "token", at: Sample.now, because: "its token was good"),
            scheduling: Facet(.schedulable, by: "token", at: Sample.now, because: "a rule"),
            trust: Facet(.ownerOnly, by: "token", at: Sample.now, because: "a rule"),
            ceiling: Facet(.public, by: "token", at: Sample.now, because: "a rule"))
        return ClusterRecord(
            name: name, kind: .agent, uid: "u-1", owner: "science", namespace: "hub",
            admission: ClusterAdmission(rule: "token", at: Sample.now, by: nil, evidence: ["address": "192.0.2.7"]),
            facets: facets, keys: keys)
    }

    private func join(
        _ letter: Character, code: UInt8? = nil, from address: String = "192.0.2.7", at second: TimeInterval = 0
    ) -> JoinRecord {
        JoinRecord(
            key: String(repeating: letter, count: 64), spki: [4], codeHash: code.map(Sample.hash),
            reason: "nobody has decided", address: address, hello: ["version": "1"], evidence: [:],
            firstAt: Sample.now + second, lastAt: Sample.now + second, expiresAt: Sample.now + second + 3600)
    }

    private func invite(uses: Int64 = 1) -> InviteRecord {
        InviteRecord(
            id: "k7m2qd", secretHash: Sample.hash(1), owner: "science", name: nil, madeBy: "ada", uses: uses,
            createdAt: Sample.now, expiresAt: Sample.now + 86400)
    }

    @Test func whatIsStoredComesBackWhole() async throws {
        var south = cluster("south", keys: [Self.key("a"), Self.key("b", since: 5, until: Sample.now + 86400)])
        try await database.admit(south, with: nil, at: Sample.now)
        #expect(try await database.clusters() == [south])
        let changed = try await database.changeCluster("south") { cluster in
            cluster.facets.scheduling = Facet(.draining(until: nil), by: "ada", at: Sample.now, because: "moving")
            cluster.facets.trust = Facet(.groups(["b", "a"]), by: "ada", at: Sample.now, because: "agreed")
            cluster.facets.quarantine = Facet("a copy", by: FacetActor.hub, at: Sample.now, because: "two uids")
            cluster.inventory = ["nodes": 3]
            cluster.inventoryAt = Sample.now
            cluster.rotationAskedAt = Sample.now
            cluster.keys.removeFirst()
        }
        #expect(changed.keys.map(\.id) == [String(repeating: "b", count: 64)])
        south = try #require(try await database.clusters().first)
        #expect(south == changed && south.facets.scheduling.value == .draining(until: nil))
    }

    @Test func aNameAndAKeyAreGivenOnce() async throws {
        try await database.admit(cluster("south"), with: nil, at: Sample.now)
        for (again, contested) in [
            (cluster("south", keys: [Self.key("b")]), StoreError.Contested.clusterName),
            (cluster("west"), .clusterKey),
        ] {
            let error = await #expect(throws: StoreError.self) {
                try await self.database.admit(again, with: nil, at: Sample.now)
            }
            #expect(error?.contested == contested)
        }
        #expect(try await database.clusters().map(\.name) == ["south"])
    }

    @Test func noTwoMembersAreTheSameCluster() async throws {
        try await database.admit(cluster("south"), with: nil, at: Sample.now)
        let west = cluster("west", keys: [Self.key("b")])
        let error = await #expect(throws: StoreError.self) {
            try await self.database.admit(west, with: nil, at: Sample.now)
        }
        #expect(error?.contested == .clusterUID)
        try await database.changeCluster("south") { cluster in
            cluster.facets.membership = Facet(.left, by: "ada", at: Sample.now, because: "moving")
        }
        try await database.admit(west, with: nil, at: Sample.now)
    }

    @Test func everyChangeIsCountedAndNothingElse() async throws {
        try await database.admit(cluster("south"), with: nil, at: Sample.now)
        let before = try await database.clusterRevision()
        try await database.changeCluster("south") { $0.title = "south" }
        try await database.note(health: "ready", of: "south", since: Sample.now)
        #expect(try await database.clusters().first?.health == "ready")
        #expect(try await database.clusterRevision() == before)
        try await database.changeCluster("south") { $0.title = "The south" }
        #expect(try await database.clusterRevision() == before + 1)
        let error = await #expect(throws: StoreError.self) { try await self.database.changeCluster("west") { _ in } }
        #expect(error?.kind == .missing)
    }

    @Test func aTokenIsTakenOnceHoweverManyComeWithIt() async throws {
        try await database.insert(invite())
        let database = database
        let joined = await withTaskGroup(of: Bool.self) { group in
            for letter in "abcdef" {
                group.addTask {
                    let cluster = self.cluster("c-\(letter)", keys: [Self.key(letter)])
                    return (try? await database.admit(cluster, with: "k7m2qd", at: Sample.now)) != nil
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(joined == 1)
        #expect(try await database.clusters().count == 1)
        #expect(try await database.invites(at: Sample.now).isEmpty)
        #expect(try await database.invite(id: "k7m2qd")?.uses == 0)
    }

    @Test func aTokenThatHasEndedLetsNobodyIn() async throws {
        try await database.insert(invite())
        let error = await #expect(throws: StoreError.self) {
            try await self.database.admit(self.cluster("south"), with: "k7m2qd", at: Sample.now + 86401)
        }
        #expect(error?.contested == .invite)
        #expect(try await database.clusters().isEmpty)
        #expect(try await database.removeExpiredJoins(at: Sample.now + 86401) == 1)
        #expect(try await database.invite(id: "k7m2qd") == nil)
    }

    @Test func aProxysKeyThatNobodyShowsAnyMoreIsForgotten() async throws {
        try await database.note(pins: ["sha256:old", "sha256:shown"], at: Sample.now)
        try await database.note(pins: ["sha256:shown"], at: Sample.now + 1)
        #expect(try await database.removeExpiredJoins(at: Sample.now + Database.pinMemory + 1) == 1)
        #expect(try await database.pins(since: .distantPast) == ["sha256:shown"])
    }

    @Test func whoeverAsksAgainKeepsTheFirstMoment() async throws {
        _ = try await database.keep(join("a", code: 1), most: 9)
        let again = try await database.keep(join("a", code: 2, at: 60), most: 9)
        #expect(again.firstAt == Sample.now && again.lastAt == Sample.now + 60)
        #expect(try await database.join(codeHash: Sample.hash(1), at: Sample.now) == nil)
        #expect(try await database.join(codeHash: Sample.hash(2), at: Sample.now) == again)
        #expect(try await database.joins(at: Sample.now + 4000).isEmpty)
    }

    @Test func aKeyThatWasDeniedStaysDenied() async throws {
        _ = try await database.keep(join("a", code: 1), most: 9)
        let id = String(repeating: "a", count: 64)
        #expect(try await database.deny(join: id, because: "not ours", until: Sample.now + 9000))
        #expect(try await !database.deny(join: id, because: "again", until: Sample.now + 9000))
        let again = try await database.keep(join("a", code: 2, at: 60), most: 9)
        #expect(again.state == .denied && again.reason == "not ours" && again.codeHash == nil)
        #expect(try await database.forgetJoin(id))
        #expect(try await database.keep(join("a", code: 2, at: 61), most: 9).state == .waiting)
    }

    @Test func ofTooManyFromOneAddressTheOldestAreForgotten() async throws {
        _ = try await database.keep(join("f", from: "192.0.2.8"), most: 2)
        for (second, letter) in "abcd".enumerated() {
            _ = try await database.keep(join(letter, at: Double(second + 1)), most: 2)
        }
        #expect(try await database.joins(at: Sample.now).map { String($0.key.prefix(1)) } == ["f", "c", "d"])
    }

    @Test func whoIsAdmittedDoesNotAskAnyMore() async throws {
        _ = try await database.keep(join("a"), most: 9)
        try await database.admit(cluster("south"), with: nil, at: Sample.now)
        #expect(try await database.joins(at: Sample.now).isEmpty)
    }
}
