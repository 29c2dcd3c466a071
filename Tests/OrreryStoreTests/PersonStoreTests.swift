import Foundation
import OrreryModel
import Testing

@testable import OrreryStore

@Suite struct PersonStoreTests {
    let test: TestDatabase
    let database: Database

    init() throws {
        test = try TestDatabase()
        database = try test.open()
    }

    @Test func personIsFoundByEverythingThatNamesThem() async throws {
        let groups: Set = [Group(name: "developers"), Group(name: "project:photoz", gid: 5001)]
        let person = Sample.person("ada", uid: 20001, groups: groups)
        let ada = try await database.register(person, isAdmin: true, at: Sample.now)
        #expect(ada.person == person)
        #expect(ada.isAdmin && !ada.isSuspended)
        #expect(ada.createdAt == Sample.now && ada.lastLogin == Sample.now)
        #expect(try await database.person(id: ada.id) == ada)
        #expect(try await database.person(identity: person.identity) == ada)
        #expect(try await database.person(named: "ada") == ada)
        #expect(try await database.person(named: "Ada") == nil)
        #expect(
            try await database.person(identity: Identity(issuer: "https://other.test", subject: "subject of ada"))
                == nil)
    }

    @Test func takenNameUIDOrIdentityIsRefusedAndRecordsNothing() async throws {
        _ = try await database.register(Sample.person("ada", uid: 20001), isAdmin: false, at: Sample.now)
        let cases: [(Person, StoreError.Contested)] = [
            (Sample.person("ada", issuer: "https://other.test"), .name),
            (Sample.person("eve", uid: 20001), .uid),
            (Sample.person("ada-2", subject: "subject of ada"), .identity),
        ]
        for (person, contested) in cases {
            let error = await #expect(throws: StoreError.self) {
                try await database.register(person, isAdmin: false, at: Sample.now)
            }
            #expect(error?.kind == .conflict && error?.contested == contested)
        }
        #expect(try await database.allPersons().map(\.person.name) == ["ada"])
        #expect(try await !database.isNameGiven("eve"))
    }

    @Test func nextLoginBringsNewGroupsAndKeepsNameAndUID() async throws {
        let first = Sample.person("ada", uid: 20001, groups: [Group(name: "science")])
        let ada = try await database.register(first, isAdmin: false, at: Sample.now)
        let again = Sample.person("another", subject: "subject of ada", groups: [Group(name: "developers")])
        let later = Sample.now + 3600
        let record = try await database.refresh(again, isAdmin: true, at: later)
        #expect(record.id == ada.id)
        #expect(record.person.name == "ada" && record.person.uid == 20001)
        #expect(record.person.groups == [Group(name: "developers")])
        #expect(record.isAdmin && record.createdAt == Sample.now && record.lastLogin == later)
    }

    @Test func numbersAreGivenOnce() async throws {
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        #expect(ada.person.uid == nil)
        for uid in [20001, 20002] as [UInt32] {
            let record = try await database.refresh(Sample.person("ada", uid: uid), isAdmin: false, at: Sample.now)
            #expect(record.person.uid == 20001 && record.person.gid == 20001)
        }
        // What was not taken is free for others.
        let eve = try await database.register(Sample.person("eve", uid: 20002), isAdmin: false, at: Sample.now)
        #expect(eve.person.uid == 20002)
    }

    @Test func loginOfAStrangerIsMissing() async throws {
        let error = await #expect(throws: StoreError.self) {
            try await database.refresh(Sample.person("ada"), isAdmin: false, at: Sample.now)
        }
        #expect(error?.kind == .missing)
    }

    @Test func nothingThatWasGivenIsGivenAgain() async throws {
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        _ = try await database.giveUID(to: ada.id, from: 200_000...200_001)
        try await database.remove(person: ada.id)
        #expect(try await database.allPersons().isEmpty)
        #expect(try await database.isNameGiven("ada"))
        let error = await #expect(throws: StoreError.self) {
            try await database.register(Sample.person("ada", subject: "somebody else"), isAdmin: false, at: Sample.now)
        }
        #expect(error?.contested == .name)
        let bob = try await database.register(Sample.person("bob"), isAdmin: false, at: Sample.now)
        #expect(bob.id > ada.id)
        #expect(try await database.giveUID(to: bob.id, from: 200_000...200_001).person.uid == 200_001)
    }

    @Test func uidIsGivenOnceAndARangeEnds() async throws {
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        let bob = try await database.register(Sample.person("bob"), isAdmin: false, at: Sample.now)
        #expect(try await database.giveUID(to: ada.id, from: 5...5).person.uid == 5)
        #expect(try await database.giveUID(to: ada.id, from: 9...9).person.uid == 5)
        let error = await #expect(throws: StoreError.self) { try await database.giveUID(to: bob.id, from: 5...5) }
        #expect(error?.kind == .unavailable)
        #expect(error?.message == "all uids from 5 to 5 have been given")
    }

    @Test func aUidAtTheTopOfARangeDoesNotEndIt() async throws {
        _ = try await database.register(Sample.person("ada", uid: 9), isAdmin: false, at: Sample.now)
        _ = try await database.register(Sample.person("eve", uid: 6), isAdmin: false, at: Sample.now)
        var given: [UInt32?] = []
        for name in ["bob", "cleo", "dan"] {
            let person = try await database.register(Sample.person(name), isAdmin: false, at: Sample.now)
            given.append(try? await database.giveUID(to: person.id, from: 5...9).person.uid)
        }
        #expect(given == [5, 7, 8])
        let late = try await database.register(Sample.person("late"), isAdmin: false, at: Sample.now)
        let error = await #expect(throws: StoreError.self) { try await database.giveUID(to: late.id, from: 5...9) }
        #expect(error?.kind == .unavailable)
    }

    @Test func personWithALiveSessionIsNotRemoved() async throws {
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        let session = Sample.session(of: ada)
        try await database.create(session)
        let error = await #expect(throws: StoreError.self) { try await database.remove(person: ada.id) }
        #expect(error?.contested == .liveSession)
        _ = try await database.update(session.id) { $0.end(.finished, "done", at: Sample.now) }
        try await database.remove(person: ada.id)
        #expect(try await database.session(id: session.id) == nil)
    }

    @Test func suspensionIsKeptAcrossLogins() async throws {
        let person = Sample.person("ada")
        let ada = try await database.register(person, isAdmin: false, at: Sample.now)
        #expect(try await database.setSuspended(true, person: ada.id).isSuspended)
        #expect(try await database.refresh(person, isAdmin: false, at: Sample.now).isSuspended)
        #expect(try await !database.setSuspended(false, person: ada.id).isSuspended)
    }

    @Test func anIssuerThatIsAskedAgainChangesGroupsAndRightsOnly() async throws {
        let ada = try await database.register(
            Sample.person("ada", uid: 7, groups: [Group(name: "a")]), isAdmin: true, at: Sample.now)
        let now = try await database.regroup(person: ada.id, [Group(name: "b", gid: 5)], isAdmin: false)
        #expect(now.person == Sample.person("ada", uid: 7, groups: [Group(name: "b", gid: 5)]))
        #expect(!now.isAdmin && now.lastLogin == Sample.now)
        let error = await #expect(throws: StoreError.self) {
            try await database.regroup(person: 99, [], isAdmin: false)
        }
        #expect(error?.kind == .missing)
    }
}
