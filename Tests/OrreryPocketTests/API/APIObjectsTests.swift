import OrreryModel
import Testing

@testable import OrreryPocket

@Suite struct APIObjectsTests {
    @Test func aPodGetsWhatAServerFillsIn() async throws {
        try await LivePocket.run { pocket in
            let pod = try await pocket.hub.post("/api/v1/namespaces/hub/pods", .pod("a")).json
            #expect(pod["status"] == ["phase": "Pending", "qosClass": "BestEffort"])
            #expect(pod["spec"]?["restartPolicy"] == "Always")
            #expect(pod["spec"]?["terminationGracePeriodSeconds"] == 30)
            #expect(pod["spec"]?["tolerations"]?.array?.count == 2)
            #expect(pod["spec"]?["containers"]?.array?.first?["imagePullPolicy"] == "IfNotPresent")
            #expect(pod["metadata"]?["namespace"] == "hub")
            #expect(pod.uid?.count == 36)
        }
    }

    @Test func textsOfASecretBecomeData() async throws {
        try await LivePocket.run { pocket in
            let secret = try await pocket.hub.post("/api/v1/namespaces/hub/secrets", .secret("s")).json
            #expect(secret["data"] == ["key": "dmFsdWU="])
            #expect(secret["stringData"] == nil)
            #expect(secret["type"] == "Opaque")
        }
    }

    @Test func whatIsNotBase64IsRefused() async throws {
        try await LivePocket.run { pocket in
            var secret = JSON.secret("s")
            secret["data"] = ["key": "!!!"]
            let reply = try await pocket.hub.post("/api/v1/namespaces/hub/secrets", secret)
            #expect(reply.status == 400)
            #expect(reply.message?.hasSuffix("illegal base64 data at input byte 0") == true)
        }
    }

    @Test func aBrokenSecretIsNotRepeatedInTheError() async throws {
        try await LivePocket.run { pocket in
            let body = Array("{\"stringData\": {\"key\": \"hunter2\"".utf8)
            let reply = try await pocket.hub.send("POST", "/api/v1/namespaces/hub/secrets", body)
            #expect(reply.status == 400)
            #expect(!reply.body.contains("hunter2"))
        }
    }

    @Test func anImmutableConfigMapStaysAsItIs() async throws {
        try await LivePocket.run { pocket in
            var map = JSON.configMap("m", data: ["a": "1"])
            map["immutable"] = true
            _ = try await pocket.client.post("/api/v1/namespaces/hub/configmaps", map)
            let path = "/api/v1/namespaces/hub/configmaps/m"
            let reply = try await pocket.client.patch(path, ["data": ["a": "2"]])
            #expect(reply.status == 422)
            #expect(reply.message?.contains("field is immutable when `immutable` is set") == true)
            #expect(try await pocket.client.get(path).json["data"] == ["a": "1"])
        }
    }

    @Test func aFinalizerIsRefused() async throws {
        try await LivePocket.run { pocket in
            var pod = JSON.pod("a")
            pod["metadata"]?["finalizers"] = ["example.org/mine"]
            let reply = try await pocket.hub.post("/api/v1/namespaces/hub/pods", pod)
            #expect(reply.status == 422)
            #expect(reply.json["details"]?["causes"]?.array?.first?["field"] == "metadata.finalizers")
        }
    }

    @Test func aPatchChangesMetadataAndNothingElse() async throws {
        try await LivePocket.run { pocket in
            let pod = try await pocket.hub.post("/api/v1/namespaces/hub/pods", .pod("a")).json
            let path = "/api/v1/namespaces/hub/pods/a"
            let changed = try await pocket.hub.patch(path, ["metadata": ["labels": ["x": "y"]]]).json
            #expect(changed["metadata"]?["labels"] == ["x": "y"])
            #expect(changed["spec"] == pod["spec"])
            #expect(changed.uid == pod.uid)
            let same = try await pocket.hub.patch(path, ["metadata": ["labels": ["x": "y"]]]).json
            #expect(same.revision == changed.revision, "a patch that changes nothing makes no new version")
        }
    }

    @Test func aPutWithAnOldVersionConflicts() async throws {
        try await LivePocket.run { pocket in
            let path = "/api/v1/namespaces/hub/configmaps"
            let map = try await pocket.client.post(path, .configMap("m")).json
            _ = try await pocket.client.patch(path + "/m", ["data": ["a": "1"]])
            let reply = try await pocket.client.send("PUT", path + "/m", Array(map.text.utf8))
            #expect(reply.status == 409)
            #expect(reply.reason == "Conflict")
        }
    }

    @Test func somethingNotEncodedAsJSONIsRefused() async throws {
        try await LivePocket.run { pocket in
            let path = "/api/v1/namespaces/hub/pods"
            let reply = try await pocket.hub.send(
                "POST", path, Array("x".utf8), headers: [("Content-Type", "application/vnd.kubernetes.protobuf")])
            #expect(reply.status == 415)
            let table = [("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")]
            #expect(try await pocket.hub.send("GET", path, headers: table).status == 406)
        }
    }

    @Test func aClaimGetsTheDefaultClassUnlessItSaysNone() async throws {
        try await LivePocket.run { pocket in
            let storageClass: JSON = [
                "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "test",
                "metadata": [
                    "name": "usual", "annotations": ["storageclass.kubernetes.io/is-default-class": "true"],
                ],
            ]
            let classes = "/apis/storage.k8s.io/v1/storageclasses"
            #expect(try await pocket.client.post(classes, storageClass).status == 201)
            for (name, spec) in [("a", [:]), ("b", ["storageClassName": ""])] as [(String, JSON)] {
                let whole = spec.merging([
                    "accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]],
                ])
                let claim: JSON = [
                    "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": ["name": .string(name)],
                    "spec": whole,
                ]
                let made = try await pocket.hub.post("/api/v1/namespaces/hub/persistentvolumeclaims", claim).json
                #expect(made["spec"]?["storageClassName"] == (name == "a" ? "usual" : ""))
            }
        }
    }

    @Test func objectsOfTheConfigurationAreThere() async throws {
        let quota: JSON = [
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": ["name": "q", "namespace": "hub"],
            "spec": ["hard": ["pods": "1"]],
        ]
        try await LivePocket.run({ $0.objects = [quota] }) { pocket in
            let path = "/api/v1/namespaces/hub/resourcequotas/q"
            try await pocket.eventually("the quota has no status") {
                try await pocket.client.get(path).json["status"]?["used"] == ["pods": "0"]
            }
        }
    }

    @Test func anObjectThatNoServerWouldTakeIsAnErrorAtTheStart() throws {
        let store = try ObjectStore(directory: TemporaryDirectory().path)
        var configuration = try LivePocket.configuration(directory: "/nowhere")
        configuration.objects = [["kind": "ConfigMap", "metadata": ["name": "Bad_Name", "namespace": "hub"]]]
        #expect(throws: PocketError.self) { try Seed.plant(configuration, in: store) }
    }
}
