import Foundation
import OrreryModel
import Testing

@testable import OrreryStore

@Suite struct IdentityStoreTests {
    let test: TestDatabase
    let database: Database
    let second = Identity(issuer: "https://other.test", subject: "ada there")

    init() throws {
        test = try TestDatabase()
        database = try test.open()
    }

    func register(_ name: String) async throws -> PersonRecord {
        try await database.register(Sample.person(name), isAdmin: false, at: Sample.now)
    }

    @Test func aLinkedIdentityOpensTheSameAccount() async throws {
        let ada = try await register("ada")
        try await database.link(second, to: ada.id, at: Sample.now + 1)
        try await database.link(second, to: ada.id, at: Sample.now + 2)
        #expect(try await database.person(identity: second) == ada)
        #expect(try await database.identities(person: ada.id) == [ada.person.identity, second])
        let groups: Set = [Group(name: "science")]
        let there = Person(identity: second, name: "x", uid: 7, gid: 7, groups: groups)
        let again = try await database.refresh(there, isAdmin: false, at: Sample.now)
        #expect(again.id == ada.id && again.person.name == "ada" && again.person.groups == groups)
    }

    @Test func somebodyElsesIdentityIsNotLinked() async throws {
        let (ada, eve) = (try await register("ada"), try await register("eve"))
        try await database.link(second, to: ada.id, at: Sample.now)
        for identity in [second, ada.person.identity] {
            let error = await #expect(throws: StoreError.self) {
                try await database.link(identity, to: eve.id, at: Sample.now)
            }
            #expect(error?.contested == .identity)
        }
        #expect(try await database.identities(person: eve.id) == [eve.person.identity])
        let stranger = await #expect(throws: StoreError.self) {
            try await database.link(Identity(issuer: "i", subject: "s"), to: 99, at: Sample.now)
        }
        #expect(stranger?.kind == .missing)
    }

    @Test func aLinkedIdentityIsNotRegisteredAsSomebodyElse() async throws {
        let ada = try await register("ada")
        try await database.link(second, to: ada.id, at: Sample.now)
        let other = Person(identity: second, name: "emmy", uid: nil, gid: nil, groups: [])
        let error = await #expect(throws: StoreError.self) {
            try await database.register(other, isAdmin: false, at: Sample.now)
        }
        #expect(error?.contested == .identity)
        #expect(try await !database.isNameGiven("emmy"))
    }

    @Test func anIdentityIsUnlinkedButTheFirstStays() async throws {
        let (ada, eve) = (try await register("ada"), try await register("eve"))
        try await database.link(second, to: ada.id, at: Sample.now)
        let first = await #expect(throws: StoreError.self) {
            try await database.unlink(ada.person.identity, from: ada.id)
        }
        #expect(first?.kind == .conflict)
        let theirs = await #expect(throws: StoreError.self) { try await database.unlink(second, from: eve.id) }
        #expect(theirs?.kind == .missing)
        try await database.unlink(second, from: ada.id)
        #expect(try await database.person(identity: second) == nil)
        #expect(try await !database.isRemoved(second))
    }

    @Test func nobodyWhoWasRemovedComesBackAsANewPerson() async throws {
        let ada = try await register("ada")
        try await database.link(second, to: ada.id, at: Sample.now)
        #expect(try await !database.isRemoved(second))
        try await database.remove(person: ada.id)
        for identity in [second, ada.person.identity] {
            #expect(try await database.isRemoved(identity))
            #expect(try await database.person(identity: identity) == nil)
            let error = await #expect(throws: StoreError.self) {
                try await database.register(
                    Person(identity: identity, name: "emmy", uid: nil, gid: nil, groups: []), isAdmin: false,
                    at: Sample.now)
            }
            #expect(error?.contested == .identity)
        }
    }
}
