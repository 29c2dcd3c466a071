import Foundation
import OrreryModel
import Testing

@testable import OrreryPocket

@Suite struct NodeClaimTests {
    @Test func aConfiguredVolumeIsBoundToItsClaimAndMounted() async throws {
        try await TestNode.run({ configuration in
            configuration.volumes = [
                .init(
                    name: "projects", directory: configuration.state + "/../projects",
                    capacity: ByteCount(bytes: 1 << 40), claim: ("work", "project"))
            ]
        }) { test in
            try FileBytes.makeDirectory("\(test.directory)/projects/g/photoz", mode: 0o755)
            try test.create(.persistentvolumeclaims, "project", Self.claim(nil))
            let lines = try await test.output(of: "ls /project; touch /project/new && echo written") {
                $0.mount("p", ["persistentVolumeClaim": ["claimName": "project"]], at: "/project", ["subPath": "g"])
            }
            #expect(lines == ["photoz", "written"])
            let claim = test.claim("project")
            #expect(claim?["status"]?["phase"] == "Bound")
            #expect(claim?["spec"]?["volumeName"] == "projects")
            #expect(claim?["status"]?["capacity"]?["storage"] == "1Ti")
            #expect(claim?["metadata"]?["annotations"]?["pv.kubernetes.io/bind-completed"] == "yes")
        }
    }

    @Test func aClassThatWaitsMakesItsVolumeForTheFirstConsumer() async throws {
        try await TestNode.run({ configuration in
            configuration.storageClasses = [
                .init(
                    name: "scratch", directory: configuration.state + "/../scratch", isDefault: true,
                    waitsForConsumer: true)
            ]
        }) { test in
            try test.create(.persistentvolumeclaims, "lazy", Self.claim(nil))
            let key = ObjectStore.Key(kind: .persistentvolumeclaims, namespace: "work", name: "lazy")
            try await test.wait(for: key) { _ in !test.events(of: "lazy").isEmpty }
            #expect(
                test.events(of: "lazy")
                    == ["WaitForFirstConsumer: waiting for first consumer to be created before binding"])
            let lines = try await test.output(of: "echo mine > /data/f; cat /data/f") { pod in
                pod["spec"]?["securityContext"] = ["runAsUser": 4321]
                pod.mount("d", ["persistentVolumeClaim": ["claimName": "lazy"]], at: "/data")
            }
            #expect(lines == ["mine"])
            #expect(test.events(of: "lazy").last?.hasPrefix("ProvisioningSucceeded: ") == true)
            test.store.remove(key)
            let name = try #require(FileBytes.names(in: "\(test.directory)/scratch").first)
            let volume = ObjectStore.Key(
                kind: .persistentvolumes, name: "pvc-" + (name.components(separatedBy: "-pvc-").last ?? ""))
            try await test.wait(for: volume) { $0.phase == "Released" }
            #expect(FileBytes.exists("\(test.directory)/scratch/\(name)/f"))
        }
    }

    @Test(
        arguments: [
            (JSON("nosuch"), "ProvisioningFailed: storageclass.storage.k8s.io \"nosuch\" not found"),
            (nil, "FailedBinding: no persistent volumes available for this claim and no storage class is set"),
        ] as [(JSON?, String)])
    func aClaimThatNothingFitsStaysPendingAndSaysWhy(_ storageClass: JSON?, _ event: String) async throws {
        try await TestNode.run { test in
            try test.create(.persistentvolumeclaims, "lost", Self.claim(storageClass))
            var pod = Pods.shell("waiting", "true")
            pod.mount("d", ["persistentVolumeClaim": ["claimName": "lost"]], at: "/data")
            let key = try test.create(pod)
            let waiting = try await test.wait(for: key) { $0.condition("PodScheduled") != nil }
            #expect(
                waiting.condition("PodScheduled")?["message"]
                    == "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found")
            try await test.wait(for: key) { _ in test.events(of: "lost") == [event] }
            #expect(test.claim("lost")?["status"]?["phase"] == "Pending")
        }
    }

    @Test func aClaimForOnePodIsNotGivenToTwo() async throws {
        try await TestNode.run({ configuration in
            configuration.storageClasses = [.init(name: "fast", directory: configuration.state + "/../fast")]
        }) { test in
            var claim = Self.claim("fast")
            claim["spec"]?["accessModes"] = ["ReadWriteOncePod"]
            try test.create(.persistentvolumeclaims, "own", claim)
            func pod(_ name: String) -> JSON {
                var pod = Pods.shell(name, "while :; do sleep 0.05; done")
                pod.mount("d", ["persistentVolumeClaim": ["claimName": "own"]], at: "/data")
                return pod
            }
            let first = try test.create(pod("first"))
            try await test.wait(for: first) { $0.isRunning }
            let second = try test.create(pod("second"))
            let waiting = try await test.wait(for: second) { $0.condition("PodScheduled") != nil }
            let words = waiting.condition("PodScheduled")?["message"]?.string ?? ""
            #expect(words.contains("with the same name and ReadWriteOncePod access mode"), "\(words)")
            test.store.remove(first)
            try await test.wait(for: second) { $0.isRunning }
        }
    }

    private static func claim(_ storageClass: JSON?) -> JSON {
        var claim: JSON = [
            "spec": ["accessModes": ["ReadWriteMany"], "resources": ["requests": ["storage": "1Gi"]]],
            "status": ["phase": "Pending"],
        ]
        claim["spec"]?["storageClassName"] = storageClass
        return claim
    }
}

extension TestNode {
    fileprivate func claim(_ name: String) -> JSON? {
        store.object(ObjectStore.Key(kind: .persistentvolumeclaims, namespace: "work", name: name))
    }
}
