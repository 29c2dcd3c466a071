import Foundation
import OrreryFetch
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

/// Our answers beside those that a JupyterHub 6.1.1 gave to the same requests, recorded in
/// `shared/research/jupyterhub-golden-rest.txt`. Compared are the status, the kind of content and the members with the
/// kinds of their values; the sentences are our own.
@Suite(.enabled(if: Recording.isPresent, "the recorded answers are not beside this checkout"))
struct GoldenTests {
    private func compare(_ answer: Answer, with recorded: Recording.Answer, ignoring: Set<String> = []) {
        #expect(answer.status == recorded.status)
        guard let expected = recorded.json?.object else { return }
        #expect(answer.headers["Content-Type"] == "application/json")
        let ours = answer.json?.object ?? [:]
        let missing = Set(expected.keys).subtracting(ours.keys).subtracting(ignoring)
        let added = Set(ours.keys).subtracting(expected.keys).subtracting(ignoring)
        #expect(missing.isEmpty && added.isEmpty, "missing \(missing), added \(added)")
        for (name, value) in expected where value != .null && ours[name] != .null && !ignoring.contains(name) {
            #expect(value.kind == ours[name]?.kind, "\(name): \(value) and \(String(describing: ours[name]))")
        }
    }

    @Test func whoAmI() async throws {
        try await TestHub.run { hub in
            let alice = try await hub.person("alice")
            let token = try await hub.token(
                of: alice, scopes: ["access:servers!user=alice", "read:users!user=alice"])
            let recorded = try Recording.answer(to: "GET /user")
            let answer = try await hub.call("GET", "/user", token: token)
            compare(answer, with: recorded)
            for name in ["name", "kind", "groups", "admin", "roles", "scopes"] {
                #expect(answer.json?[name] == recorded.json?[name], "\(name)")
            }
        }
    }

    @Test func aUserWithARunningServer() async throws {
        try await TestHub.run { hub in
            let alice = try await hub.person("alice")
            let operatorToken = try await hub.token(
                of: hub.person("root-2", isAdmin: true), scopes: ["read:users", "servers"])
            let none = try await hub.call("GET", "/users/alice", token: operatorToken)
            compare(none, with: try Recording.answer(to: "GET /users/alice"))
            try await hub.session(of: alice)
            let recorded = try Recording.answer(to: "GET /users/alice?include_stopped_servers=1")
            let one = try await hub.call("GET", "/users/alice?include_stopped_servers=1", token: operatorToken)
            compare(one, with: recorded)
            #expect(one.json?["server"] == recorded.json?["server"])
            #expect(one.json?["servers"]?[""]?["url"] == "/user/alice/")
        }
    }

    @Test func tokens() async throws {
        try await TestHub.run { hub in
            let maker = try await hub.token(
                of: hub.person("alice"),
                scopes: ["tokens!user=alice", "access:servers!user=alice", "read:users!user=alice"])
            let recorded = try Recording.answer(to: "POST /users/alice/tokens")
            let body: JSON = [
                "note": "n", "expires_in": 3600, "scopes": ["access:servers!user=alice", "read:users!user=alice"],
            ]
            let answer = try await hub.call("POST", "/users/alice/tokens", token: maker, body: body)
            compare(answer, with: recorded)
            for name in ["user", "kind", "roles", "scopes", "note"] {
                #expect(answer.json?[name] == recorded.json?[name], "\(name)")
            }
            let list = try await hub.call("GET", "/users/alice/tokens", token: maker)
            let known = try Recording.answer(to: "GET /users/alice/tokens")
            compare(list, with: known)
            #expect(
                Set(list.json?["api_tokens"]?.array?.first?.object?.keys ?? [:].keys)
                    == Set(known.json?["api_tokens"]?.array?.first?.object?.keys ?? [:].keys))
        }
    }

    @Test func aServer() async throws {
        try await TestHub.run { hub in
            let alice = try await hub.person("alice")
            let token = try await hub.token(of: alice, scopes: ["servers!user=alice"])
            try await hub.session(of: alice)
            let recorded = try Recording.answer(to: "GET /users/alice/server")
            let answer = try await hub.call("GET", "/users/alice/server", token: token)
            compare(answer, with: recorded)
            for name in ["name", "full_name", "pending", "ready", "stopped", "url", "progress_url"] {
                #expect(answer.json?[name] == recorded.json?[name], "\(name)")
            }
            let again = try await hub.call("POST", "/users/alice/server", token: token)
            compare(again, with: try Recording.answer(to: "POST /users/alice/server", status: 400))
            #expect(again.json?["message"]?.string?.contains("alice is already running") == true)
            let progress = try await hub.call("GET", "/users/alice/server/progress", token: token)
            #expect(
                progress.headers["Content-Type"] == "text/event-stream"
                    && progress.headers["Cache-Control"] == "no-cache")
            let last = try #require(progress.text.split(separator: "data: ").last)
            let event = try JSONDecoder().decode(JSON.self, from: Data(last.utf8))
            #expect(event["progress"] == 100 && event["ready"] == true && event["url"] == "/user/alice/")
        }
    }

    @Test(arguments: [
        ("GET /users/zzz", 404), ("GET /users/bob/server/progress", 404), ("DELETE /users/alice/servers/none", 404),
        ("GET /users", 403), ("POST /users/alice/server", 403),
    ])
    func errors(_ request: String, _ status: Int) async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("alice")
            // A token is worth no more than its person's rights.
            let bob = try await hub.person("bob", isAdmin: status == 404)
            let scopes = status == 404 ? ["read:users", "servers"] : ["read:users!user=bob"]
            let token = try await hub.token(of: bob, scopes: scopes)
            let parts = request.split(separator: " ").map(String.init)
            // We have no list of users yet; without a valid token both hubs say the same.
            let isList = parts[1] == "/users"
            let answer = try await hub.call(parts[0], isList ? "/user" : parts[1], token: isList ? "none" : token)
            compare(answer, with: try Recording.answer(to: request, status: status))
        }
    }

    @Test(arguments: Recording.activity)
    func activity(_ recorded: Recording.Answer) async throws {
        try await TestHub.run { hub in
            let alice = try await hub.person("alice")
            try await hub.session(of: alice)
            let scopes = recorded.status == 403 ? "read:users!user=alice" : "users:activity!user=alice"
            let token = try await hub.token(of: alice, scopes: [scopes])
            let answer = try await hub.send(
                "POST", "/hub/api/users/alice/activity", headers: [("Authorization", "token \(token)")],
                body: recorded.body)
            compare(answer, with: recorded)
            if recorded.status == 200 { #expect(answer.body.isEmpty) }
        }
    }
}

extension JSON {
    /// What sort of value it is, for comparing shapes.
    fileprivate var kind: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .integer, .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
