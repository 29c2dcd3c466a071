import Foundation
import Logging
import OrreryModel
import ServiceLifecycle
import Testing

@testable import OrreryPocket

/// Both halves together, as a hub meets them.
@Suite(.enabled(if: Tool.missing == nil, "this machine lacks what the node needs"))
struct PocketServerTests {
    private static let pods = "/api/v1/namespaces/hub/pods"

    private static func configuration(_ directory: TemporaryDirectory) throws -> PocketConfiguration {
        let environment = directory.path + "/environment"
        try FileBytes.makeDirectory(environment + "/bin")
        try FileBytes.replace(environment + "/pyvenv.cfg", with: Array("home = /usr/bin\n".utf8))
        var configuration = try LivePocket.configuration(directory: directory.path)
        configuration.addresses = try #require(PocketConfiguration.AddressRange("127.91.0.0/16"))
        configuration.images = [
            PocketConfiguration.Image(name: "registry.test/lab", tag: "1", content: .environment(environment))
        ]
        return configuration
    }

    private static func run(
        _ configuration: PocketConfiguration, stopPodsAtExit: Bool,
        _ work: @escaping @Sendable (PocketClient) async throws -> Void
    ) async throws {
        var logger = Logger(label: "pocket-test")
        logger.logLevel = .critical
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let server = try PocketServer(
            configuration: configuration, logger: logger, stopPodsAtExit: stopPodsAtExit,
            onListening: { port in _ = listening.yield(port) })
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [server], logger: logger))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            for await port in ports {
                try await work(PocketClient(port: port))
                break
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    // Two would write the same journal and watch over the same pods.
    @Test func aStateDirectoryBelongsToOnePocketAlone() async throws {
        let directory = try TemporaryDirectory()
        let configuration = try Self.configuration(directory)
        try await Self.run(configuration, stopPodsAtExit: true) { client in
            let before = try FileBytes.read(configuration.state + "/objects.journal")
            let error = #expect(throws: PocketError.self) {
                try PocketServer(configuration: configuration, logger: Logger(label: "pocket-test"))
            }
            #expect("\(error, default: "")".contains("in use by another pocket"))
            // The first one may have written meanwhile, the other one has not begun anew.
            #expect(try FileBytes.read(configuration.state + "/objects.journal").starts(with: before))
            #expect(try await client.get("/readyz").status == 200)
        }
        try await Self.run(configuration, stopPodsAtExit: true) { _ in }
    }

    private static func pod(_ name: String, _ script: String) -> JSON {
        var pod = JSON.pod(name)
        pod["spec"]?["containers"] = [
            ["name": "notebook", "image": "registry.test/lab:1", "command": ["/bin/sh", "-c", .string(script)]]
        ]
        pod["spec"]?["restartPolicy"] = "Never"
        return pod
    }

    /// Watches the pod until `isReached`.
    private static func wait(
        for name: String, _ client: PocketClient, _ isReached: (_ type: String, _ pod: JSON) -> Bool
    ) async throws {
        let path = pods + "?watch=1&timeoutSeconds=60&fieldSelector=metadata.name%3D\(name)"
        let timedOut = try await client.watch(path) { line in
            !isReached(line["type"]?.string ?? "", line["object"] ?? .null)
        }
        #expect(!timedOut, "the pod never got there")
    }

    private static func waitUntilGone(_ path: String, _ client: PocketClient) async throws {
        try await eventually { try await client.get(path).status == 404 }
    }

    private static func eventually(_ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        var holds = try await condition()
        while !holds, ContinuousClock.now < deadline {
            await Task.yield()
            holds = try await condition()
        }
        #expect(holds)
    }

    @Test func aPodIsMadeSeenReadAndEnded() async throws {
        let directory = try TemporaryDirectory()
        try await Self.run(Self.configuration(directory), stopPodsAtExit: true) { client in
            let script = "echo one; echo two; trap 'echo bye; exit 0' TERM; while :; do sleep 0.1; done"
            let created = try await client.post(Self.pods, Self.pod("a", script))
            #expect(created.status == 201)
            try await Self.wait(for: "a", client) { _, pod in pod["status"]?["phase"] == "Running" }
            let log = Self.pods + "/a/log"
            try await Self.eventually { try await client.get(log).body == "one\ntwo\n" }
            #expect(try await client.get(log + "?tailLines=1").body == "two\n")
            #expect(try await client.get(log + "?tailLines=1&timestamps=true").body.hasSuffix("Z two\n"))
            #expect(try await client.get(log + "?container=nosuch").status == 400)
            #expect(try await client.get(log + "?previous=true").status == 400)
            let followed = try await client.get(log + "?follow=true") {
                _ = try await client.delete(Self.pods + "/a")
            }
            #expect(followed.body.hasPrefix("one\ntwo\n"))
            try await Self.waitUntilGone(Self.pods + "/a", client)
            let events = try await client.get("/api/v1/namespaces/hub/events?fieldSelector=involvedObject.name%3Da")
            let reasons = (events.json["items"]?.array ?? []).compactMap { $0["reason"]?.string }
            #expect(Set(reasons).isSuperset(of: ["Scheduled", "Started", "Killing"]))
        }
    }

    @Test func aPodOutlivesItsServer() async throws {
        let directory = try TemporaryDirectory()
        let configuration = try Self.configuration(directory)
        let path = Self.pods + "/a"
        try await Self.run(configuration, stopPodsAtExit: false) { client in
            _ = try await client.post(Self.pods, Self.pod("a", "exec sleep 600"))
            try await Self.wait(for: "a", client) { _, pod in pod["status"]?["phase"] == "Running" }
        }
        try await Self.run(configuration, stopPodsAtExit: true) { client in
            let pod = try await client.get(path).json
            #expect(pod["status"]?["phase"] == "Running")
            #expect(pod["status"]?["containerStatuses"]?.array?.first?["restartCount"] == 0)
            _ = try await client.delete(path, ["gracePeriodSeconds": 0])
            try await Self.waitUntilGone(path, client)
        }
    }
}
