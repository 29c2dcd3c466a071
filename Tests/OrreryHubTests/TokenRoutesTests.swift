import Foundation
import OrreryFetch
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

/// The tokens of people, over the REST interface.
struct TokenRoutesTests {
    static let rights = ["tokens!user=ada", "read:users!user=ada", "servers!user=ada"]

    private func made(_ hub: TestHub, _ body: JSON, by token: String) async throws -> JSON {
        let answer = try await hub.call("POST", "/users/ada/tokens", token: token, body: body)
        #expect(answer.status == 201)
        return try #require(answer.json)
    }

    @Test func aTokenIsShownOnceUsedListedAndRevoked() async throws {
        try await TestHub.run { hub in
            let maker = try await hub.token(of: hub.person("ada"), scopes: Self.rights)
            let model = try await made(
                hub, ["note": "nightly", "expires_in": 600, "scopes": ["read:users!user"]], by: maker)
            let (token, id) = (try #require(model["token"]?.string), try #require(model["id"]?.string))
            #expect(token.hasPrefix(Tokens.mark) && token.utf8.count <= 64)
            #expect(try await hub.call("GET", "/user", token: token).json?["token_id"]?.string == id)
            await hub.services.uses.flush()
            let one = try await hub.call("GET", "/users/ada/tokens/\(id)", token: maker)
            #expect(one.json?["note"] == "nightly" && one.json?["token"] == nil)
            #expect(one.json?["last_activity"]?.string == Timestamp.text(hub.clock.now))
            #expect(one.json?["expires_at"]?.string == Timestamp.text(hub.clock.now + 600))
            #expect(one.json?["scopes"]?.array?.contains("read:users:name!user=ada") == true)
            let list = try await hub.call("GET", "/users/ada/tokens", token: maker)
            #expect(list.json?["api_tokens"]?.array?.compactMap { $0["id"]?.string }.contains(id) == true)
            #expect(!list.text.contains(token))
            #expect(try await hub.call("DELETE", "/users/ada/tokens/\(id)", token: maker).status == 204)
            #expect(try await hub.call("GET", "/user", token: token).status == 403)
            #expect(try await hub.call("DELETE", "/users/ada/tokens/\(id)", token: maker).status == 404)
        }
    }

    // Otherwise the list grows with every server that anybody ever had.
    @Test func theTokensOfAServerThatHasEndedAreNotAmongThem() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let maker = try await hub.token(of: ada, scopes: Self.rights)
            let session = try await hub.session(of: ada)
            let server = try await hub.serverToken(for: session)
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            _ = try await OAuthTests.visit(session, with: &browser)
            let count = { () async throws -> Int? in
                try await hub.call("GET", "/users/ada/tokens", token: maker).json?["api_tokens"]?.array?.count
            }
            // The visit has asked for another token of the server.
            #expect(try await count() == 4)
            let (id, now) = (session.id, hub.clock.now)
            // While it stops, the pod still needs its own.
            _ = try await hub.database.advance(id, at: now) { $0.state = .stopping }
            #expect(try await hub.call("GET", "/user", token: server).status == 200)
            _ = try await hub.database.advance(id, at: now) { $0.end(.stoppedByPerson, "", at: now) }
            #expect(try await count() == 1)
            await hub.services.housekeeper.sweep()
            #expect(try await hub.database.token(hash: Fingerprint.of(server), at: now) == nil)
        }
    }

    @Test func withoutAWordItIsForEverythingOfOnesOwn() async throws {
        try await TestHub.run { hub in
            let chiefs: Set<Group> = [Group(name: "atlas"), Group(name: "operators")]
            let ada = try await hub.person("ada", groups: chiefs, isAdmin: true)
            let maker = try await hub.token(of: ada, scopes: Self.rights + ["admin:users"])
            let model = try await made(hub, .null, by: maker)
            let scopes = model["scopes"]?.array?.compactMap(\.string) ?? []
            #expect(scopes.contains("servers!user=ada") && scopes.allSatisfy { $0.hasSuffix("!user=ada") })
            #expect(model["note"]?.string?.isEmpty == false)
        }
    }

    @Test(
        arguments: [
            (["scopes": ["servers"]], "may not do: servers"), (["scopes": ["servers!user=grace"]], "may not do"),
            (["scopes": ["access:servers!user=ada"]], "may not do"), (["scopes": ["admin:users"]], "may not do"),
            (["scopes": ["server!user=ada"]], "no such right: server!user=ada"),
            (["scopes": "servers"], "a list of texts"), (["scopes": []], "without rights"),
            (["scopes": [1]], "a list of texts"), (["expires_in": "1"], "a whole number"),
            (["expires_in": 0], "lives from"),
            (["expires_in": -5], "lives from"), (["expires_in": 7_776_001], "to 7776000 seconds"),
            (["note": 7], "a text"),
            (["note": "two\nlines"], "one line"), (["roles": ["admin"]], "no roles"), ([], "an object"),
        ] as [(JSON, String)])
    func aWishThatCannotBeIsABadRequest(_ body: JSON, _ sentence: String) async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let maker = try await hub.token(of: ada, scopes: Self.rights)
            let answer = try await hub.call("POST", "/users/ada/tokens", token: maker, body: body)
            #expect(
                answer.status == 400 && answer.json?["message"]?.string?.contains(sentence) == true, "\(answer.text)")
            #expect(try await hub.database.tokens(person: ada.id, at: hub.clock.now).count == 1)
        }
    }

    @Test func whatIsMadeWithATokenDoesNotOutliveIt() async throws {
        try await TestHub.run { hub in
            let maker = try await hub.token(of: hub.person("ada"), scopes: Self.rights, lasting: .seconds(300))
            let model = try await made(hub, ["expires_in": 3600], by: maker)
            #expect(model["expires_at"]?.string == Timestamp.text(hub.clock.now + 300))
        }
    }

    @Test func whatIsMadeWithATokenEndsWithIt() async throws {
        try await TestHub.run { hub in
            let top = try await hub.token(of: hub.person("ada"), scopes: Self.rights)
            let parent = try await made(hub, .null, by: top)
            let child = try await made(hub, .null, by: #require(parent["token"]?.string))
            let grandchild = try await made(hub, .null, by: #require(child["token"]?.string))
            let id = try #require(parent["id"]?.string)
            #expect(try await hub.call("DELETE", "/users/ada/tokens/\(id)", token: top).status == 204)
            for token in [child, grandchild] {
                #expect(try await hub.call("GET", "/user", token: #require(token["token"]?.string)).status == 403)
            }
            #expect(try await hub.call("GET", "/users/ada/tokens", token: top).json?["api_tokens"]?.array?.count == 1)
        }
    }

    @Test func nobodyMakesSeesOrRevokesThoseOfOthers() async throws {
        try await TestHub.run { hub in
            let chiefs: Set<Group> = [Group(name: "atlas"), Group(name: "operators")]
            let grace = try await hub.person("grace", groups: chiefs, isAdmin: true)
            let ada = try await hub.person("ada")
            _ = try await hub.token(of: ada, scopes: [])
            let id = try #require(try await hub.database.tokens(person: ada.id, at: hub.clock.now).first?.id)
            let scopes = Scopes.ofPerson(named: "grace", isAdmin: true).expanded
            let token = try await hub.token(of: grace, scopes: scopes)
            for (method, path) in [
                ("GET", "/users/ada/tokens"), ("POST", "/users/ada/tokens"), ("GET", "/users/ada/tokens/\(id)"),
                ("DELETE", "/users/ada/tokens/\(id)"),
            ] {
                #expect(try await hub.call(method, path, token: token).status == 403)
            }
            #expect(try await hub.call("DELETE", "/users/grace/tokens/\(id)", token: token).status == 404)
        }
    }

    @Test func anIssuersTokenMakesNoneThatWouldOutliveIt() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            #expect(try await hub.call("GET", "/users/ada/tokens", token: "access:ada").status == 200)
            #expect(try await hub.call("POST", "/users/ada/tokens", token: "access:ada").status == 403)
        }
    }

    @Test func aBrowserMakesThemWithItsProof() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            #expect(try await browser.send("POST", "/hub/api/users/ada/tokens", headers: []).status == 403)
            let proof = try await browser.proof()
            let answer = try await browser.send(
                "POST", "/hub/api/users/ada/tokens", headers: [("X-XSRFToken", proof)], body: #"{"note": "mine"}"#)
            #expect(
                answer.status == 201 && answer.json?["expires_at"]?.string == Timestamp.text(hub.clock.now + 2_592_000))
        }
    }

    @Test func nobodyHasMoreThanAHundred() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let tokens = hub.services.gate.tokens
            for _ in 1..<Tokens.mostPersonal {
                _ = try await tokens.issuePersonal(to: ada.id, scopes: [], note: "one", until: hub.clock.now + 60)
            }
            let maker = try await hub.token(of: ada, scopes: Self.rights)
            #expect(try await hub.call("POST", "/users/ada/tokens", token: maker).status == 409)
        }
    }

    @Test func aCodeThatIsShownAgainEndsTheTokenThatItGave() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let secret = try await hub.serverToken(for: session)
            let code = try await OAuthTests.code(session, with: &browser)
            let fields = OAuthTests.exchange(session, code: code, secret: secret)
            let token = try #require(try await OAuthTests.post(fields, to: hub).json?["access_token"]?.string)
            #expect(try await hub.call("GET", "/user", token: token).status == 200)
            #expect(try await OAuthTests.post(fields, to: hub).json == ["error": "invalid_grant"])
            #expect(try await hub.call("GET", "/user", token: token).status == 403)
        }
    }
}

struct OtherMethodsTests {
    @Test(arguments: [
        ("POST", "/hub/home", "GET, HEAD"), ("GET", "/hub/start", "POST"),
        ("PUT", "/hub/api/users/ada/server", "GET, HEAD, POST, DELETE"),
        ("DELETE", "/hub/api/user", "GET, HEAD"), ("PATCH", "/hub/api/users/ada/tokens", "GET, HEAD, POST"),
        ("OPTIONS", "/hub/api", "GET, HEAD"), ("HEAD", "/hub/api/oauth2/token", "POST"),
    ])
    func aWrongMethodIsToldTheRightOnes(_ method: String, _ path: String, _ allowed: String) async throws {
        try await TestHub.run { hub in
            let answer = try await hub.send(method, path)
            #expect(answer.status == 405 && answer.headers["Allow"] == allowed)
            #expect(try await hub.send("GET", "/hub/no-such-page").status == 404)
        }
    }
}
