import Foundation
import OrreryFetch
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

/// The device flow (RFC 8628).
struct DeviceTests {
    private struct Program {
        let code: String
        let typed: String

        init(_ hub: TestHub, scope: String? = nil, host: String = "farm-7") async throws {
            let scopes = scope.map { [(name: "scope", value: $0)] } ?? []
            let answer = try await DeviceTests.post(hub, "device_authorization", [("host", host)] + scopes)
            #expect(answer.status == 200 && answer.headers["Cache-Control"] == "no-store")
            code = try #require(answer.json?["device_code"]?.string)
            typed = try #require(answer.json?["user_code"]?.string)
            #expect(answer.json?["interval"] == 5 && answer.json?["expires_in"] == 600)
            #expect(answer.json?["verification_uri"] == "http://hub.test/hub/device")
        }

        func ask(_ hub: TestHub) async throws -> Answer {
            try await DeviceTests.post(
                hub, "token",
                [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", code)])
        }

        func error(_ hub: TestHub) async throws -> String? { try await ask(hub).json?["error"]?.string }
    }

    private static func post(
        _ hub: TestHub, _ path: String, _ fields: [(name: String, value: String)], client: String = "orrery"
    ) async throws -> Answer {
        try await hub.send(
            "POST", "/hub/api/oauth2/\(path)", headers: [("X-Forwarded-For", "192.0.2.7")],
            body: FormFields.encode(fields + [("client_id", client)]))
    }

    private func ada(_ hub: TestHub) async throws -> TestBrowser {
        _ = try await hub.person("ada")
        var browser = TestBrowser(hub)
        try await browser.logIn(as: "ada")
        return browser
    }

    private func answer(
        _ answer: String, _ program: Program, with browser: inout TestBrowser
    ) async throws -> Answer {
        let proof = try await browser.proof()
        return try await browser.post("/hub/device", [("_xsrf", proof), ("code", program.typed), ("answer", answer)])
    }

    @Test func aPersonLetsAProgramInAndItGetsItsTokenOnce() async throws {
        try await TestHub.run { hub in
            let program = try await Program(hub, scope: "servers read:users:name")
            #expect(try await program.error(hub) == "authorization_pending")
            var browser = TestBrowser(hub)
            let link = "/hub/device?user_code=\(program.typed)"
            #expect(
                try await browser.get(link).location?.hasPrefix("/hub/login?next=%2Fhub%2Fdevice%3Fuser_code") == true)
            browser = try await ada(hub)
            let page = try await browser.get(link).text
            for word in ["farm-7", "192.0.2.7", "start, stop and see servers", program.typed] {
                #expect(page.contains(word), "\(word)")
            }
            #expect(try await program.error(hub) == "slow_down")
            #expect(try await answer("allow", program, with: &browser).status == 200)
            let given = try await program.ask(hub)
            #expect(given.status == 200 && given.headers["Cache-Control"] == "no-store")
            #expect(given.json?["token_type"] == "Bearer" && given.json?["expires_in"] == 2_592_000)
            #expect(given.json?["scope"] == "servers!user=ada read:users:name!user=ada")
            let token = try #require(given.json?["access_token"]?.string)
            #expect(try await hub.call("GET", "/user", token: token).json?["name"] == "ada")
            #expect(try await program.error(hub) == "invalid_grant")
            #expect(try await browser.get("/hub/token").text.contains("orrery login on farm-7"))
            await hub.services.audit.flush()
            let acts = AuditQuery(acts: ["program-allowed", "token-made"])
            let records = try await hub.database.entries(acts, after: 0, limit: 9).map(\.record)
            #expect(records.map(\.act) == ["program-allowed", "token-made"] && records.allSatisfy { $0.name == "ada" })
            #expect(records.map(\.address) == ["127.0.0.1", "192.0.2.7"])
            #expect(try await Self.post(hub, "revoke", [("token", token)]).status == 200)
            #expect(try await hub.call("GET", "/user", token: token).status == 403)
            #expect(try await Self.post(hub, "revoke", [("token", token)]).status == 200)
        }
    }

    @Test func aRightThatIsSaidOftenIsKeptOnce() async throws {
        try await TestHub.run { hub in
            let scope = Array(repeating: "servers read:users", count: 2000).joined(separator: " ")
            let program = try await Program(hub, scope: scope)
            let code = try #require(UserCode(program.typed))
            let device = try await hub.database.device(userHash: code.hash, at: hub.clock.now)
            #expect(device?.rights == ["servers", "read:users"])
        }
    }

    @Test func whatIsNoRightIsRefusedHoweverMuchIsSaid() async throws {
        try await TestHub.run { hub in
            let words = (0..<9000).map { String($0, radix: 36) }
            for scope in [(words + ["servers"]).joined(separator: " "), "servers nothing"] {
                let answer = try await Self.post(hub, "device_authorization", [("scope", scope)])
                #expect(answer.status == 400 && answer.json?["error"]?.string == "invalid_scope")
            }
        }
    }

    @Test func whoIsRefusedGetsNothing() async throws {
        try await TestHub.run { hub in
            let program = try await Program(hub)
            var browser = try await ada(hub)
            #expect(try await answer("deny", program, with: &browser).status == 200)
            #expect(try await answer("allow", program, with: &browser).status == 404)
            #expect(try await program.error(hub) == "access_denied")
            #expect(try await program.error(hub) == "invalid_grant")
            await hub.services.audit.flush()
            let record = try #require(
                try await hub.database.entries(AuditQuery(acts: ["program-denied"]), after: 0, limit: 9).first?.record)
            #expect(record.name == "ada" && record.address == "127.0.0.1")
            #expect(record.why == "on farm-7, which asked from 192.0.2.7")
        }
    }

    @Test func onlyTheFormOfThisBrowserDecides() async throws {
        try await TestHub.run { hub in
            let program = try await Program(hub)
            var browser = try await ada(hub)
            let fields = [(name: "code", value: program.typed), (name: "answer", value: "allow")]
            #expect(try await browser.post("/hub/device", fields).status == 403)
            #expect(try await browser.post("/hub/device", fields + [("_xsrf", "wrong")]).status == 403)
            let proof = try await browser.proof()
            #expect(
                try await browser.post(
                    "/hub/device", [("code", program.typed), ("answer", "maybe"), ("_xsrf", proof)]
                ).status == 400)
            #expect(try await program.error(hub) == "authorization_pending")
        }
    }

    @Test func afterTenMinutesItIsOver() async throws {
        try await TestHub.run { hub in
            let program = try await Program(hub)
            var browser = try await ada(hub)
            hub.clock.turn(by: .seconds(600))
            #expect(try await browser.get("/hub/device?user_code=\(program.typed)").status == 404)
            #expect(try await program.error(hub) == "expired_token")
        }
    }

    @Test func whoAsksTooSoonIsTold() async throws {
        try await TestHub.run { hub in
            let program = try await Program(hub)
            for (seconds, error) in [
                (0, "authorization_pending"), (5, "authorization_pending"), (4, "slow_down"), (9, "slow_down"),
                (15, "authorization_pending"),
            ] {
                hub.clock.turn(by: .seconds(seconds))
                #expect(try await program.error(hub) == error)
            }
        }
    }

    @Test func whoIsSuspendedMeanwhileLetsNothingIn() async throws {
        try await TestHub.run { hub in
            let program = try await Program(hub)
            var browser = try await ada(hub)
            _ = try await answer("allow", program, with: &browser)
            let ada = try #require(try await hub.database.person(named: "ada"))
            _ = try await hub.database.setSuspended(true, person: ada.id)
            #expect(try await program.error(hub) == "access_denied")
        }
    }

    @Test func aProgramGetsNoRightThatItsPersonDoesNotHave() async throws {
        try await TestHub.run { hub in
            let program = try await Program(hub, scope: "read:users admin:users")
            var browser = try await ada(hub)
            #expect(try await !browser.get("/hub/device?user_code=\(program.typed)").text.contains("admin:users"))
            _ = try await answer("allow", program, with: &browser)
            #expect(try await program.ask(hub).json?["scope"] == "read:users!user=ada")
        }
    }

    @Test func aProgramOfSomebodyWithTooManyTokensIsToldSoAsTheRFCHasIt() async throws {
        try await TestHub.run { hub in
            let program = try await Program(hub)
            var browser = try await ada(hub)
            let id = try #require(try await hub.database.person(named: "ada")?.id)
            for _ in 1...Tokens.mostPersonal {
                _ = try await hub.services.gate.tokens.issuePersonal(
                    to: id, scopes: [], note: "one", until: hub.clock.now + 60)
            }
            _ = try await answer("allow", program, with: &browser)
            let told = try await program.ask(hub)
            #expect(told.status == 400 && told.json?["error"] == "access_denied")
            #expect(told.json?["error_description"]?.string?.contains("revoke some") == true)
        }
    }

    @Test func aProgramGetsNoTokenWithoutRights() async throws {
        try await TestHub.run { hub in
            let program = try await Program(hub, scope: "admin:users")
            var browser = try await ada(hub)
            _ = try await answer("allow", program, with: &browser)
            #expect(try await program.error(hub) == "invalid_scope")
        }
    }

    @Test func wrongCodesAreLimited() async throws {
        try await TestHub.run { hub in
            var browser = try await ada(hub)
            let path = "/hub/device?user_code=BCDF-GHJK"
            for _ in 1...10 { #expect(try await browser.get(path).status == 404) }
            let limited = try await browser.get(path)
            #expect(limited.status == 429 && limited.headers["Retry-After"] == "60")
            let program = try await Program(hub)
            #expect(try await answer("allow", program, with: &browser).status == 429)
            // Others at the same address do not wait.
            _ = try await hub.person("eve")
            var other = TestBrowser(hub)
            try await other.logIn(as: "eve")
            #expect(try await answer("allow", program, with: &other).status == 200)
        }
    }

    @Test func manyProgramsThatBeginKeepNobodyOut() async throws {
        try await TestHub.run { hub in
            for _ in 1...60 { _ = try await Program(hub) }
            let program = try await Program(hub)
            var browser = try await ada(hub)
            #expect(try await answer("allow", program, with: &browser).status == 200)
        }
    }

    @Test func whatIsNoAddressIsShownToNobody() async throws {
        try await TestHub.run { hub in
            let begun = try await hub.send(
                "POST", "/hub/api/oauth2/device_authorization", headers: [("X-Forwarded-For", "your own machine")],
                body: "client_id=orrery")
            let link = try #require(begun.json?["user_code"]?.string)
            var browser = try await ada(hub)
            let page = try await browser.get("/hub/device?user_code=\(link)").text
            #expect(!page.contains("your own machine") && page.contains("127.0.0.1"))
        }
    }

    @Test func aStrangeRequestBeginsNothing() async throws {
        try await TestHub.run { hub in
            let stranger = try await Self.post(hub, "device_authorization", [], client: "evil")
            #expect(stranger.status == 401 && stranger.json == ["error": "invalid_client"])
            let greedy = try await Self.post(hub, "device_authorization", [("scope", "everything")])
            #expect(greedy.status == 400 && greedy.json == ["error": "invalid_scope"])
            let grant = "urn:ietf:params:oauth:grant-type:device_code"
            #expect(try await Self.post(hub, "token", [("grant_type", grant)]).json == ["error": "invalid_request"])
            #expect(
                try await Self.post(hub, "token", [("grant_type", grant), ("device_code", "guessed")]).json
                    == ["error": "invalid_grant"])
            #expect(
                try await Self.post(hub, "token", [("grant_type", grant), ("device_code", "x")], client: "evil").status
                    == 401)
        }
    }

    @Test func whatAProgramSaysOfItsMachineIsAName() async throws {
        try await TestHub.run { hub in
            let program = try await Program(hub, host: "<b>your bank</b>\n")
            var browser = try await ada(hub)
            #expect(
                try await browser.get("/hub/device?user_code=\(program.typed)").text.contains("<bdi>byourbankb</bdi>"))
        }
    }
}

struct UserCodeTests {
    @Test func aCodeIsReadHoweverItIsTyped() throws {
        let code = UserCode()
        let bare = code.text.filter { $0 != "-" }
        for typed in [code.text, bare, bare.lowercased(), " \(bare.prefix(2)) \(bare.dropFirst(2)) "] {
            #expect(UserCode(typed) == code)
        }
        #expect(code.text.wholeMatch(of: /[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}/) != nil)
    }

    @Test(arguments: ["", "BCDF", "BCDFGHJKL", "BCDFGHJA", "BCDFGHJ0", "BCDF_GHJK", "BCDFGHJ\u{301}K"])
    func anythingElseIsNone(_ typed: String) { #expect(UserCode(typed) == nil) }

    @Test func codesDiffer() { #expect(Set((1...100).map { _ in UserCode() }).count == 100) }
}
