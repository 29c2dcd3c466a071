import Foundation
import OrreryModel
import Testing

@testable import OrreryIdentity

@Suite struct NotebookTokenTests {
    let base: LoginTests
    let grant = NotebookGrant(
        scopes: ["storage.read:/lab", "compute.read"], audiences: ["https://data.test"],
        resources: ["https://data.test/files"])

    private static let exchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    private static let accessToken = "urn:ietf:params:oauth:token-type:access_token"

    init() throws { base = try LoginTests() }

    static let scopes: [(String, Bool)] = [
        ("storage.read:/lab", true), ("storage.read:/lab/", true), ("storage.read:/lab/a/b", true),
        ("compute.read", true), ("storage.read:/", false), ("storage.read:/laboratory", false),
        ("storage.read:/lab/../other", false), ("storage.read:/lab/./a", false), ("storage.read:/lab//a", false),
        ("storage.read:lab/a", false), ("storage.read", false), ("storage.modify:/lab", false),
        ("Storage.read:/lab", false), ("compute.read:/", false), ("openid", false), ("", false),
    ]

    @Test(arguments: scopes)
    func whatLiesWithinTheGrant(_ scope: String, _ isWithin: Bool) {
        #expect(grant.excess(in: ["compute.read", scope]) == (isWithin ? [] : [scope]))
    }

    @Test func theRootHoldsEverything() {
        let grant = NotebookGrant(scopes: ["storage.read:/"])
        #expect(grant.excess(in: ["storage.read:/", "storage.read:/a"]).isEmpty)
    }

    private func exchange(
        _ change: (inout Behaviour.State) -> Void = { _ in }
    ) async -> Result<DelegatedToken, IdentityError> {
        base.issuer.change { state in
            state.tokens = ["id_token": .null, "issued_token_type": .string(Self.accessToken), "expires_in": 600]
            change(&state)
        }
        do throws(IdentityError) {
            return .success(try await base.directory().exchange("demo", Secret("login-1"), for: grant))
        } catch { return .failure(error) }
    }

    @Test func theTokenOfTheLoginIsExchangedForOneOfTheGrant() async throws {
        let token = try await exchange().get()
        #expect(token == DelegatedToken(token: Secret("access-1"), end: base.clock.now + 600))
        let request = try #require(base.issuer.requests(at: "token").first)
        #expect(request.contains("Authorization: Basic "))
        let body = try #require(request.split(separator: "\r\n\r\n").last).split(separator: "&").sorted()
        let type = "urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"
        #expect(
            body == [
                "audience=https%3A%2F%2Fdata.test",
                "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange",
                "requested_token_type=\(type)", "resource=https%3A%2F%2Fdata.test%2Ffiles",
                "scope=storage.read%3A%2Flab%20compute.read", "subject_token=login-1", "subject_token_type=\(type)",
            ])
    }

    static let answers: [(String, [String: JSON], IdentityError.Kind?)] = [
        ("fewer scopes", ["scope": "storage.read:/lab/mine"], nil),
        ("a JWT", ["issued_token_type": "urn:ietf:params:oauth:token-type:jwt"], nil),
        ("more scopes", ["scope": "storage.read:/lab compute.read storage.modify:/lab"], .unbelievable),
        ("a wider path", ["scope": "storage.read:/"], .unbelievable),
        ("an ID token", ["issued_token_type": "urn:ietf:params:oauth:token-type:id_token"], .unbelievable),
        ("a refresh token", ["issued_token_type": "urn:ietf:params:oauth:token-type:refresh_token"], .unbelievable),
        ("no kind", ["issued_token_type": .null], .unbelievable),
        ("the login's token", ["access_token": "login-1"], .unbelievable),
        ("no token", ["access_token": .null], .misbehaving),
        ("another kind of use", ["token_type": "N_A"], .misbehaving),
    ]

    @Test("an exchanged token is what was asked for, or none", arguments: answers)
    func exchangedTokens(_ what: String, _ tokens: [String: JSON], _ kind: IdentityError.Kind?) async throws {
        let result = await exchange { $0.tokens.merge(tokens) { $1 } }
        switch result {
        case .success: #expect(kind == nil, "\(what) is delivered")
        case .failure(let error): #expect(error.kind == kind, "\(what): \(error)")
        }
    }

    static let claims: [([String: JSON], Bool)] = [
        (["scope": "storage.read:/lab/a"], true), (["scope": ["compute.read"]], true), ([:], true),
        (["aud": ["https://data.test", "https://data.test/files"]], true),
        (["scope": "storage.read:/lab openid"], false), (["scope": ["compute.read", 7]], false),
        (["scope": 7], false), (["aud": "https://other.test"], false), (["aud": .null], false),
        (["aud": ["https://data.test", "https://other.test"]], false), (["aud": []], false),
        (["aud": "https://wlcg.cern.ch/jwt/v1/any"], false), (["nonce": "n"], false), (["at_hash": "a"], false),
        (["exp": 1], false), (["exp": .null], false),
    ]

    @Test("what the token itself says counts too, whatever the answer says beside it", arguments: claims)
    func claimsOfTheToken(_ claims: [String: JSON], _ isDelivered: Bool) async throws {
        base.issuer.change { state in
            state.claims = ["aud": "https://data.test", "nonce": .null].merging(claims) { $1 }
        }
        let token = try base.issuer.token()
        let result = await exchange { $0.tokens["access_token"] = .string(token) }
        #expect((try? result.get().token.reveal() == token) == (isDelivered ? true : nil))
        if case .failure(let error) = result {
            #expect(error.kind == .unbelievable)
            #expect(!"\(error) \(error.sentence)".contains(token))
        }
    }

    @Test func theEarlierOfTwoEndsCounts() async throws {
        base.issuer.change { $0.claims = ["aud": "https://data.test", "nonce": .null] }
        let token = try base.issuer.token()
        for (seconds, end) in [(60, 60.0), (3600, 600.0)] {
            let delegated = try await exchange {
                $0.tokens["access_token"] = .string(token)
                $0.tokens["expires_in"] = .integer(Int64(seconds))
            }.get()
            #expect(delegated.end == base.clock.now + end)
        }
    }

    // A number that no date can be came near the database once.
    @Test(arguments: [86401, 1e15, 1e300]) func noTokenIsTakenToLastLongerThanADay(_ seconds: Double) async throws {
        let end = base.clock.now + 86400
        #expect(try await exchange { $0.tokens["expires_in"] = .number(min(seconds, 9e9)) }.get().end == end)
        base.issuer.change { state in
            state.claims = ["aud": "https://data.test", "nonce": .null]
            state.claims["exp"] = .number(base.clock.now.timeIntervalSince1970 + seconds)
        }
        let token = try base.issuer.token()
        let delegated = try await exchange {
            $0.tokens["access_token"] = .string(token)
            $0.tokens["expires_in"] = .null
        }.get()
        #expect(delegated.end == end)
    }

    static let words: [(NotebookGrant.Exchange, JSON, Bool)] = [
        (.auto, ["authorization_code", .string(exchange)], true), (.auto, ["authorization_code"], false),
        (.auto, .null, false), (.auto, 7, false), (.yes, .null, true), (.no, [.string(exchange)], false),
    ]

    @Test(arguments: words)
    func whoExchangesTokens(_ exchange: NotebookGrant.Exchange, _ grants: JSON, _ does: Bool) async throws {
        base.issuer.change { $0.metadata["grant_types_supported"] = grants }
        var grant = grant
        grant.exchange = exchange
        #expect(try await base.directory().exchanges("demo", grant) == does)
    }

    @Test func twoDefaultsAreNone() {
        let one = base.configuration { $0.notebook = NotebookGrant(scopes: ["a"], isDefault: true) }
        let two = base.configuration { other in
            (other.label, other.issuer) = ("other", "https://other.test")
            other.notebook = one.notebook
        }
        #expect([one].problem == nil)
        #expect([one, two].problem?.contains("only one issuer's `notebook` is the default") == true)
    }
}
