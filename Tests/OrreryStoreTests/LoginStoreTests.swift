import Foundation
import OrreryModel
import Testing

@testable import OrreryStore

@Suite struct LoginStoreTests {
    let test: TestDatabase
    let database: Database

    init() throws {
        test = try TestDatabase()
        database = try test.open()
    }

    private func login(_ seed: UInt8, person: Int64, lasting seconds: Double = 60) -> LoginRecord {
        LoginRecord(
            hash: Sample.hash(seed), person: person, sid: "sid \(seed)",
            raised: seed == 1 ? [.init(group: Group(name: "operators", gid: 7), until: Sample.now + 5)] : [],
            createdAt: Sample.now,
            expiresAt: Sample.now + seconds, lastSeen: Sample.now)
    }

    private func transaction(_ seed: UInt8, lasting seconds: Double = 60) -> TransactionRecord {
        TransactionRecord(
            stateHash: Sample.hash(seed), issuer: "lab", browser: Sample.hash(0), nonce: "nonce", verifier: "verifier",
            next: "/hub/home?a=b",
            linkTo: seed == 1 ? nil : 7, createdAt: Sample.now, expiresAt: Sample.now + seconds)
    }

    @Test func loginEndsAtItsExpiry() async throws {
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        let login = login(1, person: ada.id)
        try await database.insert(login)
        #expect(try await database.login(hash: login.hash, at: Sample.now + 59) == login)
        #expect(try await database.login(hash: login.hash, at: Sample.now + 60) == nil)
        #expect(try await database.login(hash: Sample.hash(2), at: Sample.now) == nil)
        #expect(try await database.logins(person: ada.id, at: Sample.now) == [login])
        #expect(try await database.removeExpiredLogins(at: Sample.now + 59) == 0)
        #expect(try await database.removeExpiredLogins(at: Sample.now + 60) == 1)
    }

    @Test func whatHangsOnALoginGoesWithIt() async throws {
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        try await database.insert(login(1, person: ada.id))
        try await database.insert(login(2, person: ada.id, lasting: 120))
        for seed in 1...2 as ClosedRange<UInt8> {
            try await database.insert(Sample.token(seed, person: ada.id, sid: "sid \(seed)"))
            try await database.insert(
                CodeRecord(
                    hash: Sample.hash(seed), client: "c", person: ada.id, sid: "sid \(seed)", redirectURI: "/",
                    challenge: "c", scopes: [], expiresAt: Sample.now + 300))
        }
        try await database.insert(Sample.token(3, person: ada.id))
        #expect(try await database.removeExpiredLogins(at: Sample.now + 60) == 3)
        let left = try await database.tokens(person: ada.id, at: Sample.now).map(\.hash)
        #expect(Set(left) == [Sample.hash(2), Sample.hash(3)])
        #expect(try await database.takeCode(hash: Sample.hash(1), at: Sample.now) == nil)
        #expect(try await database.takeCode(hash: Sample.hash(2), at: Sample.now) != nil)
    }

    @Test func onlyOneOfTwoLogoutsGetsTheLogin() async throws {
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        try await database.insert(login(1, person: ada.id))
        try await database.insert(login(2, person: ada.id))
        #expect(try await database.removeLogin(hash: Sample.hash(1))?.sid == "sid 1")
        #expect(try await database.removeLogin(hash: Sample.hash(1)) == nil)
        #expect(try await database.removeLogins(person: ada.id).map(\.sid) == ["sid 2"])
    }

    @Test func lastSeenNeverGoesBack() async throws {
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        try await database.insert(login(1, person: ada.id))
        let seen = Sample.now + 10
        try await database.touchLogins([(Sample.hash(1), seen), (Sample.hash(9), seen), (Sample.hash(1), Sample.now)])
        #expect(try await database.login(hash: Sample.hash(1), at: Sample.now)?.lastSeen == seen)
    }

    @Test func oneOfManyCallbacksTakesTheTransaction() async throws {
        let database = database
        for round in 1...10 as ClosedRange<UInt8> {
            let transaction = transaction(round)
            try await database.insert(transaction)
            let taken = try await withThrowingTaskGroup(of: TransactionRecord?.self) { group in
                for _ in 1...8 {
                    group.addTask {
                        try await database.takeTransaction(stateHash: transaction.stateHash, at: Sample.now)
                    }
                }
                return try await group.reduce(into: []) { taken, record in taken += record.map { [$0] } ?? [] }
            }
            #expect(taken == [transaction])
        }
    }

    @Test func expiredTransactionIsTakenByNobodyAndGone() async throws {
        try await database.insert(transaction(1, lasting: 60))
        #expect(try await database.takeTransaction(stateHash: Sample.hash(1), at: Sample.now + 60) == nil)
        #expect(try await database.takeTransaction(stateHash: Sample.hash(1), at: Sample.now) == nil)
        try await database.insert(transaction(2, lasting: 60))
        #expect(try await database.removeExpiredLogins(at: Sample.now + 61) == 1)
    }

    @Test func hashOfAnotherLengthIsRefused() async throws {
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        let record = LoginRecord(
            hash: Array("a cookie in the clear".utf8), person: ada.id, sid: "sid", createdAt: Sample.now,
            expiresAt: Sample.now + 60, lastSeen: Sample.now)
        let error = await #expect(throws: StoreError.self) { try await database.insert(record) }
        #expect(error?.kind == .conflict)
        #expect(error?.description.contains("cookie") == false)
    }

    @Test func anIssuerFindsTheLoginsItVouchedFor() async throws {
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        for (seed, session) in [(1, "a"), (2, "b"), (3, nil)] as [(UInt8, String?)] {
            try await database.insert(
                LoginRecord(
                    hash: Sample.hash(seed), person: ada.id, sid: "sid \(seed)",
                    origin: .init(issuer: "lab", subject: "s", session: session), createdAt: Sample.now,
                    expiresAt: Sample.now + 60, lastSeen: Sample.now), hint: [seed])
        }
        try await database.insert(login(4, person: ada.id))
        for (issuer, subject, session, expected) in [
            ("lab", "s", nil, ["sid 1", "sid 2", "sid 3"]), ("lab", nil, "b", ["sid 2"]), ("lab", "s", "b", ["sid 2"]),
            ("lab", "t", "b", []), ("other", "s", nil, []), ("lab", nil, nil, []),
        ] as [(String, String?, String?, [String])] {
            let found = try await database.logins(issuer: issuer, subject: subject, session: session, at: Sample.now)
            #expect(found.map(\.sid).sorted() == expected)
        }
        let found = try #require(
            try await database.logins(issuer: "lab", subject: nil, session: "b", at: Sample.now).first)
        #expect(found.origin == .init(issuer: "lab", subject: "s", session: "b"))
        #expect(try await database.hint(of: found) == [2])
        #expect(try await database.hint(of: login(4, person: ada.id)) == nil)
    }

    @Test func aRaisedGroupCanBeTakenFromALogin() async throws {
        let ada = try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now)
        let login = login(1, person: ada.id)
        try await database.insert(login)
        try await database.keepRaised(["operators"], of: login)
        #expect(try await database.login(hash: login.hash, at: Sample.now) == login)
        try await database.keepRaised(["others"], of: login)
        #expect(try await database.login(hash: login.hash, at: Sample.now)?.raised == [])
    }

    @Test func ofTooManyLoginsUnderWayTheOldestAreForgotten() async throws {
        for seed in 1...5 as ClosedRange<UInt8> {
            let transaction = TransactionRecord(
                stateHash: Sample.hash(seed), issuer: "lab", browser: Sample.hash(seed), nonce: "n", verifier: "v",
                next: "/", createdAt: Sample.now + Double(seed), expiresAt: Sample.now + 600 + Double(seed))
            try await database.insert(transaction, most: 3)
        }
        var known: [UInt8] = []
        for seed in 1...5 as ClosedRange<UInt8> {
            let taken = try await database.takeTransaction(stateHash: Sample.hash(seed), at: Sample.now)
            if taken != nil { known.append(seed) }
        }
        #expect(known == [3, 4, 5])
    }

    @Test("F1: twenty logins of one browser are under way at most") func theOldestOfABrowserIsForgotten() async throws {
        let transaction = { (seed: UInt8, browser: UInt8) in
            TransactionRecord(
                stateHash: Sample.hash(seed), issuer: "lab", browser: Sample.hash(browser), nonce: "n", verifier: "v",
                next: "/", createdAt: Sample.now + Double(seed), expiresAt: Sample.now + 600)
        }
        try await database.insert(transaction(100, 2))
        for seed in 1...21 as ClosedRange<UInt8> { try await database.insert(transaction(seed, 1)) }
        #expect(try await database.takeTransaction(stateHash: Sample.hash(1), at: Sample.now) == nil)
        for seed in 2...21 as ClosedRange<UInt8> {
            #expect(try await database.takeTransaction(stateHash: Sample.hash(seed), at: Sample.now) != nil)
        }
        #expect(try await database.takeTransaction(stateHash: Sample.hash(100), at: Sample.now) != nil)
    }
}
