import Foundation
import OrreryModel
import Testing

@testable import OrreryPocket

/// Service accounts, their tokens, and what Roles let them do.
struct APIAccountTests {
    private static let accounts = "/api/v1/namespaces/hub/serviceaccounts"
    private static let rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/hub"
    private static let pods = "/api/v1/namespaces/hub/pods"

    @Test(
        .enabled(if: RecordedCase.directory != nil, "no recordings beside this repository"),
        arguments: [
            "serviceaccount-create-201", "role-and-binding-create-201", "tokenrequest-201", "tokenrequest-audience",
            "tokenrequest-too-short-422", "selfsubjectrulesreview-201",
        ])
    func answersAsRecorded(name: String) async throws {
        let recorded = try RecordedCase(name)
        try await LivePocket.run { pocket in
            if name.hasPrefix("tokenrequest") {
                _ = try await pocket.client.post(Self.accounts, ["metadata": ["name": "hub"]])
            }
            for exchange in recorded.exchanges {
                let reply = try await exchange.client(pocket).send(
                    exchange.method, exchange.path, exchange.body, headers: exchange.headers)
                APIRecordedTests.compare(reply, exchange, "\(name) \(exchange.path)")
            }
        }
    }

    @Test func aTokenSaysWhoseItIsAndWhenItEnds() async throws {
        try await LivePocket.run { pocket in
            let token = try await Self.token(pocket)
            let parts = token.split(separator: ".")
            #expect(parts.count == 3)
            let padded = String(parts[1]) + String(repeating: "=", count: (4 - parts[1].count % 4) % 4)
            let payload = try #require(Data(base64Encoded: padded.replacing("-", with: "+").replacing("_", with: "/")))
            let claims = try JSON(parsing: Array(payload))
            #expect(claims["sub"] == "system:serviceaccount:hub:hub")
            #expect((claims["exp"]?.integer ?? 0) - (claims["iat"]?.integer ?? 0) == 3600)
        }
    }

    @Test func aRoleCountsFromTheNextRequestOnAndOnlyInItsNamespace() async throws {
        try await LivePocket.run { pocket in
            let account = pocket.client.as(try await Self.token(pocket))
            let refused = try await account.get(Self.pods)
            #expect(refused.status == 403)
            #expect(
                refused.message
                    == "pods is forbidden: User \"system:serviceaccount:hub:hub\" cannot list resource \"pods\" in API "
                    + "group \"\" in the namespace \"hub\"")
            try await Self.bind(pocket, [["apiGroups": [""], "resources": ["pods"], "verbs": ["list"]]])
            #expect(try await account.get(Self.pods).status == 200)
            #expect(try await account.get(Self.pods + "?watch=1").status == 403)
            #expect(try await account.get("/api/v1/namespaces/other/pods").status == 403)
            _ = try await pocket.client.patch(Self.rbac + "/roles/hub", ["rules": []])
            #expect(try await account.get(Self.pods).status == 403)
        }
    }

    @Test(
        arguments: [
            (
                ["apiGroups": [""], "resources": ["secrets"], "resourceNames": ["mine"], "verbs": ["get"]],
                "secrets/mine", 404
            ),
            (
                ["apiGroups": [""], "resources": ["secrets"], "resourceNames": ["mine"], "verbs": ["get"]],
                "secrets/other", 403
            ),
            (["apiGroups": ["apps"], "resources": ["*"], "verbs": ["*"]], "pods", 403),
            (["apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]], "pods", 200),
            (["apiGroups": [""], "resources": ["pods"], "verbs": ["get"]], "pods/a/log", 403),
            (["apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]], "pods/a/log", 404),
            (["apiGroups": [""], "resources": ["*/log"], "verbs": ["get"]], "pods/a/log", 404),
        ] as [(JSON, String, Int)])
    func aRuleMeansWhatItSays(_ rule: JSON, _ path: String, _ status: Int) async throws {
        try await LivePocket.run { pocket in
            let account = pocket.client.as(try await Self.token(pocket))
            try await Self.bind(pocket, [rule])
            #expect(try await account.get("/api/v1/namespaces/hub/" + path).status == status)
        }
    }

    @Test func aTokenEndsWithItsAccountAndIsNotGoodForOthersEars() async throws {
        try await LivePocket.run { pocket in
            let token = try await Self.token(pocket)
            let elsewhere = try await pocket.client.post(
                Self.accounts + "/hub/token", ["spec": ["audiences": ["https://hub.example"]]])
            let other = try #require(elsewhere.json["status"]?["token"]?.string)
            #expect(try await pocket.client.as(other).get(Self.pods).status == 401)
            #expect(try await pocket.client.as(token).get(Self.pods).status == 403)
            _ = try await pocket.client.delete(Self.accounts + "/hub")
            #expect(try await pocket.client.as(token).get(Self.pods).status == 401)
            // Another account of the name is another account.
            _ = try await pocket.client.post(Self.accounts, ["metadata": ["name": "hub"]])
            #expect(try await pocket.client.as(token).get(Self.pods).status == 401)
        }
    }

    @Test func aTokenOutlivesARestart() async throws {
        let directory = try TemporaryDirectory()
        let configuration = try LivePocket.configuration(directory: directory.path)
        let file = directory.path + "/token"
        try await LivePocket.run(configuration, directory: directory.path) { pocket in
            try Data(try await Self.token(pocket).utf8).write(to: URL(filePath: file))
        }
        let token = try String(contentsOfFile: file, encoding: .utf8)
        let kept = try FileManager.default.attributesOfItem(atPath: configuration.state + "/account-tokens")
        #expect(kept[.posixPermissions] as? Int == 0o600)
        try await LivePocket.run(configuration, directory: directory.path) { pocket in
            let answer = try await pocket.client.as(token).get(Self.pods)
            #expect(answer.status == 403)
        }
    }

    @Test func nobodyGivesAwayWhatTheyDoNotHave() async throws {
        try await LivePocket.run { pocket in
            let account = pocket.client.as(try await Self.token(pocket))
            let roles: JSON = [
                "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "rolebindings"],
                "verbs": ["create", "patch"],
            ]
            let own: JSON = ["apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]]
            try await Self.bind(pocket, [roles, own])
            let all: JSON = ["apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]]
            let refused = try await account.post(
                Self.rbac + "/roles", ["metadata": ["name": "evil"], "rules": [all]])
            #expect(refused.status == 403)
            #expect(
                refused.message
                    == "roles.rbac.authorization.k8s.io \"evil\" is forbidden: user \"system:serviceaccount:hub:hub\" "
                    + "(groups=[\"system:serviceaccounts\" \"system:serviceaccounts:hub\" \"system:authenticated\"]) is "
                    + "attempting to grant RBAC permissions not currently held:\n"
                    + "{APIGroups:[\"*\"], Resources:[\"*\"], Verbs:[\"*\"]}")
            let fair = try await account.post(Self.rbac + "/roles", ["metadata": ["name": "fair"], "rules": [own]])
            #expect(fair.status == 201)
            #expect(try await account.patch(Self.rbac + "/roles/fair", ["rules": [all]]).status == 403)
        }
    }

    /// A token of the account `hub`, which is made for it.
    private static func token(_ pocket: LivePocket) async throws -> String {
        _ = try await pocket.client.post(accounts, ["metadata": ["name": "hub"]])
        let reply = try await pocket.client.post(accounts + "/hub/token", ["spec": ["expirationSeconds": 3600]])
        return try #require(reply.json["status"]?["token"]?.string, "\(reply.body)")
    }

    private static func bind(_ pocket: LivePocket, _ rules: [JSON]) async throws {
        let role = try await pocket.client.post(
            rbac + "/roles", ["metadata": ["name": "hub"], "rules": .array(rules)])
        #expect(role.status == 201)
        let binding = try await pocket.client.post(
            rbac + "/rolebindings",
            [
                "metadata": ["name": "hub"],
                "roleRef": ["apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "hub"],
                "subjects": [["kind": "ServiceAccount", "name": "hub", "namespace": "hub"]],
            ])
        #expect(binding.status == 201)
    }
}
