import Foundation
import Logging
import OrreryFetch
import OrreryModel
import Testing

@testable import OrreryIdentity

/// Tokens that come without a login of ours: whose they are, and what becomes of them.
@Suite struct BearerTests {
    static let hub = "https://hub.example.org"
    let clock = TestClock()
    let issuer: TestIssuer
    let other: TestIssuer
    let directory: IssuerDirectory

    init() throws {
        (issuer, other) = (try TestIssuer(clock: clock), try TestIssuer(clock: clock))
        let issuers = [("demo", issuer.url), ("other", other.url)].map { label, url in
            var issuer = IssuerConfiguration(
                label: label, issuer: url, client: "orrery", secret: nil, redirectURI: "http://127.0.0.1/cb/\(label)")
            issuer.api = BearerTrust(audience: Self.hub)
            return issuer
        }
        directory = IssuerDirectory(
            issuers: issuers, rules: [], fetcher: Fetcher(), logger: Logger(label: "test"),
            now: { [clock] in clock.now })
        for each in [issuer, other] {
            each.change { state in
                state.header = ["typ": "at+jwt"]
                state.claims = ["aud": .string(Self.hub), "nonce": .null, "scope": "openid storage.read:/"]
            }
        }
    }

    /// What the log says about why it is refused; nil when it is not.
    func refusal(of token: String) async -> String? {
        do throws(IdentityError) {
            _ = try await directory.grant(of: token)
            return nil
        } catch { return error.detail }
    }

    @Test func anAccessTokenSaysWhoCame() async throws {
        let grant = try await directory.grant(of: issuer.token())
        let identity = Identity(issuer: issuer.url, subject: "subject-1")
        #expect(grant == AccessGrant(identity: identity, issuer: "demo", scopes: ["openid", "storage.read:/"]))
    }

    @Test("C1: whoever is not an issuer of ours is never asked for keys") func strangers() async throws {
        issuer.change { [url = issuer.url] in $0.claims["iss"] = .string(url + "/") }
        #expect(try await refusal(of: issuer.token()) == "no issuer of this hub has the token's iss")
        #expect(issuer.requests(at: "openid-configuration").isEmpty)
    }

    @Test("C1: an issuer cannot speak for another") func impostors() async throws {
        issuer.change { [url = other.url] in $0.claims["iss"] = .string(url) }
        issuer.change { $0.keys = [("first", OpenSSLSigner(bits: 2048))] }
        #expect(try await refusal(of: issuer.token()) == "the token's signature is wrong")
    }

    @Test func anIssuerWithoutApiVouchesForNoCall() async throws {
        let silent = IssuerConfiguration(
            label: "demo", issuer: issuer.url, client: "orrery", secret: nil, redirectURI: "http://127.0.0.1/cb/demo")
        let directory = IssuerDirectory(issuers: [silent], rules: [], fetcher: Fetcher(), logger: Logger(label: "test"))
        let token = try issuer.token()
        let error = await #expect(throws: IdentityError.self) { try await directory.grant(of: token) }
        #expect(error?.kind == .unbelievable && error?.detail == "its access tokens are not for this API")
        #expect(issuer.requests(at: "openid-configuration").isEmpty)
    }

    @Test func theLogNamesATokenAndDoesNotHoldIt() throws {
        issuer.change { $0.claims["jti"] = "j-7" }
        let token = try issuer.token()
        let words = TokenTraits(of: token).description
        #expect(words == "iss \(issuer.url), sub subject-1, jti j-7, kid first")
        issuer.change { $0.claims["jti"] = "two\nlines" }
        #expect(try TokenTraits(of: issuer.token()).description.contains("jti ‹odd›"))
        #expect(TokenTraits(of: "orrery_secret").description == "it is no signed token")
    }

    @Test("C5: an ID token opens no API") func identityTokens() async throws {
        issuer.change { state in
            state.header = [:]
            state.claims = ["aud": .string(Self.hub)]
            state.nonce = "n-1"
        }
        #expect(try await refusal(of: issuer.token()) == "its access token: it is no access token: it has nonce")
    }

    @Test("K5: bearers are let in while their issuer is away for two hours") func outage() async throws {
        #expect(try await refusal(of: issuer.token()) == nil)
        issuer.change { state in
            for path in ["jwks", "openid-configuration"] { state.answers[path] = ("503 Service Unavailable", "") }
        }
        clock.advance(7200)
        #expect(try await refusal(of: issuer.token()) == nil)
    }

    func logout() throws -> String {
        issuer.change { state in
            state.header = ["typ": "logout+jwt"]
            state.claims = [
                "nonce": .null, "jti": "j-1", "sid": "s-1",
                "events": ["http://schemas.openid.net/event/backchannel-logout": [:]],
            ]
        }
        return try issuer.token()
    }

    @Test("C14: a logout token works once") func replays() async throws {
        let token = try logout()
        let order = try await directory.order(in: token, from: "demo")
        #expect(order.subject == "subject-1" && order.session == "s-1")
        let error = await #expect(throws: IdentityError.self) { try await directory.order(in: token, from: "demo") }
        #expect(error?.kind == .stale)
        // What could not be done is asked for again by the issuer, with the same token.
        directory.allowAgain(order, from: "demo")
        #expect(try await directory.order(in: token, from: "demo") == order)
    }

    @Test("C15: a logout token comes to the address of its issuer") func addresses() async throws {
        let token = try logout()
        let error = await #expect(throws: IdentityError.self) { try await directory.order(in: token, from: "other") }
        #expect(error?.detail == "its logout token came to another's address")
    }
}
