import OrreryCrypto
import OrreryFetch
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

struct OAuthTests {
    static let verifier = "a-verifier-that-only-the-server-knows-0123456789"

    static func request(_ session: SessionRecord, _ changes: [String: String?] = [:]) -> String {
        var fields: [String: String?] = [
            "client_id": OAuthClient.id(of: session), "redirect_uri": OAuthClient.redirectURI(of: session),
            "response_type": "code", "code_challenge": ProofKey.challenge(of: verifier),
            "code_challenge_method": "S256", "state": "abc",
        ]
        fields.merge(changes) { _, new in new }
        let query = fields.compactMap { name, value in value.map { (name: name, value: $0) } }
        return "/hub/api/oauth2/authorize?" + FormFields.encode(query.sorted { $0.name < $1.name })
    }

    static func exchange(_ session: SessionRecord, code: String, secret: String) -> [String: String] {
        [
            "client_id": OAuthClient.id(of: session), "client_secret": secret, "grant_type": "authorization_code",
            "code": code, "redirect_uri": OAuthClient.redirectURI(of: session), "code_verifier": verifier,
        ]
    }

    static func post(_ fields: [String: String], to hub: TestHub) async throws -> Answer {
        try await hub.send(
            "POST", "/hub/api/oauth2/token", body: FormFields.encode(fields.map { (name: $0.key, value: $0.value) }))
    }

    static func code(_ session: SessionRecord, with browser: inout TestBrowser) async throws -> String {
        let answer = try await browser.get(request(session))
        let location = try #require(answer.location, "a redirect, not \(answer.status)")
        let parts = location.split(separator: "?", maxSplits: 1)
        #expect(parts.first.map(String.init) == OAuthClient.redirectURI(of: session))
        let fields = FormFields(parts.last ?? "")
        #expect(fields["state"] == "abc")
        return try #require(fields["code"])
    }

    /// The token that a server gets when `browser` opens it.
    static func visit(_ session: SessionRecord, with browser: inout TestBrowser) async throws -> String {
        let secret = try await browser.hub.serverToken(for: session)
        let code = try await code(session, with: &browser)
        let answer = try await post(exchange(session, code: code, secret: secret), to: browser.hub)
        return try #require(answer.json?["access_token"]?.string)
    }

    @Test func aPersonOpensTheOwnServerWithoutBeingAsked() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"))
            var browser = TestBrowser(hub)
            let stranger = try await browser.get(Self.request(session))
            #expect(stranger.location?.hasPrefix("/hub/login?next=%2Fhub%2Fapi%2Foauth2%2Fauthorize") == true)
            try await browser.logIn(as: "ada")
            let secret = try await hub.serverToken(for: session)
            let code = try await Self.code(session, with: &browser)
            let answer = try await Self.post(Self.exchange(session, code: code, secret: secret), to: hub)
            #expect(answer.status == 200)
            #expect(answer.headers["Cache-Control"] == "no-store")
            #expect(answer.json?["token_type"] == "Bearer" && answer.json?["expires_in"] == 604_800)
            let token = try #require(answer.json?["access_token"]?.string)
            #expect(token.utf8.count <= 64)
            let model = try #require(try await hub.call("GET", "/user", token: token).json)
            #expect(model["name"] == "ada" && model["groups"] == ["atlas"])
            #expect(model["session_id"]?.string == browser.cookies["jupyterhub-session-id"]?.value)
            #expect(
                model["scopes"] == [
                    "access:servers!server=ada/", "read:users:groups!user=ada", "read:users:name!user=ada",
                ])
        }
    }

    @Test func aVisitEndsWithTheLoginItHangsOn() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            hub.clock.turn(by: .seconds(36_000))
            let secret = try await hub.serverToken(for: session)
            let fields = Self.exchange(session, code: try await Self.code(session, with: &browser), secret: secret)
            let answer = try await Self.post(fields, to: hub)
            #expect(answer.json?["expires_in"] == 568_800)
            let token = try #require(answer.json?["access_token"]?.string)
            hub.clock.turn(by: .seconds(568_799))
            #expect(try await hub.call("GET", "/user", token: token).status == 200)
            hub.clock.turn(by: .seconds(1))
            #expect(try await hub.call("GET", "/user", token: token).status == 403)
        }
    }

    @Test func aCodeOfALoginThatHasEndedIsWorthNothing() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let session = try await hub.session(of: ada)
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let secret = try await hub.serverToken(for: session)
            let fields = Self.exchange(session, code: try await Self.code(session, with: &browser), secret: secret)
            _ = try await hub.database.removeLogins(person: ada.id)
            #expect(try await Self.post(fields, to: hub).json == ["error": "invalid_grant"])
        }
    }

    @Test("D16 nobody enters a session of somebody else, whose mounts they would act with")
    func anotherPersonsServerIsRefusedWithAPage() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("grace"))
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let answer = try await browser.get(Self.request(session))
            #expect(answer.status == 403)
            #expect(answer.text.contains("grace") && answer.headers["Content-Type"]?.hasPrefix("text/html") == true)
        }
    }

    @Test("D16 there is no way to share a session", arguments: ["GET", "POST", "PATCH", "DELETE"])
    func sharing(_ method: String) async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            try await hub.session(of: ada)
            let token = try await hub.token(of: ada, scopes: ["access:servers!user=ada", "servers!user=ada"])
            for path in ["/shares/ada", "/shares/ada/", "/share-codes/ada/", "/users/ada/shared"] {
                #expect(try await hub.call(method, path, token: token).status == 404)
            }
        }
    }

    @Test(
        arguments: [
            (["client_id": "jupyterhub-user-nobody"], 400, nil),
            (["redirect_uri": "/user/ada/oauth_callback/"], 400, nil),
            (["redirect_uri": "https://evil.test/user/ada/oauth_callback"], 400, nil),
            (["redirect_uri": nil], 400, nil),
            (["response_type": "token"], 302, "unsupported_response_type"),
            (["code_challenge": nil], 302, "invalid_request"),
            (["code_challenge_method": "plain"], 302, "invalid_request"),
            (["code_challenge_method": nil], 302, "invalid_request"),
        ] as [([String: String?], Int, String?)])
    func aWrongRequestGetsNoCode(_ changes: [String: String?], _ status: Int, _ error: String?) async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let answer = try await browser.get(Self.request(session, changes))
            #expect(answer.status == status)
            #expect(answer.location.flatMap { FormFields($0.split(separator: "?").last ?? "")["error"] } == error)
        }
    }

    @Test(arguments: [
        (["grant_type": "password"], 400, "unsupported_grant_type"),
        (["client_secret": "wrong"], 401, "invalid_client"),
        (["client_id": "jupyterhub-user-nobody"], 401, "invalid_client"), (["code": "wrong"], 400, "invalid_grant"),
        (["code_verifier": "wrong"], 400, "invalid_grant"), (["redirect_uri": "/user/ada/"], 400, "invalid_grant"),
    ])
    func aCodeIsUsedUpByAFailure(_ changes: [String: String], _ status: Int, _ error: String) async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let secret = try await hub.serverToken(for: session)
            let right = Self.exchange(session, code: try await Self.code(session, with: &browser), secret: secret)
            let wrong = try await Self.post(right.merging(changes) { _, new in new }, to: hub)
            #expect(wrong.status == status && wrong.json == ["error": .string(error)])
            let isUsedUp = changes["code"] == nil && changes["grant_type"] == nil
            #expect(try await Self.post(right, to: hub).status == (isUsedUp ? 400 : 200))
        }
    }

    @Test func aCodeWorksOnceAndForFiveMinutes() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let secret = try await hub.serverToken(for: session)
            let fields = Self.exchange(session, code: try await Self.code(session, with: &browser), secret: secret)
            #expect(try await Self.post(fields, to: hub).status == 200)
            #expect(try await Self.post(fields, to: hub).json == ["error": "invalid_grant"])
            let late = Self.exchange(session, code: try await Self.code(session, with: &browser), secret: secret)
            hub.clock.turn(by: .seconds(301))
            #expect(try await Self.post(late, to: hub).json == ["error": "invalid_grant"])
        }
    }

    @Test func oneServersSecretIsWorthNothingForAnother() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"))
            let other = try await hub.serverToken(for: hub.session(of: hub.person("grace")))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let code = try await Self.code(session, with: &browser)
            #expect(try await Self.post(Self.exchange(session, code: code, secret: other), to: hub).status == 401)
        }
    }

    @Test(arguments: ["jupyterhub-user-", "jupyterhub-user-ada.", "jupyterhub-user-%zz", "ada", ""])
    func aClientThatIsNoneIsNotFound(_ id: String) { #expect(OAuthClient.parse(id) == nil) }

    @Test func namesOfServersDoNotMeetNamesOfPeople() {
        #expect(OAuthClient.parse("jupyterhub-user-ada-gpu").map { [$0.person, $0.server] } == ["ada-gpu", ""])
        #expect(OAuthClient.parse("jupyterhub-user-ada.gpu").map { [$0.person, $0.server] } == ["ada", "gpu"])
    }
}
