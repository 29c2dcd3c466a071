import Foundation
import OrreryModel
import Synchronization
import Testing

@testable import OrreryPocket

/// A node without processes over a store of its own.
struct HollowNodeTests {
    private let directory: TemporaryDirectory
    private let configuration: PocketConfiguration
    private let store: ObjectStore
    /// Pods listen at real ports, so each test has addresses of its own.
    private static let blocks = Mutex(92)

    init() throws {
        directory = try TemporaryDirectory()
        var configuration = try LivePocket.configuration(directory: directory.path)
        let block = Self.blocks.withLock { number in
            number += 1
            return number
        }
        configuration.addresses = try #require(PocketConfiguration.AddressRange("127.\(block).0.0/16"))
        configuration.node.processes = false
        configuration.node.pods = 2
        self.configuration = configuration
        store = try ObjectStore(directory: configuration.state)
    }

    private static func key(_ name: String) -> ObjectStore.Key {
        ObjectStore.Key(kind: .pods, namespace: "hub", name: name)
    }

    private func make(_ name: String, _ change: (inout JSON) -> Void = { _ in }) throws {
        var pod = JSON.pod(name)
        pod["spec"]?["containers"] = [
            [
                "name": "notebook", "image": "registry.test/nosuch:1", "ports": [["containerPort": 18_888]],
                "env": [["name": "JUPYTERHUB_SERVICE_PREFIX", "value": .string("/user/\(name)/")]],
            ]
        ]
        change(&pod)
        _ = try store.create(Self.key(name), pod)
    }

    private func running(_ work: (HollowNode) async throws -> Void) async throws {
        let node = HollowNode(configuration: configuration, store: store)
        try await withThrowingTaskGroup { group in
            group.addTask { try await node.run() }
            try await work(node)
            group.cancelAll()
        }
    }

    private func pod(_ name: String, where condition: (JSON) -> Bool) async throws -> JSON {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if let pod = store.object(Self.key(name)), condition(pod) { return pod }
            await Task.yield()
        }
        return try #require(nil as JSON?, "\(name) never got there")
    }

    private static func isReady(_ pod: JSON) -> Bool {
        (pod["status"]?["conditions"]?.array ?? []).contains { $0["type"] == "Ready" && $0["status"] == "True" }
    }

    private static func fetch(_ path: String, of pod: JSON) async -> String? {
        let address = pod["status"]?["podIP"]?.string ?? ""
        guard let socket = try? await LoopbackSocket.connect(to: address, 18_888, until: .now + .seconds(5)) else {
            return nil
        }
        try? await socket.send(Array("GET \(path) HTTP/1.1\r\nConnection: close\r\n\r\n".utf8))
        var answer: [UInt8] = []
        while let chunk = try? await socket.receive(), !chunk.isEmpty { answer += chunk }
        return String(decoding: answer.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    }

    @Test func aPodGoesThroughTheStatesOfARealOneAndAnswers() async throws {
        let changes = try store.changes(.pods)
        try await running { _ in
            try make("a")
            let pod = try await pod("a", where: Self.isReady)
            #expect(await Self.fetch("/user/a/api", of: pod) == "HTTP/1.1 200 OK")
            #expect(await Self.fetch("/user/b/api", of: pod) == "HTTP/1.1 404 Not Found")
        }
        store.finish()
        var seen: [String] = []
        for await change in changes {
            let state = change.object["status"]?["containerStatuses"]?.array?.first?["state"]
            let word = state?["waiting"]?["reason"]?.string ?? state?.object?.keys.first ?? "-"
            let phase = change.object["status"]?["phase"]?.string ?? "-"
            let ready = Self.isReady(change.object) ? "ready" : "not"
            let place = change.object["spec"]?["nodeName"] == nil ? "nowhere" : "placed"
            seen.append("\(place) \(phase) \(word) \(ready)")
        }
        #expect(
            seen == [
                "nowhere - - not", "placed Pending - not", "placed Pending ContainerCreating not",
                "placed Pending ContainerCreating not", "placed Running running not", "placed Running running ready",
            ])
    }

    @Test func anAddressRefusesWhenItsPodIsGone() async throws {
        try await running { _ in
            try make("a")
            let pod = try await pod("a", where: Self.isReady)
            _ = store.update(Self.key("a")) { $0["metadata"]?["deletionTimestamp"] = "2026-11-22T00:00:00Z" }
            while store.object(Self.key("a")) != nil { await Task.yield() }
            #expect(await Self.fetch("/user/a/api", of: pod) == nil)
        }
    }

    @Test func aPodWaitsForAPlaceUntilAnotherLeaves() async throws {
        try await running { _ in
            for name in ["a", "b"] {
                try make(name)
                _ = try await pod(name, where: Self.isReady)
            }
            try make("c")
            _ = try await pod("c") { $0["status"]?["conditions"]?.array?.first?["reason"] == "Unschedulable" }
            _ = store.update(Self.key("a")) { $0["metadata"]?["deletionTimestamp"] = "2026-11-22T00:00:00Z" }
            _ = try await pod("c", where: Self.isReady)
        }
    }

    @Test func podsKeepTheirAddressesWhenPocketStartsAgain() async throws {
        var before: JSON = .null
        try await running { _ in
            try make("a")
            before = try await pod("a", where: Self.isReady)
        }
        #expect(await Self.fetch("/user/a/api", of: before) == nil)
        try await running { _ in
            while await Self.fetch("/user/a/api", of: before) == nil { await Task.yield() }
            let after = try await pod("a", where: Self.isReady)
            #expect(after["status"]?["podIP"] == before["status"]?["podIP"])
            #expect(after["status"]?["startTime"] == before["status"]?["startTime"])
        }
    }

    @Test func aPodEndsAtItsDeadline() async throws {
        try await running { _ in
            try make("a") { $0["spec"]?["activeDeadlineSeconds"] = 1 }
            let pod = try await pod("a") { $0["status"]?["phase"] == "Failed" }
            #expect(pod["status"]?["reason"] == "DeadlineExceeded")
        }
    }
}
