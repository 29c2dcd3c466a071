import Foundation
import Glibc
import OrreryModel
import Testing

@testable import OrreryPocket

/// Pods outlive the node that started them.
@Suite struct NodeRestartTests {
    @Test func aRunningPodIsFoundAgainAndNotStartedTwice() async throws {
        try await restarting("trap 'echo asked; exit 0' TERM; echo begun; while :; do sleep 0.05; done") { test, key in
            test.delete(key, grace: 30)
            try await test.waitUntilGone(key)
            let last = try await test.wholeHistory(of: key.name).last?.object
            #expect(last?.phase == "Succeeded")
            #expect(last?.container["restartCount"] == 0)
            #expect(test.events(of: key.name).filter { $0.hasPrefix("Started") }.count == 1)
        }
    }

    @Test func anEndWhileNobodyLookedIsSeenWithItsCodeAndItsWords() async throws {
        try await restarting(
            "echo begun; while [ ! -e /flag/end ]; do sleep 0.02; done; echo last words; exit 7", policy: "Never",
            meanwhile: { test, key, pod in
                let uid = pod["metadata"]?["uid"]?.string ?? ""
                try FileBytes.replace("\(test.volume("flag", of: key))/end", with: [])
                let record = try JSON(parsing: FileBytes.read("\(test.configuration.state)/node/pods/\(uid)/pod.json"))
                let number = record["containers"]?["notebook"]?["state"]?["running"]?["_0"]?["outer"]?["number"]
                let outer = try #require(number?.integer.flatMap(Int32.init(exactly:)))
                let deadline = ContinuousClock.now + .seconds(60)
                while ProcessIdentity(running: outer) != nil, .now < deadline {
                    try await Task.sleep(for: .milliseconds(10))
                }
                #expect(test.store.object(key)?.isRunning == true)
            }
        ) { test, key in
            let ended = try await test.wait(for: key) { $0.phase == "Failed" }
            #expect(ended.container["state"]?["terminated"]?["exitCode"] == 7)
            #expect(try test.log(of: key) == ["begun", "last words"])
        }
    }

    @Test func aPodDeletedWhileNobodyLookedIsEnded() async throws {
        try await restarting(
            "echo begun; while :; do sleep 0.05; done",
            meanwhile: { test, key, _ in test.store.remove(key) }
        ) { test, key in
            let deadline = ContinuousClock.now + .seconds(60)
            let all = "\(test.configuration.state)/node/pods"
            while !FileBytes.names(in: all).isEmpty, .now < deadline { try await Task.sleep(for: .milliseconds(10)) }
            #expect(FileBytes.names(in: all) == [])
        }
    }

    @Test func stoppingEverythingLeavesNoProcess() async throws {
        let test = try TestNode()
        let node = try test.node()
        let work = Task { try await node.run() }
        let key = try test.create(Pods.shell("stubborn", "trap '' TERM; sleep 1000 & wait; sleep 1000"))
        try await test.wait(for: key) { $0.isRunning }
        let outer = try test.outer(of: key)
        work.cancel()
        try await work.value
        #expect(outer.isAlive)
        try await test.end()
        #expect(!outer.isAlive)
        #expect(test.store.object(key)?.phase == "Failed")
        #expect(test.store.object(key)?["status"]?["reason"] == "Terminated")
    }

    /// Runs `script` under one node until it has said `begun`, does `meanwhile` with no node, and `then` under the next one.
    private func restarting(
        _ script: String, policy: String = "Always",
        meanwhile: (TestNode, ObjectStore.Key, JSON) async throws -> Void = { _, _, _ in },
        then: (TestNode, ObjectStore.Key) async throws -> Void
    ) async throws {
        let test = try TestNode()
        var pod = Pods.shell("lasting", script)
        pod["spec"]?["restartPolicy"] = .string(policy)
        pod.mount("flag", ["emptyDir": [:]], at: "/flag")
        let first = try test.node()
        let work = Task { try await first.run() }
        let key = try test.create(pod)
        // Running is said when the command may begin. Before its shell has got to its trap it is deaf to SIGTERM, as the
        // first process of a container is to every signal it has no handler for.
        let running = try await test.wait(for: key, "has not begun") { pod in
            pod.isRunning && (try? test.log(of: key)) == ["begun"]
        }
        work.cancel()
        try await work.value
        let process = try test.outer(of: key)
        #expect(process.isAlive)
        try await meanwhile(test, key, running)
        let second = try test.node()
        let more = Task { try await second.run() }
        do {
            try await then(test, key)
        } catch {
            Issue.record(error)
        }
        more.cancel()
        try await more.value
        try await test.end()
    }
}

extension TestNode {
    /// The sandbox process of a pod's one container.
    func outer(of key: ObjectStore.Key) throws -> ProcessIdentity {
        let uid = store.object(key)?["metadata"]?["uid"]?.string ?? ""
        let bytes = try FileBytes.read("\(configuration.state)/node/pods/\(uid)/pod.json")
        let runtime = try JSONDecoder().decode(PodRuntime.self, from: Data(bytes))
        return try #require(runtime.containers["notebook"]?.run?.outer)
    }
}
