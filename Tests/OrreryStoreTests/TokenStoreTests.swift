import Foundation
import OrreryModel
import Testing

@testable import OrreryStore

@Suite struct TokenStoreTests {
    let test: TestDatabase
    let database: Database

    init() throws {
        test = try TestDatabase()
        database = try test.open()
    }

    private func ada() async throws -> PersonRecord {
        try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
    }

    private func code(_ seed: UInt8, person: Int64, sid: String = "sid") -> CodeRecord {
        CodeRecord(
            hash: Sample.hash(seed), client: "jupyterhub-user-ada", person: person, sid: sid,
            redirectURI: "/user/ada/oauth_callback", challenge: "challenge", scopes: ["access:servers!server=ada/"],
            expiresAt: Sample.now + 60)
    }

    @Test func tokenIsFoundByItsHashUntilItExpires() async throws {
        let person = try await ada().id
        let limited = Sample.token(1, person: person, sid: "sid", expires: Sample.now + 60)
        let lasting = Sample.token(2, person: person)
        try await database.insert(limited)
        try await database.insert(lasting)
        #expect(try await database.token(hash: Sample.hash(1), at: Sample.now + 59) == limited)
        #expect(try await database.token(hash: Sample.hash(1), at: Sample.now + 60) == nil)
        let holder = try #require(try await database.holder(hash: Sample.hash(1), at: Sample.now + 59))
        #expect(holder.token == limited && holder.person.id == person)
        #expect(try await database.holder(hash: Sample.hash(1), at: Sample.now + 60) == nil)
        #expect(try await database.token(hash: Sample.hash(2), at: .distantFuture) == lasting)
        #expect(try await database.tokens(person: person, at: Sample.now + 60) == [lasting])
        #expect(try await database.removeExpiredTokens(at: Sample.now + 60) == 1)
    }

    @Test func ofManyMakersAtOnceNoneGoesBeyondTheMost() async throws {
        let (database, person) = (database, try await ada().id)
        try await database.insert(Sample.token(100, person: person, expires: Sample.now - 1))
        let made = await withTaskGroup(of: Bool.self) { group in
            for seed in 1...16 as ClosedRange<UInt8> {
                group.addTask { (try? await database.insert(Sample.token(seed, person: person), most: 5)) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(made == 5)
        let error = await #expect(throws: StoreError.self) {
            try await database.insert(Sample.token(50, person: person), most: 5)
        }
        #expect(error?.contested == .tokens)
    }

    @Test func whatWasMadeWithATokenGoesWithIt() async throws {
        let person = try await ada().id
        let parent = Sample.token(1, person: person)
        let child = Sample.token(2, person: person, parent: parent.id)
        for token in [parent, child] { try await database.insert(token) }
        #expect(try await database.token(hash: child.hash, at: Sample.now) == child)
        #expect(try await database.removeToken(id: parent.id))
        #expect(try await database.token(hash: child.hash, at: Sample.now) == nil)
        let error = await #expect(throws: StoreError.self) { try await database.insert(child) }
        #expect(error?.kind == .conflict)
    }

    @Test(arguments: [("created_at", Int64.min), ("expires_at", .max), ("last_used", -62_135_596_800_001)])
    func anInstantThatNoCalendarHasIsADamagedRecord(_ column: String, _ value: Int64) async throws {
        let token = Sample.token(1, person: try await ada().id)
        try await database.insert(token)
        try database.close()
        let damage = Migration(
            number: Migration.all.count + 1, name: "damage", sql: "UPDATE token SET \(column) = \(value);")
        let damaged = try Database(path: test.path, migrations: Migration.all + [damage])
        let error = await #expect(throws: StoreError.self) {
            try await damaged.token(hash: token.hash, at: Sample.now)
        }
        #expect(error?.kind == .corrupt && error?.message.contains(column) == true)
    }

    @Test func sameHashTwiceIsRefused() async throws {
        let person = try await ada().id
        try await database.insert(Sample.token(1, person: person))
        let error = await #expect(throws: StoreError.self) {
            try await database.insert(Sample.token(1, person: person))
        }
        #expect(error?.kind == .conflict)
    }

    @Test func tokensGoWithWhatTheyWereMadeFor() async throws {
        let ada = try await ada()
        let session = Sample.session(of: ada)
        try await database.create(session)
        try await database.insert(Sample.token(1, person: ada.id, session: session.id))
        try await database.insert(Sample.token(2, person: ada.id, sid: "tab"))
        try await database.insert(code(3, person: ada.id, sid: "tab"))
        try await database.insert(Sample.token(4, person: ada.id, sid: "other"))
        try await database.insert(Sample.token(5, person: ada.id))
        #expect(try await database.tokens(person: ada.id, at: Sample.now).count == 4)
        #expect(try await database.removeExpiredTokens(at: Sample.now) == 0)
        _ = try await database.update(session.id) { $0.end(.crashed, "", at: Sample.now) }
        #expect(try await database.tokens(person: ada.id, at: Sample.now).count == 3)
        #expect(try await database.removeExpiredTokens(at: Sample.now) == 1)
        #expect(try await database.token(hash: Sample.hash(1), at: Sample.now) == nil)
        #expect(try await database.removeTokens(sid: "tab") == 2)
        #expect(try await database.takeCode(hash: Sample.hash(3), at: Sample.now) == nil)
        let left = try await database.tokens(person: ada.id, at: Sample.now)
        #expect(Set(left.map(\.hash)) == [Sample.hash(4), Sample.hash(5)])
        #expect(try await database.removeToken(id: left[0].id))
        #expect(try await !database.removeToken(id: left[0].id))
        #expect(try await database.removeTokens(person: ada.id) == 1)
    }

    @Test func lastUseNeverGoesBack() async throws {
        let token = Sample.token(1, person: try await ada().id)
        try await database.insert(token)
        let used = Sample.now + 10
        try await database.touchTokens([(token.id, used), ("unknown", used), (token.id, Sample.now)])
        #expect(try await database.token(hash: token.hash, at: Sample.now)?.lastUsed == used)
    }

    @Test func oneOfManyExchangesTakesTheCode() async throws {
        let person = try await ada().id
        let database = database
        for round in 1...10 as ClosedRange<UInt8> {
            let code = code(round, person: person)
            try await database.insert(code)
            let taken = try await withThrowingTaskGroup(of: CodeRecord?.self) { group in
                for _ in 1...8 { group.addTask { try await database.takeCode(hash: code.hash, at: Sample.now) } }
                return try await group.reduce(into: []) { taken, record in taken += record.map { [$0] } ?? [] }
            }
            #expect(taken == [code])
        }
    }

    @Test func whoShowsACodeAgainEndsItsToken() async throws {
        let person = try await ada().id
        try await database.insert(code(1, person: person))
        _ = try await database.takeCode(hash: Sample.hash(1), at: Sample.now)
        let token = Sample.token(2, person: person, code: Sample.hash(1))
        try await database.insert(token)
        #expect(try await database.takeCode(hash: Sample.hash(9), at: Sample.now) == nil)
        #expect(try await database.token(hash: token.hash, at: Sample.now) == token)
        #expect(try await database.takeCode(hash: Sample.hash(1), at: Sample.now) == nil)
        #expect(try await database.token(hash: token.hash, at: Sample.now) == nil)
    }

    @Test func whoShowsACodeAgainMeanwhileKeepsItsTokenFromBeingMade() async throws {
        let person = try await ada().id
        try await database.insert(code(1, person: person))
        for _ in 1...2 { _ = try await database.takeCode(hash: Sample.hash(1), at: Sample.now) }
        let error = await #expect(throws: StoreError.self) {
            try await database.insert(Sample.token(2, person: person, code: Sample.hash(1)))
        }
        #expect(error?.contested == .code)
    }

    @Test func expiredCodeIsTakenByNobodyAndGone() async throws {
        let person = try await ada().id
        try await database.insert(code(1, person: person))
        #expect(try await database.takeCode(hash: Sample.hash(1), at: Sample.now + 60) == nil)
        #expect(try await database.takeCode(hash: Sample.hash(1), at: Sample.now) == nil)
    }
}
