import Foundation
import Glibc
import Logging
import OrreryModel
import Synchronization
import Testing

@testable import OrreryPocket

/// A node with an own store and state directory below `/tmp`, and nothing left of it afterwards.
final class TestNode: Sendable {
    let directory: String
    let configuration: PocketConfiguration
    let store: ObjectStore
    let clock = TestClock()
    private let seen: Seen
    private let news: Seen
    private let watches: [Task<Void, Never>]

    static let image = "nbk.local/busybox:1"
    static let name = "node-rec"

    /// Runs `body` with a node that works; ends every process and removes the directory after it.
    static func run(
        sandbox: Sandbox = .own, _ change: (inout PocketConfiguration) -> Void = { _ in },
        _ body: (TestNode) async throws -> Void
    ) async throws {
        try await prepare(sandbox: sandbox, change) { test in
            let node = try test.node(sandbox: sandbox)
            let work = Task { try await node.run() }
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(test))
            } catch {
                result = .failure(error)
            }
            work.cancel()
            try? await work.value
            try result.get()
        }
    }

    /// Runs `body`, which may take a node's steps by hand; ends every process and removes the directory after it.
    static func prepare(
        sandbox: Sandbox = .own, _ change: (inout PocketConfiguration) -> Void = { _ in },
        _ body: (TestNode) async throws -> Void
    ) async throws {
        let test = try TestNode(change)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(test))
        } catch {
            result = .failure(error)
        }
        try await test.end(sandbox)
        try result.get()
    }

    init(_ change: (inout PocketConfiguration) -> Void = { _ in }) throws {
        directory = "/tmp/pocket-test-\(UInt64.random(in: .min ... .max))"
        try FileBytes.makeDirectory("\(directory)/environment/bin")
        try FileBytes.replace("\(directory)/environment/pyvenv.cfg", with: Array("home = /usr/bin\n".utf8))
        // Not readable for all by itself: the pods see it through a bind.
        unsafe chmod(directory, 0o755)
        var configuration = PocketConfiguration(
            cluster: "test", port: 0, state: "\(directory)/state",
            node: PocketConfiguration.Node(
                name: Self.name, cpu: CPUCount(millicores: 4000), memory: ByteCount(bytes: 8 << 30)),
            addresses: try #require(PocketConfiguration.AddressRange("127.99.0.0/16")))
        configuration.images = [
            PocketConfiguration.Image(
                name: "nbk.local/busybox", tag: "1", digest: "sha256:" + String(repeating: "a", count: 64),
                content: .environment("\(directory)/environment"))
        ]
        change(&configuration)
        self.configuration = configuration
        store = try ObjectStore(directory: "\(directory)/state")
        let seen = (pods: Seen(), events: Seen())
        let changes = (pods: try store.changes(.pods), events: try store.changes(.events))
        (self.seen, news) = seen
        watches = [
            Task { for await change in changes.pods { seen.pods.add(change) } },
            Task { for await change in changes.events { seen.events.add(change) } },
        ]
    }

    func node(sandbox: Sandbox = .own) throws -> Node {
        var logger = Logger(label: "test")
        logger.logLevel = .warning
        return try Node(configuration: configuration, store: store, logger: logger, sandbox: sandbox) {
            self.clock.now
        }
    }

    /// Ends what still runs and removes the directory.
    func end(_ sandbox: Sandbox = .own) async throws {
        try await node(sandbox: sandbox).stopAll(patience: .zero)
        for watch in watches { watch.cancel() }
        FileBytes.remove(directory)
    }

    /// The states that watchers have seen of the pod so far, oldest first.
    func history(of name: String) -> [ObjectStore.Change] { seen.all.filter { $0.key.name == name } }

    /// The same, once the pod's removal is among them.
    func wholeHistory(of name: String) async throws -> [ObjectStore.Change] {
        let deadline = ContinuousClock.now + .seconds(60)
        while history(of: name).last?.type != .deleted, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(5))
        }
        return history(of: name)
    }

    func create(_ pod: JSON) throws -> ObjectStore.Key {
        let name = pod["metadata"]?["name"]?.string ?? ""
        let key = ObjectStore.Key(kind: .pods, namespace: "work", name: name)
        var pod = pod
        pod["metadata"]?["generation"] = 1
        pod["status"] = ["phase": "Pending", "qosClass": "BestEffort"]
        _ = try store.create(key, pod)
        return key
    }

    func create(_ kind: Kind, _ name: String, _ object: JSON) throws {
        let namespace = kind.isNamespaced ? "work" : ""
        _ = try store.create(ObjectStore.Key(kind: kind, namespace: namespace, name: name), object)
    }

    /// Deletes as the API does.
    func delete(_ key: ObjectStore.Key, grace: Int64) {
        let deleted = store.update(key) { pod in
            let phase = pod["status"]?["phase"]?.string
            let isIdle = pod["spec"]?["nodeName"] == nil || phase == "Succeeded" || phase == "Failed"
            let grace = isIdle ? 0 : grace
            pod["metadata"]?["deletionTimestamp"] = .string(clock.now.addingTimeInterval(Double(grace)).timestamp)
            pod["metadata"]?["deletionGracePeriodSeconds"] = .integer(grace)
            pod["metadata"]?["generation"] = 2
        }
        if deleted?["metadata"]?["deletionGracePeriodSeconds"]?.integer == 0 { store.remove(key) }
    }

    /// The pod once it is as `condition` wants it. Fails the test when that takes longer than any machine should need.
    /// Takes the steps of `node`, where nobody else does.
    @discardableResult
    func wait(
        for key: ObjectStore.Key, turning seconds: Double = 0, stepping node: Node? = nil, _ what: String = "",
        until condition: (JSON) -> Bool
    ) async throws -> JSON {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if let pod = store.object(key), condition(pod) { return pod }
            try await node?.step()
            clock.turn(by: seconds)
            try await Task.sleep(for: .milliseconds(10))
        }
        let pod = store.object(key)
        Issue.record("\(key) \(what): \(pod?["status"]?.text ?? "gone") \(events(of: key.name))")
        throw CancellationError()
    }

    func waitUntilGone(_ key: ObjectStore.Key, turning seconds: Double = 0) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while store.object(key) != nil {
            guard ContinuousClock.now < deadline else {
                Issue.record("\(key) stays: \(store.object(key)?.text ?? "")")
                throw CancellationError()
            }
            clock.turn(by: seconds)
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// `Reason: message` of the events about an object, in the order in which they first came.
    func events(of name: String) -> [String] {
        news.all.filter { $0.type == .added && $0.object["involvedObject"]?["name"]?.string == name }
            .map { "\($0.object["reason"]?.string ?? ""): \($0.object["message"]?.string ?? "")" }
    }

    /// Where a volume of the pod's lies.
    func volume(_ name: String, of key: ObjectStore.Key) -> String {
        let uid = store.object(key)?["metadata"]?["uid"]?.string ?? ""
        return "\(configuration.state)/node/pods/\(uid)/volumes/\(name)"
    }

    /// What a container has printed, without times.
    func log(of key: ObjectStore.Key, container: String = "notebook", previous: Bool = false) throws -> [String] {
        let uid = store.object(key)?["metadata"]?["uid"]?.string ?? ""
        guard let path = try node().logFile(podUID: uid, container: container, previous: previous) else { return [] }
        let text = String(decoding: try FileBytes.read(path), as: UTF8.self)
        return text.split(separator: "\n").map { line in
            line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).dropFirst(3).joined()
        }
    }

    /// Runs a script in a pod of its own to its end and answers with what it printed.
    func output(of script: String, _ change: (inout JSON) -> Void = { _ in }) async throws -> [String] {
        var pod = Pods.shell("script-\(UInt32.random(in: 0 ... .max))", script)
        pod["spec"]?["restartPolicy"] = "Never"
        change(&pod)
        let key = try create(pod)
        let ended = try await wait(for: key) { ["Succeeded", "Failed"].contains($0["status"]?["phase"]?.string ?? "") }
        let problem = ended.container["state"]?["terminated"]?["message"]?.string
        return try log(of: key) + (problem.map { [$0] } ?? [])
    }
}

/// What a watcher has seen.
final class Seen: Sendable {
    private let changes = Mutex<[ObjectStore.Change]>([])

    var all: [ObjectStore.Change] { changes.withLock { $0 } }

    func add(_ change: ObjectStore.Change) { changes.withLock { $0.append(change) } }
}

/// A clock that goes on as the real one does until it is halted, and further when it is turned.
final class TestClock: Sendable {
    private let state = Mutex((ahead: 0.0, haltedAt: Date?.none))

    var now: Date { state.withLock { ($0.haltedAt ?? Date()).addingTimeInterval($0.ahead) } }

    func turn(by seconds: Double) { state.withLock { $0.ahead += seconds } }

    /// From here on only turning moves it.
    func halt() { state.withLock { $0.haltedAt = Date() } }
}

enum Pods {
    /// A pod with one container that runs a shell script.
    static func shell(_ name: String, _ script: String) -> JSON {
        [
            "metadata": ["name": .string(name)],
            "spec": [
                "containers": [
                    [
                        "name": "notebook", "image": .string(TestNode.image),
                        "command": ["sh", "-c", .string(script)], "imagePullPolicy": "IfNotPresent",
                    ]
                ],
                "restartPolicy": "Always", "terminationGracePeriodSeconds": 30,
            ],
        ]
    }
}

extension JSON {
    /// The status of the pod's one container.
    var container: JSON { self["status"]?["containerStatuses"]?.array?.first ?? .null }
    var phase: String { self["status"]?["phase"]?.string ?? "" }
    var waitingReason: String { container["state"]?["waiting"]?["reason"]?.string ?? "" }
    var isRunning: Bool { container["state"]?["running"] != nil }
    var isReady: Bool { condition("Ready")?["status"]?.string == "True" }
    var version: String { self["metadata"]?["resourceVersion"]?.string ?? "" }

    func condition(_ type: String) -> JSON? {
        self["status"]?["conditions"]?.array?.first { $0["type"]?.string == type }
    }

    /// Changes the first container of a pod.
    mutating func container(_ change: (inout JSON) -> Void) {
        var containers = self["spec"]?["containers"]?.array ?? []
        change(&containers[0])
        self["spec"]?["containers"] = .array(containers)
    }

    mutating func mount(_ name: String, _ source: JSON, at path: String, _ more: [String: JSON] = [:]) {
        var volumes = self["spec"]?["volumes"]?.array ?? []
        if !volumes.contains(where: { $0["name"]?.string == name }) {
            var volume = source
            volume["name"] = .string(name)
            volumes.append(volume)
        }
        self["spec"]?["volumes"] = .array(volumes)
        container { container in
            let mount = JSON.object(
                ["name": .string(name), "mountPath": .string(path)].merging(more) { _, own in own })
            container["volumeMounts"] = .array((container["volumeMounts"]?.array ?? []) + [mount])
        }
    }
}
