import OrreryModel
import Testing

@testable import OrreryPocket

@Suite struct APIAccessTests {
    private static let pods = "/api/v1/namespaces/hub/pods"

    @Test(arguments: [
        ("GET", "/api/v1/namespaces/hub/pods", 200), ("GET", "/api/v1/namespaces/work/pods", 403),
        ("GET", "/api/v1/pods", 403), ("GET", "/api/v1/nodes", 403), ("GET", "/api/v1/namespaces/hub/configmaps", 403),
        ("GET", "/api/v1/namespaces/hub/events", 200), ("DELETE", "/api/v1/namespaces/hub/events/x", 403),
        ("DELETE", "/api/v1/namespaces/hub/pods", 403), ("GET", "/api/v1/namespaces/hub/pods/x/log", 403),
        ("GET", "/version", 200), ("GET", "/api/v1", 200), ("GET", "/metrics", 403),
    ])
    func aTokenMayWhatItsRulesSay(method: String, path: String, status: Int) async throws {
        try await LivePocket.run { pocket in
            let reply = try await pocket.hub.send(method, path)
            #expect(reply.status == status)
        }
    }

    @Test(arguments: [
        ("Bearer wrong", 401), ("Bearer hub-toke", 401), ("Bearer hub-token2", 401), ("Basic aHViOmh1Yg==", 401),
        ("Bearer", 401), ("bearer hub-token", 200),
    ])
    func onlyAWholeTokenIsOne(header: String, status: Int) async throws {
        try await LivePocket.run { pocket in
            let reply = try await pocket.client.as(nil).send("GET", Self.pods, headers: [("Authorization", header)])
            #expect(reply.status == status)
        }
    }

    @Test func nobodyInParticularSeesHealthAndVersionOnly() async throws {
        try await LivePocket.run { pocket in
            let nobody = pocket.client.as(nil)
            for path in ["/healthz", "/livez", "/readyz", "/version"] {
                let reply = try await nobody.get(path)
                #expect(reply.status == 200)
            }
            for path in ["/api", "/apis", Self.pods, "/nosuch"] {
                let reply = try await nobody.get(path)
                #expect(reply.status == 403)
            }
        }
    }

    @Test func theNodeCannotBeMadeOrDeleted() async throws {
        try await LivePocket.run { pocket in
            let node: JSON = ["apiVersion": "v1", "kind": "Node", "metadata": ["name": "n"]]
            let made = try await pocket.client.post("/api/v1/nodes", node)
            #expect(made.status == 405)
            let deleted = try await pocket.client.delete("/api/v1/nodes/n")
            #expect(deleted.status == 405)
        }
    }
}
