import Foundation
import Logging
import OrreryCrypto
import OrreryFetch
import OrreryModel
import Synchronization
import Testing

@testable import OrreryIdentity

/// Plain OAuth 2 over real HTTP on loopback, against answers as GitHub's documentation has them.
@Suite struct GitHubTests {
    let service: TestGitHub
    init() throws { service = try TestGitHub() }

    func directory(_ rules: [GroupRule] = [], scopes: [String] = ["read:org"]) -> IssuerDirectory {
        let issuer = IssuerConfiguration(
            label: "github", type: .gitHub, issuer: service.url, title: "GitHub", client: "Iv1",
            secret: Secret("s&cret"),
            scopes: scopes, redirectURI: "http://127.0.0.1:8000/hub/callback/github", groupsKind: .teams,
            namePrefix: "gh-")
        return IssuerDirectory(issuers: [issuer], rules: rules, fetcher: Fetcher(), logger: Logger(label: "test"))
    }

    func login(
        _ directory: IssuerDirectory, query: [String: String] = [:]
    ) async throws(IdentityError) -> Claimant {
        let start = try await directory.begin("github")
        let answer = ["code": "code-1", "state": start.state].merging(query) { $1 }.filter { $0.value != "" }
        return try await directory.finish("github", start.transaction, query: answer)
    }

    func failure(query: [String: String] = [:]) async -> IdentityError? {
        do throws(IdentityError) {
            _ = try await login(directory(), query: query)
            return nil
        } catch { return error }
    }

    @Test func theBrowserIsSentWithStateAndChallenge() async throws {
        let start = try await directory().begin("github")
        let url = try #require(URLComponents(string: start.url))
        #expect(start.url.hasPrefix(service.url + "/login/oauth/authorize?"))
        let query = Dictionary(uniqueKeysWithValues: (url.queryItems ?? []).map { ($0.name, $0.value ?? "") })
        #expect(
            query == [
                "response_type": "code", "client_id": "Iv1", "scope": "read:org", "state": start.state,
                "redirect_uri": "http://127.0.0.1:8000/hub/callback/github", "code_challenge_method": "S256",
                "code_challenge": ProofKey.challenge(of: start.verifier), "allow_signup": "false",
            ])
    }

    @Test func aPersonIsTheNumberOfTheAccount() async throws {
        let rules = [
            GroupRule("analysis", gid: 5001, from: ["github:lsst/analysis"]), GroupRule("ops", from: ["github:#12"]),
            GroupRule("other", from: ["wlcg:lsst/analysis"]),
        ]
        let claimant = try await login(directory(rules))
        #expect(
            claimant
                == Claimant(
                    identity: Identity(issuer: service.url, subject: "583231"), issuer: "github",
                    suggestedName: "gh-ada", displayName: "Ada Lovelace",
                    membership: Membership(groups: [Group(name: "analysis", gid: 5001), Group(name: "ops")]),
                    claimedGroups: ["github:lsst/analysis", "github:#11", "github:lsst/operators", "github:#12"]))
    }

    @Test func anotherAccountUnderTheOldNameIsSomebodyElse() async throws {
        let first = try await login(directory())
        service.change { $0["/api/v3/user"] = (200, #"{"id":9,"login":"ada","type":"User"}"#) }
        let second = try await login(directory())
        #expect(first.suggestedName == second.suggestedName && first.identity != second.identity)
    }

    @Test func theCodeIsExchangedWithSecretAndVerifier() async throws {
        let directory = directory()
        let start = try await directory.begin("github")
        _ = try await directory.finish("github", start.transaction, query: ["code": "a b&c", "state": start.state])
        let request = try #require(service.requests.first { $0.hasPrefix("POST /login/oauth/access_token ") })
        #expect(request.contains("Accept: application/json\r\n"))
        #expect(
            request.hasSuffix(
                "\r\n\r\ngrant_type=authorization_code&client_id=Iv1&client_secret=s%26cret&code=a%20b%26c"
                    + "&redirect_uri=http%3A%2F%2F127.0.0.1%3A8000%2Fhub%2Fcallback%2Fgithub&code_verifier=\(start.verifier)"
            ))
        let user = try #require(service.requests.first { $0.hasPrefix("GET /api/v3/user ") })
        #expect(user.contains("Authorization: Bearer gho_1\r\n") && user.contains("User-Agent: orrery"))
    }

    @Test func withoutTheScopeNoTeamsAreAskedFor() async throws {
        #expect(try await login(directory(scopes: [])).claimedGroups.isEmpty)
        #expect(!service.requests.contains { $0.contains("/user/teams") })
    }

    @Test func teamsAreReadPageByPage() async throws {
        let page = (0..<100).map { #"{"id":\#($0 + 100),"slug":"t\#($0)","organization":{"login":"o"}}"# }
        service.change { answers in
            answers["/api/v3/user/teams?per_page=100&page=1"] = (200, "[\(page.joined(separator: ","))]")
            answers["/api/v3/user/teams?per_page=100&page=2"] = (200, "[\(page[0])]")
        }
        let groups = try await login(directory()).claimedGroups
        #expect(groups.count == 202)
        service.change { answers in
            for number in 2...11 {
                answers["/api/v3/user/teams?per_page=100&page=\(number)"] =
                    answers["/api/v3/user/teams?per_page=100&page=1"]
            }
        }
        let error = await failure()
        #expect(error?.kind == .unbelievable)
        #expect(!service.requests.contains { $0.contains("page=11") })
    }

    static let callbacks: [([String: String], IdentityError.Kind)] = [
        (["state": "another"], .stale), (["state": ""], .stale), (["code": ""], .misbehaving),
        (["error": "access_denied"], .declined), (["error": "redirect_uri_mismatch"], .misconfigured),
        (["error": "application_suspended"], .misconfigured), (["iss": "https://other.test"], .unbelievable),
    ]

    @Test(arguments: callbacks) func anAnswerThatDoesNotFitIsRefused(
        _ query: [String: String], _ kind: IdentityError.Kind
    ) async {
        #expect(await failure(query: query)?.kind == kind)
        #expect(service.requests.isEmpty)
    }

    static let answers: [(String, Int, String, IdentityError.Kind)] = [
        ("token", 200, #"{"error":"bad_verification_code","error_description":"x"}"#, .stale),
        ("token", 200, #"{"error":"incorrect_client_credentials"}"#, .misconfigured),
        ("token", 200, #"{"error":"redirect_uri_mismatch"}"#, .misconfigured),
        ("token", 200, #"{"error":"unverified_user_email"}"#, .declined),
        ("token", 200, #"{"error":"s3cret"}"#, .misbehaving), ("token", 200, "access_token=gho_1", .misbehaving),
        ("token", 200, #"{"access_token":"gho_1","token_type":"mac"}"#, .misbehaving),
        ("token", 200, #"{"access_token":"a\r\nX: y","token_type":"bearer"}"#, .misbehaving),
        ("token", 503, "", .unreachable), ("token", 302, "", .misbehaving),
        ("user", 401, "{}", .misbehaving), ("user", 403, "{}", .unreachable), ("user", 502, "", .unreachable),
        ("user", 200, #"{"id":"583231","login":"ada"}"#, .misbehaving),
        ("user", 200, #"{"id":0,"login":"ada"}"#, .misbehaving), ("user", 200, #"{"id":1}"#, .misbehaving),
        ("user", 200, #"{"id":1,"id":2,"login":"ada"}"#, .misbehaving),
        ("user", 200, #"{"id":1,"login":"lsst","type":"Organization"}"#, .unbelievable),
        ("teams", 200, "{}", .misbehaving), ("teams", 200, #"[{"id":1,"slug":"a"}]"#, .misbehaving),
        ("teams", 404, "{}", .misbehaving),
    ]

    @Test(arguments: answers) func whatItAnswersIsUnderstood(
        _ what: String, _ status: Int, _ body: String, _ kind: IdentityError.Kind
    ) async throws {
        let paths = [
            "token": "/login/oauth/access_token", "user": "/api/v3/user",
            "teams": "/api/v3/user/teams?per_page=100&page=1",
        ]
        let path = try #require(paths[what])
        service.change { $0[path] = (status, body) }
        let error = try #require(await failure())
        #expect(error.kind == kind, "\(error)")
        for secret in ["s3cret", "gho_1", "code-1", "s&cret"] { #expect(!"\(error)\(error.sentence)".contains(secret)) }
    }

    @Test func theOneAtGitHubHasItsInterfaceElsewhere() {
        let endpoints = GitHubEndpoints(of: "https://github.com")
        #expect(endpoints.authorization == "https://github.com/login/oauth/authorize")
        #expect(endpoints.token == "https://github.com/login/oauth/access_token")
        #expect(endpoints.user == "https://api.github.com/user")
    }

    @Test func itsConfigurationIsChecked() {
        func problem(_ change: (inout IssuerConfiguration) -> Void) -> String? {
            var issuer = IssuerConfiguration(
                label: "github", type: .gitHub, issuer: "https://github.com", client: "c", secret: Secret("s"),
                scopes: [], redirectURI: "")
            change(&issuer)
            return issuer.problem
        }
        #expect(problem { _ in } == nil)
        #expect(problem { $0.secret = nil }?.contains("secret") == true)
        #expect(problem { $0.issuer += "/" }?.contains("slash") == true)
        #expect(problem { $0.requirement.age = .seconds(60) }?.contains("`require`") == true)
    }
}

/// Answers by path; what it was asked.
final class TestGitHub: Sendable {
    private struct State {
        var answers: [String: (Int, String)] = [
            "/login/oauth/access_token": (200, #"{"access_token":"gho_1","scope":"read:org","token_type":"bearer"}"#),
            "/api/v3/user": (200, #"{"login":"ada","id":583231,"type":"User","name":"Ada Lovelace"}"#),
            "/api/v3/user/teams?per_page=100&page=1": (
                200,
                #"[{"id":11,"slug":"analysis","organization":{"login":"lsst","id":1}},"#
                    + #"{"id":12,"slug":"operators","organization":{"login":"lsst","id":1}}]"#
            ),
        ]
        var requests: [String] = []
    }

    private final class Box: Sendable { let state = Mutex(State()) }

    private let box = Box()
    private let server: ScriptedServer
    var url: String { server.url }
    var requests: [String] { box.state.withLock { $0.requests } }

    init() throws {
        server = try ScriptedServer { [box] connection in
            guard let request = connection.request() else { return }
            let path = String(request.split(separator: " ")[1])
            let (status, body) = box.state.withLock { state in
                state.requests.append(request)
                return state.answers[path] ?? (404, "{}")
            }
            connection.write(
                "HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
                    + "Connection: close\r\n\r\n\(body)")
        }
    }

    func change(_ body: (inout [String: (Int, String)]) -> Void) { box.state.withLock { body(&$0.answers) } }
}
