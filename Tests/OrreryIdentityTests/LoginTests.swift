import Foundation
import Logging
import OrreryCrypto
import OrreryFetch
import OrreryModel
import Testing

@testable import OrreryIdentity

@Suite struct LoginTests {
    let clock = TestClock()
    let issuer: TestIssuer
    let rules = [
        GroupRule("developers", gid: 5001, from: ["demo:/orrery/developers"]),
        GroupRule("project:{g}", gids: ["photoz": 5101], from: ["demo:/orrery/project/{g}"]),
    ]

    init() throws { issuer = try TestIssuer(clock: clock) }

    func configuration(_ change: (inout IssuerConfiguration) -> Void = { _ in }) -> IssuerConfiguration {
        var configuration = IssuerConfiguration(
            label: "demo", issuer: issuer.url, title: "Demo Institute", client: "orrery", secret: Secret("s:e cret"),
            scopes: ["openid", "groups"], redirectURI: "http://127.0.0.1:8000/hub/callback/demo",
            groupsClaim: "wlcg.groups", groupsKind: .wlcg, uidClaim: "uidNumber", gidClaim: "gidNumber")
        change(&configuration)
        return configuration
    }

    func directory(_ change: (inout IssuerConfiguration) -> Void = { _ in }) -> IssuerDirectory {
        IssuerDirectory(
            issuers: [configuration(change)], rules: rules, fetcher: Fetcher(), logger: Logger(label: "test"),
            now: { [clock] in clock.now })
    }

    /// A whole login with the answer as it should be but for `query`.
    func login(
        _ directory: IssuerDirectory, query: [String: String] = [:],
        _ change: (inout Behaviour.State) -> Void = { _ in }
    ) async throws(IdentityError) -> Claimant {
        let start = try await directory.begin("demo")
        issuer.change { state in
            state.nonce = start.nonce
            change(&state)
        }
        let answer = ["code": "code-1", "state": start.state].merging(query) { $1 }.filter { $0.value != "" }
        return try await directory.finish("demo", start.transaction, query: answer)
    }

    func failure(
        _ directory: IssuerDirectory, query: [String: String] = [:],
        _ change: (inout Behaviour.State) -> Void = { _ in }
    ) async -> IdentityError? {
        do throws(IdentityError) {
            _ = try await login(directory, query: query, change)
            return nil
        } catch { return error }
    }

    @Test("F4: the browser is sent with a PKCE challenge and everything else that binds the answer")
    func departure() async throws {
        let start = try await directory().begin("demo")
        let url = try #require(URLComponents(string: start.url))
        #expect(start.url.hasPrefix(issuer.url + "/auth?"))
        let query = Dictionary(uniqueKeysWithValues: (url.queryItems ?? []).map { ($0.name, $0.value ?? "") })
        #expect(
            query == [
                "response_type": "code", "client_id": "orrery",
                "redirect_uri": "http://127.0.0.1:8000/hub/callback/demo",
                "scope": "openid groups", "state": start.state, "nonce": start.nonce, "code_challenge_method": "S256",
                "code_challenge": ProofKey.challenge(of: start.verifier),
            ])
        #expect(Set([start.state, start.nonce, start.verifier]).count == 3)
        #expect(!start.url.contains(start.verifier))
    }

    @Test func aLoginGivesAClaimant() async throws {
        var claimant = try await login(directory())
        let tokens = try #require(claimant.tokens)
        #expect(tokens.access == Secret("access-1") && tokens.accessEnd == clock.now + 3600)
        #expect(tokens.scopes == ["openid", "groups"] && tokens.refresh == nil)
        claimant.tokens = nil
        #expect(
            claimant
                == Claimant(
                    identity: Identity(issuer: issuer.url, subject: "subject-1"), issuer: "demo", suggestedName: "ada",
                    displayName: "Ada Lovelace", uid: 20001, gid: 20001,
                    membership: Membership(
                        groups: [Group(name: "developers", gid: 5001), Group(name: "project:photoz", gid: 5101)]),
                    claimedGroups: ["demo:/orrery/developers", "demo:/orrery/project/photoz"]))
    }

    @Test func theCodeIsExchangedWithSecretAndVerifier() async throws {
        let directory = directory()
        let start = try await directory.begin("demo")
        issuer.change { $0.nonce = start.nonce }
        _ = try await directory.finish("demo", start.transaction, query: ["code": "a b&c", "state": start.state])
        let request = try #require(issuer.requests(at: "token").first)
        // RFC 6749 2.3.1: both parts are form-encoded before Base64.
        let credentials = Data("orrery:s%3Ae%20cret".utf8).base64EncodedString()
        #expect(request.contains("Authorization: Basic \(credentials)\r\n"))
        #expect(
            request.hasSuffix(
                "\r\n\r\ngrant_type=authorization_code&code=a%20b%26c"
                    + "&redirect_uri=http%3A%2F%2F127.0.0.1%3A8000%2Fhub%2Fcallback%2Fdemo&code_verifier=\(start.verifier)"
            ))
    }

    @Test func aPublicClientSendsItsIdAndNoSecret() async throws {
        _ = try await login(directory { $0.secret = nil })
        let request = try #require(issuer.requests(at: "token").first)
        #expect(!request.contains("Authorization"))
        #expect(request.hasSuffix("&client_id=orrery"))
    }

    @Test func documentsAreFetchedOnce() async throws {
        let directory = directory()
        for _ in 0..<3 { _ = try await login(directory) }
        #expect(issuer.requests(at: "openid-configuration").count == 1)
        #expect(issuer.requests(at: "jwks").count == 1)
    }

    @Test func everyLoginHasItsOwnSecrets() async throws {
        let directory = directory()
        var starts: [LoginStart] = []
        for _ in 0..<20 { starts.append(try await directory.begin("demo")) }
        #expect(Set(starts.flatMap { [$0.state, $0.nonce, $0.verifier] }).count == 60)
    }

    static let callbacks: [([String: String], IdentityError.Kind)] = [
        (["state": "another"], .stale), (["state": ""], .stale), (["code": ""], .misbehaving),
        (["code": String(repeating: "c", count: 4097)], .misbehaving), (["iss": "https://other.test"], .unbelievable),
        (["error": "access_denied"], .declined), (["error": "login_required"], .declined),
        (["error": "server_error"], .unreachable), (["error": "invalid_scope"], .misconfigured),
        (["error": "<script>"], .misbehaving), (["error": "access_denied", "state": "another"], .stale),
    ]

    @Test("F6: an answer that does not fit is refused, and nothing of it is repeated", arguments: callbacks)
    func unfitAnswers(
        _ query: [String: String], _ kind: IdentityError.Kind
    ) async {
        let error = await failure(directory(), query: query)
        #expect(error?.kind == kind)
        #expect(error?.detail.contains("<script>") == false)
        #expect(issuer.requests(at: "token").isEmpty)
    }

    @Test("F3: an issuer that names itself in its answers must do so") func issuersThatNameThemselves() async {
        issuer.change { $0.metadata["authorization_response_iss_parameter_supported"] = true }
        #expect(await failure(directory())?.kind == .unbelievable)
        #expect(await failure(directory(), query: ["iss": issuer.url]) == nil)
        #expect(await failure(directory(), query: ["iss": issuer.url + "/"])?.kind == .unbelievable)
    }

    static let tokenAnswers: [(String, String, IdentityError.Kind)] = [
        ("400 Bad Request", #"{"error":"invalid_grant"}"#, .stale),
        ("403 Forbidden", #"{"error":"invalid_code"}"#, .stale),
        ("401 Unauthorized", #"{"error":"invalid_client"}"#, .misconfigured), ("401 Unauthorized", "", .misconfigured),
        ("400 Bad Request", #"{"error":"invalid_request"}"#, .misconfigured), ("302 Found", "", .misbehaving),
        ("503 Service Unavailable", "<html>", .unreachable), ("200 OK", "<html>", .misbehaving),
        ("200 OK", "{}", .misbehaving),
        ("200 OK", #"{"error":"bad_verification_code"}"#, .misbehaving),
        ("200 OK", #"{"access_token":"a","id_token":"b.c.d","token_type":"mac"}"#, .misbehaving),
        ("200 OK", #"{"access_token":"a","id_token":"b.c.d","token_type":"Bearer"}"#, .unbelievable),
        ("200 OK", #"{"access_token":"a","token_type":"Bearer"}"#, .misbehaving),
        ("200 OK", String(repeating: " ", count: 300_000), .unreachable),
    ]

    @Test("F5: a token endpoint gives a bearer's token or says why not", arguments: tokenAnswers) func tokenEndpoints(
        _ status: String, _ body: String, _ kind: IdentityError.Kind
    ) async {
        let error = await failure(directory()) { $0.answers["token"] = (status, body) }
        #expect(error?.kind == kind)
    }

    @Test func nothingSecretIsInAnError() async throws {
        for status in ["400 Bad Request", "200 OK"] {
            let error = await failure(directory()) {
                $0.answers["token"] = (status, #"{"error":"s3cret code-1","id_token":"s3cret"}"#)
            }
            let text = "\(try #require(error)) \(error?.sentence ?? "")"
            for secret in ["s3cret", "code-1", "s:e cret"] { #expect(!text.contains(secret)) }
        }
    }

    @Test func aTokenWithAWrongNonceOrSignatureIsRefused() async {
        #expect(
            await failure(directory()) { $0.nonce = "another" }?.detail
                == "its ID token: nonce is not that of the login")
        #expect(await failure(directory()) { $0.claims["nonce"] = .null }?.kind == .unbelievable)
        issuer.change { $0.claims = [:] }
        let stranger = OpenSSLSigner(bits: 2048)
        let directory = directory()
        #expect(await failure(directory) == nil)
        let error = await failure(directory) { $0.keys = [("first", stranger)] }
        #expect(error?.detail == "the token's signature is wrong")
    }

    @Test func groupsComeFromUserinfoWhenTheConfigurationSaysSo() async throws {
        let directory = directory { $0.groupsFrom = .userinfo }
        let claimant = try await login(directory) { state in
            state.userinfo = [
                "sub": "subject-1", "wlcg.groups": ["/orrery/project/calib"], "preferred_username": "eve",
            ]
        }
        #expect(claimant.membership.groups == [Group(name: "project:calib")])
        #expect(claimant.suggestedName == "ada")
        #expect(issuer.requests(at: "userinfo")[0].contains("Authorization: Bearer access-1\r\n"))
    }

    static let strangers: [JSON] = [["sub": "subject-2"], [:], ["sub": ["subject-1"]], []]

    @Test("C11: userinfo about somebody else is refused", arguments: strangers)
    func strangersUserinfo(_ userinfo: JSON) async {
        let error = await failure(directory { $0.groupsFrom = .userinfo }) { $0.userinfo = userinfo }
        #expect(error?.kind == .unbelievable)
    }

    static let signedUserinfo: [(changes: [String: JSON], signer: OpenSSLSigner, isBelieved: Bool)] = [
        ([:], .rsa, true), ([:], OpenSSLSigner(bits: 2048), false), (["aud": "storage"], .rsa, false),
        (["aud": .null], .rsa, false), (["iss": "https://idp.example.org"], .rsa, false),
        (["sub": "subject-2"], .rsa, false),
    ]

    @Test("C11: signed userinfo is verified as an ID token is", arguments: signedUserinfo.indices)
    func userinfoThatIsSigned(_ place: Int) async throws {
        let (changes, signer, isBelieved) = Self.signedUserinfo[place]
        issuer.change { state in
            state.claims = changes
            state.keys = [("first", signer)]
        }
        let text = try issuer.token()
        let error = await failure(directory { $0.groupsFrom = .userinfo }) { state in
            (state.claims, state.keys) = ([:], [("first", .rsa)])
            state.answers["userinfo"] = ("200 OK", text)
            state.types["userinfo"] = "application/jwt; charset=utf-8"
        }
        #expect(error?.kind == (isBelieved ? nil : .unbelievable))
    }

    @Test func anotherIssuersEqualGroupOpensNothing() async throws {
        let directory = IssuerDirectory(
            issuers: [configuration()], rules: [GroupRule("developers", from: ["wlcg:/orrery/developers"])],
            fetcher: Fetcher(), logger: Logger(label: "test"), now: { [clock] in clock.now })
        #expect(try await login(directory).membership == Membership())
    }

    @Test func aSecretIsPostedWhereTheIssuerWantsItSo() async throws {
        _ = try await login(directory { $0.secretMethod = .post })
        let request = try #require(issuer.requests(at: "token").first)
        #expect(!request.contains("Authorization"))
        #expect(request.hasSuffix("&client_id=orrery&client_secret=s%3Ae%20cret"))
    }

    @Test func whatIsRequiredIsAskedForAndThenChecked() async throws {
        let directory = directory { $0.requirement = Requirement(contexts: ["b", "a"], age: .seconds(600)) }
        let start = try await directory.begin("demo", LoginDemand(age: .seconds(60), isAnew: true))
        let query = URLComponents(string: start.url)?.queryItems?.filter { $0.name != "scope" } ?? []
        let asked = Dictionary(uniqueKeysWithValues: query.map { ($0.name, $0.value ?? "") })
        #expect(asked["acr_values"] == "a b" && asked["max_age"] == "60" && asked["prompt"] == "login")
        let error = await failure(directory)
        #expect(error?.kind == .insufficient)
        #expect(error?.sentence.contains("Demo Institute") == true && error?.sentence.contains("(a or b)") == true)
        let time = Int64(clock.now.timeIntervalSince1970)
        let claimant = try await login(directory) {
            $0.claims["acr"] = "a"
            $0.claims["auth_time"] = .integer(time - 5)
        }
        #expect(claimant.authenticatedAt == clock.now - 5)
    }

    @Test func assuranceIsLookedUpWhereTheTokenDoesNotSayIt() async throws {
        let directory = directory { $0.requirement = Requirement(assurance: ["https://refeds.org/assurance/IAP/low"]) }
        #expect(await failure(directory)?.kind == .insufficient)
        let high: JSON = ["https://refeds.org/assurance/IAP/high"]
        issuer.change { $0.userinfo["eduperson_assurance"] = high }
        #expect(await failure(directory) == nil)
        let before = issuer.requests(at: "userinfo").count
        issuer.change { $0.claims["eduperson_assurance"] = high }
        #expect(await failure(directory) == nil)
        #expect(issuer.requests(at: "userinfo").count == before)
        // The token's word goes before.
        issuer.change { $0.claims["eduperson_assurance"] = ["https://refeds.org/assurance/ID/unique"] }
        #expect(await failure(directory)?.kind == .insufficient)
    }

    @Test func aRulesRequirementIsLookedUpToo() async throws {
        let rule = GroupRule(
            "developers", from: ["demo:/orrery/developers"], requirement: Requirement(organisations: ["urn:home"]))
        let directory = IssuerDirectory(
            issuers: [configuration()], rules: [rule], fetcher: Fetcher(), logger: Logger(label: "test"),
            now: { [clock] in clock.now })
        #expect(try await login(directory).membership.dormant == [.init(group: "developers", shortfall: .organisation)])
        issuer.change { $0.userinfo["idp"] = "urn:home" }
        #expect(try await login(directory).membership.groups == [Group(name: "developers")])
    }
}
