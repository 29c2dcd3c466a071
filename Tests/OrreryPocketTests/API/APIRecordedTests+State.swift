import OrreryModel
import Testing

@testable import OrreryPocket

extension APIRecordedTests {
    /// Brings pocket into the state in which a case was recorded, by sending what was recorded before it.
    static func prepare(_ name: String, _ pocket: LivePocket) async throws {
        let hub = "/api/v1/namespaces/hub"
        if name == "namespace-create-201" { pocket.store.remove(ObjectStore.Key(kind: .namespaces, name: "hub")) }
        if needsAlice.contains(name) {
            for earlier in ["pvc-create-201", "pod-create-201"] { try await send(earlier, exchange: 0, pocket) }
        }
        if ["pvc-create-409", "pvc-immutable-422", "pvc-resize-unbound-422"].contains(name) {
            try await send("pvc-create-201", exchange: 0, pocket)
        }
        if name == "list-selectors" {
            for exchange in 0..<3 { try await send("patch", exchange: exchange, pocket) }
            try await send("pod-generatename-201", exchange: 0, pocket)
            for exchange in 1..<4 { try await send("field-validation", exchange: exchange, pocket) }
        }
        switch name {
        case "pod-delete-pending-200": _ = try await pocket.hub.post(hub + "/pods", victim)
        case "deletecollection-200", "list-limit-continue": try await fill(pocket)
        case "gc-ownerreference": try await makeOwner(pocket)
        case "namespace-terminating-403":
            let dying: JSON = ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "dying"]]
            _ = try await pocket.client.post("/api/v1/namespaces", dying)
            // Something has to be in it, or it would be gone before the second request.
            _ = try await pocket.client.post("/api/v1/namespaces/dying/pods", .pod("running"))
            pocket.bind("running", namespace: "dying")
        case "quota-exceeded-403":
            _ = try await pocket.client.post(
                "/api/v1/namespaces", ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "quota"]])
            let quota: JSON = [
                "apiVersion": "v1", "kind": "ResourceQuota", "metadata": ["name": "q"],
                "spec": ["hard": ["persistentvolumeclaims": "0", "pods": "1", "requests.memory": "1Gi"]],
            ]
            _ = try await pocket.client.post("/api/v1/namespaces/quota/resourcequotas", quota)
        default: break
        }
    }

    private static let needsAlice: Set<String> = [
        "pod-create-409", "pod-get-200", "pod-immutable-422", "update-conflict-409", "patch", "list-selectors",
        "delete-precondition-409", "pvc-delete-unscheduled-200", "method-not-allowed-405", "watch-single",
    ]

    private static func send(_ name: String, exchange: Int, _ pocket: LivePocket) async throws {
        let exchange = try RecordedCase(name).exchanges[exchange]
        let reply = try await exchange.client(pocket).send(
            exchange.method, exchange.path, exchange.body, headers: exchange.headers)
        #expect(reply.status == exchange.status)
    }

    private static let victim: JSON = [
        "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "victim"],
        "spec": [
            "nodeSelector": ["nosuch": "label"],
            "containers": [
                ["name": "notebook", "image": "nbk.local/busybox:1", "command": ["sh", "-c", "sleep 3600"]]
            ],
        ],
    ]

    /// The seven labelled ConfigMaps of the recording, and the one that every namespace of a real cluster has.
    static func fill(_ pocket: LivePocket) async throws {
        for number in 0..<7 {
            var map = JSON.configMap("c\(number)")
            map["metadata"]?["labels"] = ["i": .string("\(number % 2)")]
            _ = try await pocket.client.post("/api/v1/namespaces/work/configmaps", map)
        }
        _ = try await pocket.client.post("/api/v1/namespaces/work/configmaps", .configMap("kube-root-ca.crt"))
    }

    /// The recorded dependent names its owner by uid.
    private static func makeOwner(_ pocket: LivePocket) async throws {
        let exchange = try RecordedCase("gc-ownerreference").exchanges[0]
        let dependent = try JSON(parsing: exchange.body ?? [])
        let uid = dependent["metadata"]?["ownerReferences"]?.array?.first?["uid"]
        _ = try pocket.store.create(
            ObjectStore.Key(kind: .configmaps, namespace: "work", name: "owner"), ["metadata": ["uid": uid ?? .null]])
    }
}
