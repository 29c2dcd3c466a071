import Foundation
import OrreryFetch
import OrreryIdentity
import OrreryModel
import OrreryStore
import ServiceLifecycle
import Synchronization
import Testing

@testable import OrreryHub

struct CredentialsTests {
    /// A person whose issuer gave tokens at the login just now.
    static func ada(_ hub: TestHub, raised: [Membership.Raised] = []) async throws -> PersonRecord {
        hub.issuers.knows(
            "ada", as: .init(suggestedName: "ada", groups: LoginTests.atlas, raised: raised, hasTokens: true))
        var browser = TestBrowser(hub)
        try await browser.logIn(as: "ada")
        return try #require(try await hub.database.person(named: "ada"))
    }

    private static func grace(_ hub: TestHub) async throws -> PersonRecord {
        hub.issuers.knows(
            "grace", as: .init(suggestedName: "grace", groups: LoginTests.atlas, uid: 20002, hasTokens: true))
        var browser = TestBrowser(hub)
        try await browser.logIn(as: "grace")
        return try #require(try await hub.database.person(named: "grace"))
    }

    private func access(
        _ hub: TestHub, _ person: PersonRecord, scopes: [String]? = nil, lasting: Duration = .seconds(600)
    ) async throws -> IssuedToken {
        try await hub.services.credentials.access(to: "test", for: person.id, scopes: scopes, lasting: lasting)
    }

    @Test func aTokenIsGivenAsItIsWhileItLasts() async throws {
        try await TestHub.run { hub in
            let ada = try await Self.ada(hub)
            let token = try await access(hub, ada)
            #expect(token.token == Secret("access-0") && token.end == hub.clock.now + 3600)
            #expect(token.scopes == ["openid", "storage"])
            hub.clock.turn(by: .seconds(3001))
            #expect(try await access(hub, ada).token == Secret("access-1"))
            #expect(hub.issuers.tokens.withLock { $0.refreshes } == [Secret("refresh-0")])
        }
    }

    // The issuer's refresh tokens work once: a second refresh would end the login there.
    @Test func fiftyWhoWantATokenAtOnceCauseOneRefresh() async throws {
        try await TestHub.run { hub in
            let ada = try await Self.ada(hub)
            hub.clock.turn(by: .seconds(3601))
            let tokens = try await withThrowingTaskGroup(of: IssuedToken.self) { group in
                for place in 0..<50 {
                    // Different wishes too: they wait for each other, and the first refresh is enough.
                    group.addTask { try await access(hub, ada, lasting: .seconds(600 + place % 2)) }
                }
                return try await group.reduce(into: Set()) { $0.insert($1.token) }
            }
            #expect(tokens == [Secret("access-1")])
            #expect(hub.issuers.tokens.withLock { $0.refreshes.count } == 1)
        }
    }

    @Test func peopleDoNotWaitForEachOther() async throws {
        try await TestHub.run { hub in
            let ada = try await Self.ada(hub)
            let (waiting, release) = AsyncStream.makeStream(of: Void.self)
            let (begun, tell) = AsyncStream.makeStream(of: Void.self)
            hub.issuers.tokens.withLock {
                $0.meanwhile = {
                    tell.yield()
                    for await _ in waiting { return }
                }
            }
            hub.clock.turn(by: .seconds(3601))
            let first = Task { try await access(hub, ada) }
            for await _ in begun { break }
            _ = try await access(hub, try await Self.grace(hub))
            release.yield()
            _ = await first.result
        }
    }

    @Test func theNewRefreshTokenIsStoredBeforeAnybodyGetsTheAccessToken() async throws {
        try await TestHub.run { hub in
            let ada = try await Self.ada(hub)
            hub.clock.turn(by: .seconds(3601))
            _ = try await access(hub, ada)
            let record = try #require(try await hub.database.credential(person: ada.id, issuer: "test"))
            let open = try #require(try hub.services.flow.vault.open(record))
            #expect(open.tokens.refresh == "refresh-1" && open.tokens.access == "access-1")
            // And a hub that starts anew goes on with it.
            let other = Credentials(
                vault: hub.services.flow.vault, issuers: hub.issuers, now: { hub.clock.now }, logger: TestHub.quiet)
            hub.clock.turn(by: .seconds(3601))
            #expect(try await other.access(to: "test", for: ada.id, lasting: .seconds(60)).token == Secret("access-2"))
        }
    }

    // The issuer has ended the old one with its answer: without the new one the login there is lost.
    @Test func aHubThatStopsWaitsForWhatIsUnderWayAndBeginsNothing() async throws {
        try await TestHub.run { hub in
            let (ada, grace) = (try await Self.ada(hub), try await Self.grace(hub))
            let credentials = hub.services.credentials
            let (waiting, release) = AsyncStream.makeStream(of: Void.self)
            let (begun, tell) = AsyncStream.makeStream(of: Void.self)
            hub.issuers.tokens.withLock {
                $0.meanwhile = {
                    tell.yield()
                    for await _ in waiting { return }
                }
            }
            hub.clock.turn(by: .seconds(3601))
            let asking = Task { try await access(hub, ada) }
            for await _ in begun { break }
            let group = ServiceGroup(configuration: .init(services: [credentials], logger: TestHub.quiet))
            let stopping = Task {
                try await group.run()
                return try await hub.database.credential(person: ada.id, issuer: "test")
            }
            await group.triggerGracefulShutdown()
            while await !credentials.isStopping { await Task.yield() }
            let error = await #expect(throws: HubError.self) { try await access(hub, grace) }
            #expect(error?.kind == .unavailable)
            release.yield()
            let record = try #require(try await stopping.value)
            #expect(try hub.services.flow.vault.open(record)?.tokens.refresh == "refresh-1")
            #expect(try await asking.value.token == Secret("access-1"))
            #expect(hub.issuers.tokens.withLock { $0.refreshes.count } == 1)
        }
    }

    @Test func whoeverAsksForTokensIsStoppedBefore() async throws {
        try await TestHub.run { hub in
            // They are stopped in the opposite order.
            let kinds = hub.services.services.map { "\(type(of: $0))" }
            let place = try #require(kinds.firstIndex(of: "Credentials"))
            for kind in ["Spawner", "TokenRenewal", "Recheck"] {
                #expect(try #require(kinds.firstIndex(of: kind)) > place)
            }
        }
    }

    @Test func whatCouldNotBeStoredIsStoredBeforeTheNextIsGiven() async throws {
        try await TestHub.run { hub in
            let ada = try await Self.ada(hub)
            let store = FailingStore(hub.database)
            let credentials = Credentials(
                vault: CredentialVault(store: store, keys: hub.services.keys), issuers: hub.issuers,
                now: { hub.clock.now }, logger: TestHub.quiet)
            hub.clock.turn(by: .seconds(3601))
            store.isFull.withLock { $0 = true }
            for _ in 0..<2 {
                let error = await #expect(throws: StoreError.self) {
                    try await credentials.access(to: "test", for: ada.id, lasting: .seconds(60))
                }
                #expect(error?.kind == .unavailable)
            }
            store.isFull.withLock { $0 = false }
            let token = try await credentials.access(to: "test", for: ada.id, lasting: .seconds(60))
            #expect(token.token == Secret("access-1"))
            #expect(hub.issuers.tokens.withLock { $0.refreshes.count } == 1)
        }
    }

    @Test func aNoOfTheIssuerEndsItAndIsLoggedOnce() async throws {
        try await TestHub.run { hub in
            let ada = try await Self.ada(hub)
            let lines = KeptLines()
            let credentials = Credentials(
                vault: hub.services.flow.vault, issuers: hub.issuers, now: { hub.clock.now }, logger: lines.logger)
            hub.clock.turn(by: .seconds(3601))
            hub.issuers.tokens.withLock { $0.error = TestIssuers.revoked("test") }
            for _ in 0..<3 {
                let error = await #expect(throws: HubError.self) {
                    try await credentials.access(to: "test", for: ada.id, lasting: .seconds(60))
                }
                #expect(error?.kind == .forbidden && error?.next?.contains("log in there again") == true)
            }
            #expect(hub.issuers.tokens.withLock { $0.refreshes.count } == 1)
            #expect(lines.count(of: "issuer ended a login's credential") == 1)
            let record = try #require(try await hub.database.credential(person: ada.id, issuer: "test"))
            #expect(record.sealed == nil && record.endedAt == hub.clock.now)
            #expect(!lines.all.contains { $0.contains("refresh-") })
            // A new login mends it.
            hub.issuers.tokens.withLock { $0.error = nil }
            _ = try await Self.ada(hub)
            _ = try await credentials.access(to: "test", for: ada.id, lasting: .seconds(60))
        }
    }

    @Test func anOutageKeepsItAndIsAskedAfterAWhile() async throws {
        try await TestHub.run { hub in
            let ada = try await Self.ada(hub)
            hub.issuers.tokens.withLock { $0.error = TestIssuers.away("test") }
            // Shorter than wanted, and good.
            hub.clock.turn(by: .seconds(3001))
            #expect(try await access(hub, ada).token == Secret("access-0"))
            #expect(try await access(hub, ada).token == Secret("access-0"))
            #expect(hub.issuers.tokens.withLock { $0.refreshes.count } == 1)
            hub.clock.turn(by: .seconds(600))
            for (wait, count) in [(0.0, 2), (19, 2), (2, 3), (39, 3), (2, 4)] {
                hub.clock.turn(by: .seconds(wait))
                let error = await #expect(throws: HubError.self) { try await access(hub, ada) }
                #expect(error?.kind == .unavailable)
                #expect(hub.issuers.tokens.withLock { $0.refreshes.count } == count)
            }
            hub.issuers.tokens.withLock { $0.error = nil }
            hub.clock.turn(by: .seconds(600))
            #expect(try await access(hub, ada).end == hub.clock.now + 3600)
        }
    }

    // The issuer has ended the old one with its answer: a second use of it would end the login there.
    @Test func theRefreshTokenOfAnAnswerThatCannotBeVerifiedNowIsKeptAndNothingElse() async throws {
        try await TestHub.run { hub in
            let ada = try await Self.ada(hub)
            hub.issuers.tokens.withLock { $0.doubt = TestIssuers.away("test") }
            hub.clock.turn(by: .seconds(3001))
            // The access token of before, while it is good.
            #expect(try await access(hub, ada).token == Secret("access-0"))
            hub.clock.turn(by: .seconds(600))
            let error = await #expect(throws: HubError.self) { try await access(hub, ada) }
            #expect(error?.kind == .unavailable)
            #expect(try await hub.database.credential(person: ada.id, issuer: "test")?.endedAt == nil)
            hub.issuers.tokens.withLock { $0.doubt = nil }
            hub.clock.turn(by: .seconds(20))
            #expect(try await access(hub, ada).token == Secret("access-3"))
            #expect(
                hub.issuers.tokens.withLock { $0.refreshes }
                    == [Secret("refresh-0"), Secret("refresh-1"), Secret("refresh-2")])
        }
    }

    @Test func fewerScopesCostARefreshOnceAndLeaveTheWholeTokenAsItIs() async throws {
        try await TestHub.run { hub in
            let ada = try await Self.ada(hub)
            let narrow = try await access(hub, ada, scopes: ["storage"])
            #expect(narrow.token == Secret("access-1") && narrow.scopes == ["storage"])
            #expect(try await access(hub, ada, scopes: ["storage"]).token == narrow.token)
            #expect(try await access(hub, ada).token == Secret("access-0"))
            hub.clock.turn(by: .seconds(3601))
            #expect(try await access(hub, ada, scopes: ["storage"]).token == Secret("access-2"))
            #expect(hub.issuers.tokens.withLock { $0.refreshes } == [Secret("refresh-0"), Secret("refresh-1")])
        }
    }

    @Test func whoeverLogsInMeanwhileKeepsTheNewTokens() async throws {
        try await TestHub.run { hub in
            let ada = try await Self.ada(hub)
            hub.clock.turn(by: .seconds(3601))
            hub.issuers.tokens.withLock {
                $0.meanwhile = {
                    hub.issuers.tokens.withLock { $0.meanwhile = nil }
                    _ = try await Self.ada(hub)
                    hub.issuers.tokens.withLock { $0.refresh = Secret("refresh-0") }
                }
            }
            let before = try #require(try await hub.database.credential(person: ada.id, issuer: "test"))
            let token = try await access(hub, ada)
            let after = try #require(try await hub.database.credential(person: ada.id, issuer: "test"))
            #expect(after.loginAt > before.loginAt && hub.issuers.tokens.withLock { $0.refreshes.count } == 1)
            #expect(try hub.services.flow.vault.open(after)?.tokens.access == token.token.reveal())
        }
    }

    // Otherwise every call would be a refresh.
    @Test func tokensThatLiveShorterThanWantedAreUsedForHalfTheirLife() async throws {
        try await TestHub.run { hub in
            let ada = try await Self.ada(hub)
            for (wait, count) in [(0, 0), (1799, 0), (2, 1), (1799, 1), (2, 2)] {
                hub.clock.turn(by: .seconds(wait))
                _ = try await access(hub, ada, lasting: .seconds(86400))
                #expect(hub.issuers.tokens.withLock { $0.refreshes.count } == count)
            }
        }
    }

    @Test("F15: a stored token opens for its person, issuer and subject alone") func rowsCannotBeSwapped() async throws
    {
        try await TestHub.run { hub in
            let ada = try await Self.ada(hub)
            let record = try #require(try await hub.database.credential(person: ada.id, issuer: "test"))
            for (person, issuer, subject) in [
                (ada.id + 1, "test", "ada"), (ada.id, "other", "ada"), (ada.id, "test", "eve"),
            ] {
                let moved = CredentialRecord(
                    person: person, issuer: issuer, subject: subject, sealed: record.sealed, loginAt: record.loginAt,
                    checkedAt: record.checkedAt)
                #expect(throws: (any Error).self) { try hub.services.flow.vault.open(moved) }
            }
            let sealed = try #require(record.sealed)
            for secret in ["access-0", "refresh-0", "identity"] {
                #expect(!String(decoding: sealed, as: UTF8.self).contains(secret))
            }
        }
    }

    @Test func whatNoKeyOpensIsForgottenAndTheNextLoginMendsIt() async throws {
        try await TestHub.run { hub in
            let ada = try await Self.ada(hub)
            let record = try #require(try await hub.database.credential(person: ada.id, issuer: "test"))
            try await hub.database.keep(
                CredentialRecord(
                    person: ada.id, issuer: "test", subject: "ada", sealed: Array((record.sealed ?? []).reversed()),
                    loginAt: record.loginAt, checkedAt: record.checkedAt))
            let error = await #expect(throws: HubError.self) { try await access(hub, ada) }
            #expect(error?.kind == .forbidden)
            #expect(try await hub.database.credential(person: ada.id, issuer: "test")?.endedAt != nil)
        }
    }

    @Test func whoIsSuspendedHasNoneAndTheIssuerIsTold() async throws {
        try await TestHub.run { hub in
            let ada = try await Self.ada(hub)
            let chief = try await hub.person("grace", isAdmin: true)
            try await hub.services.suspension.suspend(ada, by: chief)
            #expect(try await hub.database.allCredentials().isEmpty)
            #expect(hub.issuers.tokens.withLock { $0.revoked } == [Secret("refresh-0")])
            let error = await #expect(throws: HubError.self) { try await access(hub, ada) }
            #expect(error?.kind == .forbidden)
        }
    }
}

/// A store whose disk can be full.
private final class FailingStore: CredentialStore {
    let isFull = Mutex(false)
    private let database: Database

    init(_ database: Database) { self.database = database }

    func renew(_ credential: CredentialRecord, sealed: [UInt8]) async throws(StoreError) -> Bool {
        guard !isFull.withLock({ $0 }) else {
            throw StoreError(.unavailable, "the disk is full", next: "free some space")
        }
        return try await database.renew(credential, sealed: sealed)
    }

    func keep(_ credential: CredentialRecord) async throws(StoreError) { try await database.keep(credential) }
    func credential(person: Int64, issuer: String) async throws(StoreError) -> CredentialRecord? {
        try await database.credential(person: person, issuer: issuer)
    }
    func latestCredential(person: Int64) async throws(StoreError) -> CredentialRecord? {
        try await database.latestCredential(person: person)
    }
    func allCredentials() async throws(StoreError) -> [CredentialRecord] { try await database.allCredentials() }
    func end(_ credential: CredentialRecord, at now: Date) async throws(StoreError) -> Bool {
        try await database.end(credential, at: now)
    }
    func markChecked(_ credential: CredentialRecord, at now: Date) async throws(StoreError) {
        try await database.markChecked(credential, at: now)
    }
    func regroup(
        by credential: CredentialRecord, _ groups: Set<Group>, isAdmin: Bool
    ) async throws(StoreError) -> PersonRecord? {
        try await database.regroup(by: credential, groups, isAdmin: isAdmin)
    }
    func removeCredential(person: Int64, issuer: String) async throws(StoreError) -> CredentialRecord? {
        try await database.removeCredential(person: person, issuer: issuer)
    }
    func removeCredentials(person: Int64) async throws(StoreError) -> [CredentialRecord] {
        try await database.removeCredentials(person: person)
    }
    func dueForRecheck(
        seenAfter seen: Date, checkedBefore checked: Date, at now: Date
    ) async throws(StoreError) -> [Int64] {
        try await database.dueForRecheck(seenAfter: seen, checkedBefore: checked, at: now)
    }
    func removeIdleCredentials(before instant: Date) async throws(StoreError) -> Int {
        try await database.removeIdleCredentials(before: instant)
    }
}
