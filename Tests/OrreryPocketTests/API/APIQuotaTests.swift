import OrreryModel
import Testing

@testable import OrreryPocket

@Suite struct APIQuotaTests {
    private static let pods = "/api/v1/namespaces/work/pods"

    private static func quota(_ hard: JSON) -> JSON {
        ["apiVersion": "v1", "kind": "ResourceQuota", "metadata": ["name": "q"], "spec": ["hard": hard]]
    }

    @Test func whatIsUsedFollowsPodsComingAndGoing() async throws {
        try await LivePocket.run { pocket in
            let quotas = "/api/v1/namespaces/work/resourcequotas"
            _ = try await pocket.client.post(quotas, Self.quota(["pods": "1", "limits.memory": "2Gi"]))
            var pod = JSON.pod("a")
            pod["spec"]?["containers"] = [
                ["name": "c", "image": "i:1", "resources": ["limits": ["memory": "1536Mi", "cpu": "0.5"]]]
            ]
            #expect(try await pocket.client.post(Self.pods, pod).status == 201)
            let used = try await pocket.client.get(quotas + "/q").json["status"]?["used"]
            #expect(used == ["pods": "1", "limits.memory": "1536Mi"])
            pod["metadata"]?["name"] = "b"
            let refused = try await pocket.client.post(Self.pods, pod)
            #expect(refused.status == 403)
            #expect(refused.message?.contains("exceeded quota: q, requested: limits.memory=1536Mi,pods=1") == true)
            _ = try await pocket.client.delete(Self.pods + "/a")
            #expect(try await pocket.client.post(Self.pods, pod).status == 201)
        }
    }

    @Test func aPodThatHasEndedCountsForNothing() async throws {
        try await LivePocket.run { pocket in
            _ = try await pocket.client.post("/api/v1/namespaces/work/resourcequotas", Self.quota(["pods": "1"]))
            _ = try await pocket.client.post(Self.pods, .pod("a"))
            let key = ObjectStore.Key(kind: .pods, namespace: "work", name: "a")
            _ = pocket.store.update(key) { $0["status"]?["phase"] = "Succeeded" }
            #expect(try await pocket.client.post(Self.pods, .pod("b")).status == 201)
        }
    }

    @Test func creationsAtOneMomentDoNotPassTogether() async throws {
        try await LivePocket.run { pocket in
            _ = try await pocket.client.post("/api/v1/namespaces/work/resourcequotas", Self.quota(["pods": "3"]))
            let statuses = try await withThrowingTaskGroup { group in
                for number in 0..<12 {
                    group.addTask { try await pocket.client.post(Self.pods, .pod("p\(number)")).status }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.filter { $0 == 201 }.count == 3)
            #expect(statuses.filter { $0 == 403 }.count == 9)
        }
    }

    @Test(arguments: [
        ("0.5", "500m"), ("0.05", "50m"), ("1G", "1G"), ("1024Mi", "1Gi"), ("1500m", "1500m"), ("2000m", "2"),
        ("1000000", "1M"), ("0.5Gi", "512Mi"), ("512", "512"), ("0", "0"), ("1e3", "1k"), ("100Ki", "100Ki"),
    ])
    func aQuantityHasOneForm(text: String, canonical: String) {
        #expect(Quantity(text)?.description == canonical)
    }

    @Test(arguments: ["", "1 gig", "Gi", "1.2.3", "1KiB", "--1", "1m1", "é"])
    func whatIsNoQuantityIsNone(text: String) {
        #expect(Quantity(text) == nil)
    }
}
