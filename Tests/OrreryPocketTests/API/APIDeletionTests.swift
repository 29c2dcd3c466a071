import Foundation
import OrreryModel
import Testing

@testable import OrreryPocket

@Suite struct APIDeletionTests {
    private static let pods = "/api/v1/namespaces/hub/pods"

    @Test func aPodWithoutANodeGoesAtOnce() async throws {
        try await LivePocket.run { pocket in
            _ = try await pocket.hub.post(Self.pods, .pod("a"))
            let gone = try await pocket.hub.delete(Self.pods + "/a")
            #expect(gone.json["metadata"]?["deletionGracePeriodSeconds"] == 0)
            #expect(try await pocket.hub.get(Self.pods + "/a").status == 404)
        }
    }

    @Test func aPodOnANodeGetsItsTime() async throws {
        try await LivePocket.run { pocket in
            _ = try await pocket.hub.post(Self.pods, .pod("a"))
            pocket.bind("a")
            let before = Date.now
            let marked = try await pocket.hub.delete(Self.pods + "/a", ["gracePeriodSeconds": 20]).json
            #expect(marked["metadata"]?["deletionGracePeriodSeconds"] == 20)
            let text = try #require(marked["metadata"]?["deletionTimestamp"]?.string)
            let end = try Date(text, strategy: .iso8601)
            #expect((18...22).contains(end.timeIntervalSince(before)))
            #expect(try await pocket.hub.get(Self.pods + "/a").json == marked, "the node ends it, not the API")
        }
    }

    @Test func aSecondDeletionOnlyShortens() async throws {
        try await LivePocket.run { pocket in
            _ = try await pocket.hub.post(Self.pods, .pod("a"))
            pocket.bind("a")
            func grace(_ seconds: Int64) async throws -> JSON? {
                try await pocket.hub.delete(Self.pods + "/a", ["gracePeriodSeconds": .integer(seconds)])
                    .json["metadata"]?["deletionGracePeriodSeconds"]
            }
            #expect(try await grace(20) == 20)
            #expect(try await grace(25) == 20)
            #expect(try await grace(5) == 5)
            #expect(try await grace(0) == 0)
            #expect(try await pocket.hub.get(Self.pods + "/a").status == 404)
        }
    }

    @Test(arguments: ["uid", "resourceVersion"])
    func aPreconditionThatDoesNotHoldKeepsTheObject(field: String) async throws {
        try await LivePocket.run { pocket in
            _ = try await pocket.hub.post(Self.pods, .pod("a"))
            let reply = try await pocket.hub.delete(Self.pods + "/a", ["preconditions": [field: "other"]])
            #expect(reply.status == 409)
            #expect(reply.reason == "Conflict")
            #expect(try await pocket.hub.get(Self.pods + "/a").status == 200)
        }
    }

    @Test func whatAPodOwnsGoesWithIt() async throws {
        try await LivePocket.run { pocket in
            let pod = try await pocket.hub.post(Self.pods, .pod("a")).json
            let path = "/api/v1/namespaces/hub/secrets"
            _ = try await pocket.hub.post(path, .secret("owned", owner: pod))
            _ = try await pocket.hub.post(path, .secret("free"))
            _ = try await pocket.hub.delete(Self.pods + "/a")
            try await pocket.eventually("the owned secret stays") {
                try await pocket.hub.get(path + "/owned").status == 404
            }
            #expect(try await pocket.hub.get(path + "/free").status == 200)
        }
    }

    @Test func whatIsOrphanedStays() async throws {
        try await LivePocket.run { pocket in
            let pod = try await pocket.hub.post(Self.pods, .pod("a")).json
            let path = "/api/v1/namespaces/hub/secrets/owned"
            _ = try await pocket.hub.post("/api/v1/namespaces/hub/secrets", .secret("owned", owner: pod))
            _ = try await pocket.hub.delete(Self.pods + "/a", ["propagationPolicy": "Orphan"])
            Upkeep(store: pocket.store).sweep()
            #expect(try await pocket.hub.get(path).json["metadata"]?["ownerReferences"] == nil)
            #expect(try await pocket.hub.get(path).status == 200)
        }
    }

    @Test func aNamespaceGoesWithWhatIsInIt() async throws {
        try await LivePocket.run { pocket in
            _ = try await pocket.client.post("/api/v1/namespaces/work/configmaps", .configMap("a"))
            #expect(try await pocket.client.delete("/api/v1/namespaces/work").json["status"]?["phase"] == "Terminating")
            try await pocket.eventually("the namespace stays") {
                try await pocket.client.get("/api/v1/namespaces/work").status == 404
            }
            #expect(pocket.store.list(.configmaps, namespace: "work").objects.isEmpty)
        }
    }

    @Test func aClaimInUseWaitsForItsPod() async throws {
        try await LivePocket.run { pocket in
            let claims = "/api/v1/namespaces/hub/persistentvolumeclaims"
            let claim: JSON = [
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": ["name": "home"],
                "spec": ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]]],
            ]
            #expect(try await pocket.hub.post(claims, claim).status == 201)
            var pod = JSON.pod("a")
            pod["spec"]?["volumes"] = [["name": "home", "persistentVolumeClaim": ["claimName": "home"]]]
            _ = try await pocket.hub.post(Self.pods, pod)
            pocket.bind("a")
            #expect(try await pocket.hub.delete(claims + "/home").status == 200)
            #expect(try await pocket.hub.get(claims + "/home").json["metadata"]?["deletionTimestamp"] != nil)
            _ = try await pocket.hub.delete(Self.pods + "/a", ["gracePeriodSeconds": 0])
            try await pocket.eventually("the claim stays although nobody uses it") {
                try await pocket.hub.get(claims + "/home").status == 404
            }
        }
    }
}
