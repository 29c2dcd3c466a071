import Foundation
import OrreryIdentity
import OrreryModel
import OrreryStore
import Synchronization
import Testing

@testable import OrreryHub

@Suite struct IssuerSourceTests {
    private static func configuration(_ label: String, _ grant: NotebookGrant?) -> IssuerConfiguration {
        var issuer = IssuerConfiguration(
            label: label, issuer: TestIssuers.url(of: label), client: "hub", secret: nil, redirectURI: "")
        issuer.notebook = grant
        return issuer
    }

    private static func sources(_ hub: TestHub, _ grants: [(String, NotebookGrant?)]) -> [IssuerSource] {
        IssuerSource.sources(
            of: hub.issuers, grants.map { configuration($0, $1) }, credentials: hub.services.credentials,
            store: hub.database, now: { hub.clock.now })
    }

    /// Ada has logged in at `label`, and has a session.
    private static func scene(
        _ hub: TestHub, at label: String, _ grant: NotebookGrant
    ) async throws -> (source: IssuerSource, session: SessionRecord, ada: PersonRecord) {
        hub.issuers.knows("ada", as: .init(suggestedName: "ada", groups: LoginTests.atlas, hasTokens: true))
        var browser = TestBrowser(hub)
        try await browser.logIn(as: "ada", at: label)
        let ada = try #require(try await hub.database.person(named: "ada"))
        let source = try #require(Self.sources(hub, [(label, grant)]).first)
        return (source, try await hub.session(of: ada), ada)
    }

    @Test func theDefaultComesFirstAndTheOthersInTheirOrder() async throws {
        try await TestHub.run { hub in
            let sources = Self.sources(
                hub,
                [
                    ("a", NotebookGrant(scopes: ["x"])), ("b", nil), ("c", NotebookGrant(scopes: ["x"])),
                    ("d", NotebookGrant(scopes: ["x"], isDefault: true)),
                ])
            #expect(sources.map(\.label) == ["d", "a", "c"])
            #expect(sources.map { $0.file(uid: 7) } == ["bt_u7-d", "bt_u7-a", "bt_u7-c"])
        }
    }

    @Test func whoHasLoggedInThereIsServedAndNobodyElse() async throws {
        try await TestHub.run { hub in
            let (source, _, ada) = try await Self.scene(hub, at: "test", NotebookGrant(scopes: ["storage"]))
            #expect(try await source.serves(ada))
            #expect(try await !source.serves(hub.person("grace")))
            let other = Self.sources(hub, [("other", NotebookGrant(scopes: ["storage"]))])[0]
            #expect(try await !other.serves(ada))
        }
    }

    @Test func aTokenOfFewerScopesIsNewEachTimeAndNeverTheLogins() async throws {
        try await TestHub.run { hub in
            let (source, session, ada) = try await Self.scene(hub, at: "test", NotebookGrant(scopes: ["storage"]))
            let first = try await source.token(for: session, of: ada, endingAfter: nil)
            #expect(first.token == Secret("access-1") && first.end == hub.clock.now + 3600)
            // Another session of the same person shares it.
            #expect(try await source.token(for: session, of: ada, endingAfter: nil).token == first.token)
            hub.clock.turn(by: .seconds(1900))
            let second = try await source.token(for: session, of: ada, endingAfter: first.end)
            #expect(second.token == Secret("access-2") && second.end == hub.clock.now + 3600)
            #expect(hub.issuers.tokens.withLock { $0.refreshes.count } == 2)
        }
    }

    @Test func anIssuerThatExchangesIsGivenTheLoginsToken() async throws {
        try await TestHub.run { hub in
            let (source, session, ada) = try await Self.scene(hub, at: "other", NotebookGrant(scopes: ["storage"]))
            let token = try await source.token(for: session, of: ada, endingAfter: nil)
            #expect(token.token == Secret("exchanged for access-0"))
        }
    }

    @Test func whatIsGoodForMoreIsNotDelivered() async throws {
        try await TestHub.run { hub in
            let (source, session, ada) = try await Self.scene(hub, at: "test", NotebookGrant(scopes: ["storage"]))
            hub.issuers.tokens.withLock { $0.granted = ["openid", "storage"] }
            let error = await #expect(throws: IdentityError.self) {
                try await source.token(for: session, of: ada, endingAfter: nil)
            }
            #expect(error?.kind == .unbelievable)
        }
    }

    @Test func aLoginThatHasEndedGivesNoToken() async throws {
        try await TestHub.run { hub in
            let (source, session, ada) = try await Self.scene(hub, at: "test", NotebookGrant(scopes: ["storage"]))
            hub.issuers.tokens.withLock { $0.error = TestIssuers.revoked("test") }
            let error = await #expect(throws: HubError.self) {
                try await source.token(for: session, of: ada, endingAfter: nil)
            }
            #expect(error?.kind == .forbidden)
        }
    }
}
