import Foundation
import OrreryModel
import Testing

@testable import OrreryPocket

@Suite struct NodeLifeTests {
    @Test func aServerBecomesReadyWhenItAnswersAtThePodsOwnAddress() async throws {
        try await TestNode.run { test in
            let keys = try ["web1", "web2"].map { name in
                var pod = Pods.shell(
                    name, "cd /tmp && echo \(name) > index.html && exec python3 -m http.server --bind $POD_IP 18888")
                pod.container { container in
                    container["env"] = [
                        ["name": "POD_IP", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]]]
                    ]
                    container["readinessProbe"] = [
                        "httpGet": ["port": 18888, "path": "/index.html"], "periodSeconds": 1,
                    ]
                }
                return try test.create(pod)
            }
            for key in keys {
                // The first answer comes too early, so the second probe is waited for.
                let ready = try await test.wait(for: key, turning: 0.05) { $0.isReady }
                let address = try #require(ready["status"]?["podIP"]?.string)
                let answer = try await answer(from: address, 18888, path: "/index.html")
                #expect(answer.hasSuffix("\r\n\r\n\(key.name)\n"))
                #expect(ready.container["ready"] == true)
            }
            #expect(Set(keys.map { test.store.object($0)?["status"]?["podIP"] }).count == 2)
        }
    }

    private func answer(from host: String, _ port: UInt16, path: String) async throws -> String {
        let socket = try await LoopbackSocket.connect(to: host, port, until: .now + .seconds(5))
        try await socket.send(Array("GET \(path) HTTP/1.0\r\n\r\n".utf8))
        var answer: [UInt8] = []
        while case let bytes = try await socket.receive(), !bytes.isEmpty { answer += bytes }
        return String(decoding: answer, as: UTF8.self)
    }

    @Test func readinessIsLostWhenTheProbeFailsAsOftenAsAllowed() async throws {
        try await TestNode.run { test in
            var pod = Pods.shell("fickle", "touch /tmp/well; while :; do sleep 0.05; done")
            pod.container {
                $0["readinessProbe"] = [
                    "exec": ["command": ["test", "-e", "/tmp/well"]], "periodSeconds": 1, "failureThreshold": 2,
                ]
                $0["livenessProbe"] = ["exec": ["command": ["rm", "/tmp/well"]], "periodSeconds": 10]
            }
            let key = try test.create(pod)
            try await test.wait(for: key, turning: 0.05) { $0.isReady || $0.isRunning }
            let lost = try await test.wait(for: key, turning: 0.05) { pod in
                test.events(of: "fickle").contains { $0.hasPrefix("Unhealthy: Readiness") } && !pod.isReady
            }
            #expect(lost.phase == "Running")
            #expect(lost.condition("Ready")?["reason"] == "ContainersNotReady")
        }
    }

    @Test(arguments: [Sandbox.own, .mapped])
    func aContainerThatIsNotAliveIsStartedAgain(_ sandbox: Sandbox) async throws {
        try await TestNode.run(sandbox: sandbox) { test in
            var pod = Pods.shell("live", "trap 'exit 0' TERM; touch /tmp/x; while :; do sleep 0.05; done")
            pod.container {
                $0["livenessProbe"] = [
                    "exec": ["command": ["sh", "-c", "test $(id -u) = 77 && ! test -e /tmp/x"]], "periodSeconds": 1,
                    "failureThreshold": 2,
                ]
            }
            pod["spec"]?["securityContext"] = ["runAsUser": 77]
            let key = try test.create(pod)
            let again = try await test.wait(for: key, turning: 0.02) {
                $0.container["restartCount"] == 1 && $0.isRunning
            }
            #expect(again.container["lastState"]?["terminated"]?["exitCode"] == 0)
            let events = test.events(of: "live")
            #expect(events.contains("Unhealthy: Liveness probe failed: "))
            #expect(events.contains("Killing: Container notebook failed liveness probe, will be restarted"))
            #expect(try test.log(of: key, previous: true) == [])
        }
    }

    @Test func readinessWaitsForTheStartupProbe() async throws {
        try await TestNode.run { test in
            var pod = Pods.shell("slow", "while :; do sleep 0.05; done")
            pod.mount("flag", ["emptyDir": [:]], at: "/flag")
            pod.container {
                $0["startupProbe"] = [
                    "exec": ["command": ["test", "-e", "/flag/up"]], "periodSeconds": 1, "failureThreshold": 100,
                ]
            }
            let key = try test.create(pod)
            let running = try await test.wait(for: key) { $0.isRunning }
            #expect(running.container["started"] == false)
            #expect(!running.isReady)
            try FileBytes.replace("\(test.volume("flag", of: key))/up", with: [])
            let up = try await test.wait(for: key, turning: 0.02) { $0.isReady }
            #expect(up.container["started"] == true)
        }
    }

    @Test func variablesComeFromEverywhereAndAreExpanded() async throws {
        try await TestNode.run { test in
            try test.create(.secrets, "token", ["data": ["value": "c2VjcmV0"]])
            try test.create(.configmaps, "settings", ["data": ["A": "1", "B": "2"]])
            let lines = try await test.output(of: "echo $URL; echo $X_A$X_B; echo $ODD; echo $0 $1") { pod in
                pod.container { container in
                    container["envFrom"] = [["prefix": "X_", "configMapRef": ["name": "settings"]]]
                    container["env"] = [
                        ["name": "TOKEN", "valueFrom": ["secretKeyRef": ["name": "token", "key": "value"]]],
                        ["name": "IP", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]]],
                        ["name": "URL", "value": "http://$(IP):80/$(TOKEN)/$(MISSING)/$$(IP)"],
                        [
                            "name": "ODD",
                            "valueFrom": ["secretKeyRef": ["name": "none", "key": "k", "optional": true]],
                        ],
                    ]
                    container["args"] = ["first", "$(TOKEN)"]
                }
            }
            #expect(lines == ["http://127.99.0.2:80/secret/$(MISSING)/$(IP)", "12", "", "first secret"])
        }
    }

    @Test func volumesOfObjectsHaveTheirItemsAndModes() async throws {
        try await TestNode.run { test in
            try test.create(.secrets, "keys", ["data": ["a": "QQ==", "b": "Qg=="]])
            let lines = try await test.output(
                of: "cd /keys; find -L . -path './..*' -prune -o -type f -printf '%p %m ' ; cat sub/one; touch x 2>&1"
            ) { pod in
                pod.mount(
                    "keys",
                    ["secret": ["secretName": "keys", "items": [["key": "b", "path": "sub/one", "mode": 256]]]],
                    at: "/keys")
                pod.mount("maybe", ["configMap": ["name": "none", "optional": true]], at: "/maybe")
            }
            #expect(lines == ["./sub/one 400 Btouch: cannot touch 'x': Read-only file system"])
        }
    }

    @Test func anNFSExportIsItsStandIn() async throws {
        try await TestNode.run({ configuration in
            configuration.nfs = [
                .init(server: "files.example", path: "/export", directory: configuration.state + "/../nfs")
            ]
        }) { test in
            try FileBytes.makeDirectory("\(test.directory)/nfs/ada", mode: 0o755)
            try FileBytes.replace("\(test.directory)/nfs/ada/f", with: Array("here\n".utf8), mode: 0o644)
            let lines = try await test.output(of: "cat /home/f") {
                $0.mount("n", ["nfs": ["server": "files.example", "path": "/export/ada"]], at: "/home")
            }
            #expect(lines == ["here"])
        }
    }

    @Test func anImageIsATreeThatNobodyWritesTo() async throws {
        let digest = "sha256:" + String(repeating: "ab", count: 32)
        try await TestNode.run({ configuration in
            configuration.images.append(
                .init(name: "registry.example/stack", digest: digest, content: .root(configuration.state + "/../stack"))
            )
        }) { test in
            try FileBytes.makeDirectory("\(test.directory)/stack/lib", mode: 0o777)
            let lines = try await test.output(of: "ls /software; touch /software/lib/x 2>/dev/null || echo closed") {
                $0.mount("s", ["image": ["reference": .string("registry.example/stack@\(digest)")]], at: "/software")
            }
            #expect(lines == ["lib", "closed"])
        }
    }

    @Test func aPodThatNeedsMoreThanIsLeftWaitsUntilThereIsRoom() async throws {
        try await TestNode.run { test in
            func pod(_ name: String) -> JSON {
                var pod = Pods.shell(name, "while :; do sleep 0.05; done")
                pod.container { $0["resources"] = ["requests": ["cpu": "3", "memory": "1Gi"]] }
                return pod
            }
            let first = try test.create(pod("first"))
            try await test.wait(for: first) { $0.isRunning }
            let second = try test.create(pod("second"))
            let waiting = try await test.wait(for: second) { $0.condition("PodScheduled") != nil }
            #expect(waiting.condition("PodScheduled")?["reason"] == "Unschedulable")
            try await test.wait(for: second) { _ in !test.events(of: "second").isEmpty }
            #expect(
                test.events(of: "second") == [
                    "FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, "
                        + "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."
                ])
            test.store.remove(first)
            try await test.wait(for: second) { $0.isRunning }
        }
    }
}
