import OrreryModel
import Testing

@testable import OrreryPocket

/// Files that are made from objects follow the objects while the pod runs.
@Suite struct NodeRenewalTests {
    private static let secret: JSON = ["secret": ["secretName": "keys"]]

    @Test func aChangedSecretReachesTheRunningPodInOneMove() async throws {
        try await TestNode.run { test in
            try test.create(.secrets, "keys", ["data": ["a": "b2xk", "b": "b2xk"]])
            var pod = Pods.shell(
                "renewed",
                """
                cd /keys; echo "$(cat a) $(readlink a)"
                until [ "$(cat a)" = new ]; do [ "$(cat a b | wc -c)" -ge 6 ] || echo torn; done
                until [ $(ls -A | wc -l) = 4 ]; do sleep 0.02; done
                echo "$(cat a b) $(ls)"
                """)
            pod["spec"]?["restartPolicy"] = "Never"
            pod.mount("keys", Self.secret, at: "/keys")
            let key = try test.create(pod)
            try await test.wait(for: key) { _ in (try? test.log(of: key).isEmpty) == false }
            test.change("keys", ["a": "bmV3", "b": "bmV3"])
            try await test.wait(for: key) { $0.phase == "Succeeded" }
            #expect(try test.log(of: key) == ["old ..data/a", "newnew a", "b"])
        }
    }

    @Test func whatIsMissingStaysAndWhatIsNewComes() async throws {
        try await TestNode.prepare { test in
            let node = try test.node()
            try test.create(.secrets, "keys", ["data": ["a": "QQ=="]])
            var pod = Pods.shell(
                "kept", "echo up; until [ -e /keys/b ] && [ ! -L /keys/a ]; do sleep 0.02; done; ls /keys; sleep 600")
            pod.mount("keys", Self.secret, at: "/keys")
            let key = try test.create(pod)
            try await test.wait(for: key, stepping: node) { _ in (try? test.log(of: key).isEmpty) == false }
            test.change("keys", ["b": "Qg=="])
            try await test.wait(for: key, stepping: node) { _ in (try? test.log(of: key)) == ["up", "b"] }
            test.store.remove(ObjectStore.Key(kind: .secrets, namespace: "work", name: "keys"))
            test.clock.turn(by: 5)
            try await node.step()
            #expect(test.store.object(key)?.isRunning == true)
            let volume = ProjectedDirectory(path: test.volume("keys", of: key))
            #expect(volume.shows([.init(path: "b", content: [0x42], mode: nil)]))
        }
    }

    @Test(arguments: ["..", "../a", "..a", "a/../../b", "/a"])
    func noNameLeadsOutOfTheVolume(_ name: String) throws {
        let path = "/tmp/pocket-test-\(UInt64.random(in: .min ... .max))"
        defer { FileBytes.remove(path) }
        #expect(throws: PocketError.self) {
            try ProjectedDirectory(path: "\(path)/volume").show(
                [.init(path: name, content: [], mode: nil)], defaultMode: nil, group: nil)
        }
    }
}

extension TestNode {
    /// Somebody writes new data into a Secret.
    fileprivate func change(_ name: String, _ data: [String: JSON]) {
        _ = store.update(ObjectStore.Key(kind: .secrets, namespace: "work", name: name)) { $0["data"] = .object(data) }
    }
}
