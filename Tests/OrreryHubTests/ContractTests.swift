import Foundation
import OrreryFetch
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

struct ContractTests {
    @Test(arguments: ["/hub/api", "/hub/api/"])
    func everybodyMayAskForTheVersion(_ path: String) async throws {
        try await TestHub.run { hub in
            let answer = try await hub.send("GET", path)
            #expect(answer.status == 200 && answer.json == ["version": "6.1.1"])
            #expect(answer.headers["X-JupyterHub-Version"] == "6.1.1")
            #expect(try await hub.send("GET", "/hub/health").status == 200)
        }
    }

    @Test func whoShowsNoValidTokenIsRefusedWith403AndNothingElse() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let expiring = try await hub.token(of: ada, scopes: ["read:users!user=ada"], lasting: .seconds(60))
            #expect(try await hub.call("GET", "/user", token: expiring).status == 200)
            #expect(
                try await hub.send("GET", "/hub/api/user", headers: [("Authorization", "bearer \(expiring)")]).status
                    == 200)
            hub.clock.turn(by: .seconds(61))
            for token in [expiring, "unknown", "", String(repeating: "x", count: 5000)] {
                let answer = try await hub.call("GET", "/user", token: token)
                #expect(answer.status == 403 && answer.json?["status"] == 403)
            }
            #expect(try await hub.send("GET", "/hub/api/user").status == 403)
            #expect(
                try await hub.send("GET", "/hub/api/user", headers: [("Authorization", "Basic YTpi")]).status == 403)
        }
    }

    @Test func aDatabaseThatDoesNotAnswerIsNotANo() async throws {
        try await TestHub.run { hub in
            let token = try await hub.token(of: hub.person("ada"), scopes: ["read:users!user=ada"])
            try hub.database.close()
            let answer = try await hub.call("GET", "/user", token: token)
            #expect(answer.status == 503 && answer.headers["Retry-After"] != nil)
        }
    }

    @Test func aServersTokenEndsWithItsSession() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"), state: .starting)
            let token = try await hub.serverToken(for: session)
            #expect(
                try await hub.call("GET", "/user", token: token).json?["scopes"] == [
                    "access:servers!server=ada/", "read:users:activity!user=ada", "users:activity!user=ada",
                ])
            let now = hub.clock.now
            _ = try await hub.database.update(session.id) { $0.end(.finished, "over", at: now) }
            #expect(try await hub.call("GET", "/user", token: token).status == 403)
        }
    }

    @Test func activityIsTakenWhileAServerStartsAndWrittenTogether() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"), state: .starting)
            let token = try await hub.serverToken(for: session)
            for second in [30, 10, 20] {
                let moment = Timestamp.text(hub.clock.now + TimeInterval(second))
                let body: JSON = [
                    "servers": ["": ["last_activity": .string(moment)]], "last_activity": .string(moment),
                ]
                let answer = try await hub.call("POST", "/users/ada/activity", token: token, body: body)
                #expect(answer.status == 200 && answer.body.isEmpty)
            }
            #expect(try await hub.database.session(id: session.id)?.lastActivity == session.lastActivity)
            await hub.services.activity.flush()
            #expect(try await hub.database.session(id: session.id)?.lastActivity == hub.clock.now + 30)
        }
    }

    @Test func activityThatCannotBeWrittenIsKept() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"))
            let ledger = ActivityLedger(store: hub.database, logger: TestHub.quiet)
            let cut = ActivityLedger(store: try Database(path: hub.database.path + ".other"), logger: TestHub.quiet)
            ledger.report(session.id, at: hub.clock.now + 5)
            cut.report("unknown", at: hub.clock.now)
            await ledger.flush()
            await cut.flush()
            #expect(try await hub.database.session(id: session.id)?.lastActivity == hub.clock.now + 5)
        }
    }

    @Test(arguments: [
        #"{}"#, #"{"servers": {"nope": {"last_activity": "2026-11-21T10:23:52Z"}}}"#, #"{"last_activity": "xx"}"#,
        #"{"last_activity": "2036-01-01T00:00:00Z"}"#, #"{"servers": {"": {}}}"#, "not json",
        #"{"servers": []}"#, #"{"servers": "x"}"#, #"{"servers": null}"#,
    ])
    func wrongActivityIsABadRequest(_ body: String) async throws {
        try await TestHub.run { hub in
            let token = try await hub.serverToken(for: hub.session(of: hub.person("ada")))
            let answer = try await hub.send(
                "POST", "/hub/api/users/ada/activity", headers: [("Authorization", "token \(token)")], body: body)
            #expect(answer.status == 400 && answer.json?["message"]?.string?.isEmpty == false)
        }
    }

    @Test func activityOfSomebodyElseIsRefused() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("grace")
            let token = try await hub.serverToken(for: hub.session(of: hub.person("ada")))
            let body: JSON = ["last_activity": "2026-11-21T10:23:52Z"]
            let answer = try await hub.call("POST", "/users/grace/activity", token: token, body: body)
            #expect(answer.status == 403)
            #expect(answer.json?["message"]?.string?.contains("users:activity") == true)
        }
    }

    @Test func aBrowsersCookieNeedsItsProofForEveryChange() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            #expect(try await browser.get("/hub/api/user").json?["name"] == "ada")
            let proof = try await browser.proof()
            let body = #"{"last_activity": "2026-11-21T10:23:52Z"}"#
            let path = "/hub/api/users/ada/activity"
            #expect(try await browser.send("POST", path, headers: [], body: body).status == 403)
            #expect(
                try await browser.send(
                    "POST", path, headers: [("X-XSRFToken", proof), ("Origin", "https://evil.test")], body: body
                ).status == 403)
            #expect(
                try await browser.send(
                    "POST", path, headers: [("X-XSRFToken", proof), ("Origin", "http://hub.test")], body: body
                ).status == 200)
        }
    }

    @Test func aBodyThatIsTooLargeIsRefused() async throws {
        try await TestHub.run { hub in
            let token = try await hub.serverToken(for: hub.session(of: hub.person("ada")))
            let answer = try await hub.send(
                "POST", "/hub/api/users/ada/activity", headers: [("Authorization", "token \(token)")],
                body: String(repeating: " ", count: 70_000))
            #expect(answer.status == 413)
        }
    }

    @Test func theEnvironmentIsWhatASingleUserServerReads() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"))
            let contract = ServerContract(
                url: try #require(PublicURL("https://hub.test")), api: "http://relay/hub/api",
                tokens: hub.services.gate.tokens, notebook: hub.services.contract.notebook,
                glance: hub.services.contract.glance)
            let variables = contract.variables(for: session)
            let expected = [
                "JUPYTERHUB_ACTIVITY_URL": "http://relay/hub/api/users/ada/activity",
                "JUPYTERHUB_API_URL": "http://relay/hub/api", "JUPYTERHUB_BASE_URL": "/",
                "JUPYTERHUB_CLIENT_ID": "jupyterhub-user-ada", "JUPYTERHUB_HOST": "",
                "JUPYTERHUB_OAUTH_ACCESS_SCOPES": #"["access:servers!server=ada/","access:servers!user=ada"]"#,
                "JUPYTERHUB_OAUTH_CALLBACK_URL": "/user/ada/oauth_callback",
                "JUPYTERHUB_OAUTH_CLIENT_ALLOWED_SCOPES": "[]",
                "JUPYTERHUB_OAUTH_SCOPES": #"["access:servers!server=ada/","access:servers!user=ada"]"#,
                "JUPYTERHUB_PUBLIC_HUB_URL": "https://hub.test/hub/",
                "JUPYTERHUB_PUBLIC_URL": "https://hub.test/user/ada/",
                "JUPYTERHUB_SERVER_NAME": "", "JUPYTERHUB_SERVICE_PREFIX": "/user/ada/", "JUPYTERHUB_USER": "ada",
            ]
            #expect(variables == expected)
        }
    }
}
