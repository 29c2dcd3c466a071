import Foundation
import Logging
import OrreryCrypto
import OrreryFetch
import OrreryModel
import Testing

@testable import OrreryIdentity

@Suite struct RefreshTests {
    let base: LoginTests
    let login = IssuerLogin(subject: "subject-1", nonce: "nonce-1", scopes: ["openid", "groups"])

    init() throws { base = try LoginTests() }

    private func refresh(
        _ directory: IssuerDirectory, scopes: [String]? = nil, _ change: (inout Behaviour.State) -> Void = { _ in }
    ) async -> Result<Renewal, IdentityError> {
        base.issuer.change { state in
            state.claims["nonce"] = .null
            change(&state)
        }
        do throws(IdentityError) {
            return .success(try await directory.refresh("demo", Secret("refresh-1"), scopes: scopes, of: login))
        } catch { return .failure(error) }
    }

    private func failure(
        _ directory: IssuerDirectory, _ change: (inout Behaviour.State) -> Void
    ) async -> IdentityError? {
        guard case .failure(let error) = await refresh(directory, change) else { return nil }
        return error
    }

    @Test func newTokensComeForARefreshToken() async throws {
        let renewal = try await refresh(base.directory()) {
            $0.tokens = ["refresh_token": "refresh-2", "expires_in": "60"]
        }.get()
        #expect(renewal.tokens.refresh == Secret("refresh-2") && renewal.tokens.scopes == login.scopes)
        #expect(renewal.tokens.accessEnd == base.clock.now + 60)
        let request = try #require(base.issuer.requests(at: "token").first)
        let credentials = Data("orrery:s%3Ae%20cret".utf8).base64EncodedString()
        #expect(request.contains("Authorization: Basic \(credentials)\r\n"))
        #expect(
            request.hasSuffix("grant_type=refresh_token&refresh_token=refresh-1&scope=openid%20groups"))
    }

    @Test func fewerScopesCanBeAskedFor() async throws {
        let renewal = try await refresh(base.directory(), scopes: ["storage.read:/"]) {
            $0.tokens = ["id_token": .null, "scope": "storage.read:/ more"]
        }.get()
        #expect(renewal.tokens.scopes == ["storage.read:/", "more"] && renewal.tokens.identity == nil)
        #expect(base.issuer.requests(at: "token")[0].hasSuffix("&scope=storage.read%3A%2F"))
    }

    static let ends: [(JSON, TimeInterval?, TimeInterval?)] = [
        (60, nil, 60), (60, 58, 58), (60, 3600, 60), (.null, 58, 58), (.null, nil, nil), ("60", 58, 58), (60, -1, 60),
        (.null, 1e300, nil),
    ]

    // The hub would think a token good that nobody takes any more, and not renew it before.
    @Test(arguments: ends) func anAccessTokenEndsWhenItSaysSoItself(
        _ seconds: JSON, _ own: TimeInterval?, _ end: TimeInterval?
    ) async throws {
        let now = base.clock.now.timeIntervalSince1970
        base.issuer.change { $0.claims = ["exp": own.map { .number(now + $0) } ?? .null] }
        let token = try base.issuer.token()
        let renewal = try await refresh(base.directory()) { state in
            state.claims = ["nonce": .null]
            state.tokens = ["access_token": .string(token), "expires_in": seconds]
        }.get()
        #expect(renewal.tokens.accessEnd == end.map { base.clock.now + $0 })
    }

    static let switches: [(String, JSON, Bool)] = [
        ("sub", "subject-2", false), ("iss", "https://other.test", false), ("aud", "another", false),
        ("aud", ["orrery", "another"], false), ("nonce", "nonce-2", false), ("nonce", 7, false),
        ("nonce", "nonce-1", true), ("azp", "another", false), ("exp", 1, false), ("at_hash", "AAAA", false),
    ]

    @Test("C12: a refreshed ID token is about the same login, or nothing of the answer counts", arguments: switches)
    func refreshedTokens(_ claim: String, _ value: JSON, _ isBelieved: Bool) async throws {
        let error = await failure(base.directory()) { $0.claims[claim] = value }
        #expect(error?.kind == (isBelieved ? nil : .unbelievable))
        let stranger = await failure(base.directory()) { state in
            state.claims = ["nonce": .null]
            state.header = ["alg": "ES256"]
        }
        #expect(stranger?.kind == .unbelievable)
    }

    // The issuer ends a refresh token with its answer; one that is sent twice ends the login there.
    @Test func withoutTheIssuersKeysNoRefreshTokenIsSent() async {
        let error = await failure(base.directory()) { $0.answers["jwks"] = ("503 Service Unavailable", "") }
        #expect(error?.kind == .unreachable && base.issuer.requests(at: "token").isEmpty)
    }

    @Test(arguments: [true, false])
    func aKeyThatCannotBeHadNowCostsTheClaimsAndNotTheRefreshToken(_ isAway: Bool) async throws {
        let directory = base.directory()
        _ = try await refresh(directory).get()
        let renewal = try await refresh(directory) { state in
            state.tokens = ["refresh_token": "refresh-2"]
            if isAway {
                state.keys = [("second", .rsa)]
                state.answers["jwks"] = ("503 Service Unavailable", "")
            } else {
                state.header = ["kid": "third"]
            }
        }.get()
        #expect(renewal.tokens.refresh == Secret("refresh-2") && renewal.claims == nil && renewal.doubt != nil)
        #expect(renewal.doubt?.detail.contains("kid") == true)
    }

    static let answers: [(String, String, IdentityError.Kind)] = [
        ("400 Bad Request", #"{"error":"invalid_grant"}"#, .revoked),
        ("400 Bad Request", #"{"error":"invalid_token"}"#, .revoked),
        ("400 Bad Request", #"{"error":"invalid_scope"}"#, .misconfigured),
        ("400 Bad Request", "", .revoked), ("400 Bad Request", "<html>", .misbehaving),
        ("404 Not Found", "", .misbehaving), ("401 Unauthorized", #"{"error":"invalid_client"}"#, .misconfigured),
        ("429 Too Many Requests", "", .unreachable), ("502 Bad Gateway", "<html>", .unreachable),
        ("200 OK", "<html>captive portal</html>", .misbehaving), ("200 OK", #"{"error":"invalid_grant"}"#, .revoked),
        ("200 OK", #"{"access_token":"a b","token_type":"bearer"}"#, .misbehaving),
        ("200 OK", #"{"access_token":"","token_type":"bearer"}"#, .misbehaving),
        ("200 OK", #"{"access_token":"a","token_type":"mac"}"#, .misbehaving),
    ]

    @Test("only the issuer's own no ends a refresh token", arguments: answers)
    func refusals(_ status: String, _ body: String, _ kind: IdentityError.Kind) async {
        #expect(await failure(base.directory()) { $0.answers["token"] = (status, body) }?.kind == kind)
    }

    @Test func groupsAreReadAgainFromTheRefreshedToken() async throws {
        let directory = base.directory()
        let renewal = try await refresh(directory) { $0.claims["wlcg.groups"] = ["/orrery/project/photoz"] }.get()
        let claimant = try await directory.reread("demo", login, access: renewal.tokens.access, after: renewal)
        #expect(claimant?.membership.groups == [Group(name: "project:photoz", gid: 5101)])
        #expect(base.issuer.requests(at: "userinfo").isEmpty)
    }

    @Test func withoutAnIDTokenTheyAreReadAtUserinfoIfItSaysThem() async throws {
        let directory = base.directory()
        #expect(try await directory.reread("demo", login, access: Secret("access-9"), after: nil) == nil)
        base.issuer.change { $0.userinfo["wlcg.groups"] = ["/orrery/developers"] }
        let claimant = try await directory.reread("demo", login, access: Secret("access-9"), after: nil)
        #expect(claimant?.membership.groups == [Group(name: "developers", gid: 5001)])
        #expect(base.issuer.requests(at: "userinfo").last?.contains("Authorization: Bearer access-9\r\n") == true)
        base.issuer.change { $0.userinfo["wlcg.groups"] = [] }
        #expect(
            try await directory.reread("demo", login, access: Secret("a"), after: nil)?.membership == Membership())
    }

    // Nobody must be thrown out because an issuer says groups in ID tokens only; and whoever is in none any more must be.
    @Test(arguments: [true, false]) func oneLoginShowsWhetherUserinfoSaysGroups(_ saysThem: Bool) async throws {
        let directory = base.directory()
        if saysThem { base.issuer.change { $0.userinfo["wlcg.groups"] = ["/orrery/developers"] } }
        for _ in 0..<2 { _ = try await base.login(directory) }
        #expect(base.issuer.requests(at: "userinfo").count == 1)
        base.issuer.change { $0.userinfo["wlcg.groups"] = nil }
        let claimant = try await directory.reread("demo", login, access: Secret("a"), after: nil)
        #expect(claimant?.membership == (saysThem ? Membership() : nil))
    }

    @Test func aLoginDoesNotDependOnWhatUserinfoSays() async throws {
        base.issuer.change { $0.answers["userinfo"] = ("503 Service Unavailable", "") }
        #expect(try await base.login(base.directory()).membership.groups.count == 2)
    }

    @Test func whatUserinfoRefusesOrSaysOfSomebodyElseIsAnError() async throws {
        let directory = base.directory { $0.groupsFrom = .userinfo }
        for (status, kind) in [
            ("401 Unauthorized", IdentityError.Kind.revoked), ("503 Service Unavailable", .unreachable),
            ("404 Not Found", .misbehaving),
        ] {
            base.issuer.change { $0.answers["userinfo"] = (status, "") }
            let error = await #expect(throws: IdentityError.self) {
                try await directory.reread("demo", login, access: Secret("a"), after: nil)
            }
            #expect(error?.kind == kind)
        }
        base.issuer.change { state in
            state.answers = [:]
            state.userinfo = ["sub": "subject-2", "wlcg.groups": ["/orrery/developers"]]
        }
        let error = await #expect(throws: IdentityError.self) {
            try await directory.reread("demo", login, access: Secret("a"), after: nil)
        }
        #expect(error?.kind == .unbelievable)
    }

    // The second factor was shown when the person logged in; a refresh cannot show it and does not take it away.
    @Test func howThePersonLoggedInIsNotAskedAgainButWhoItIsIs() async throws {
        let directory = base.directory {
            $0.requirement = Requirement(contexts: ["mfa"], age: .seconds(60), organisations: ["urn:home"])
        }
        let renewal = try await refresh(directory) { $0.userinfo["idp"] = "urn:home" }.get()
        #expect(try await directory.reread("demo", login, access: Secret("a"), after: renewal) != nil)
        base.issuer.change { $0.userinfo["idp"] = "urn:elsewhere" }
        let error = await #expect(throws: IdentityError.self) {
            try await directory.reread("demo", login, access: Secret("a"), after: renewal)
        }
        #expect(error?.kind == .insufficient)
    }

    @Test func aRefreshTokenIsGivenBack() async throws {
        let directory = base.directory()
        try await directory.revoke("demo", Secret("refresh-1"))
        #expect(
            base.issuer.requests(at: "revoke")[0].hasSuffix("token=refresh-1&token_type_hint=refresh_token"))
        base.issuer.change { $0.answers["revoke"] = ("503 Service Unavailable", "") }
        let error = await #expect(throws: IdentityError.self) { try await directory.revoke("demo", Secret("r")) }
        #expect(error?.kind == .unreachable)
    }

    @Test func aBrowserLogsOutAtTheIssuerToo() async throws {
        let url = await base.directory().departure("demo", hint: Secret("a.b.c"), returningTo: "http://hub/x?y=1")
        #expect(
            url == base.issuer.url
                + "/end_session?client_id=orrery&post_logout_redirect_uri=http%3A%2F%2Fhub%2Fx%3Fy%3D1"
                + "&id_token_hint=a.b.c")
        let long = Secret(String(repeating: "a", count: 6001))
        #expect(
            await base.directory().departure("demo", hint: long, returningTo: "x")?.contains("hint") == false)
    }

    @Test(arguments: [JSON.null, "https://elsewhere.test/%2F#x", "javascript:alert(1)", 7])
    func anIssuerWithoutASuitablePageIsNotVisited(_ endpoint: JSON) async throws {
        base.issuer.change { state in
            state.metadata = ["end_session_endpoint": endpoint, "revocation_endpoint": endpoint]
        }
        let directory = base.directory()
        #expect(await directory.departure("demo", hint: nil, returningTo: "x") == nil)
        try await directory.revoke("demo", Secret("refresh-1"))
        #expect(base.issuer.requests(at: "revoke").isEmpty)
        #expect(await directory.departure("another", hint: nil, returningTo: "x") == nil)
    }

    @Test func nothingSecretIsInAnError() async throws {
        let error = await failure(base.directory()) {
            $0.answers["token"] = ("400 Bad Request", #"{"error":"refresh-1 s3cret"}"#)
        }
        let text = "\(try #require(error)) \(error?.sentence ?? "")"
        for secret in ["refresh-1", "s3cret", "s:e cret"] { #expect(!text.contains(secret)) }
    }
}
