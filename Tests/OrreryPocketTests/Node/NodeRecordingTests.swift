import Foundation
import OrreryModel
import Testing

@testable import OrreryPocket

/// Plays recorded pods again, and wants every watcher to see what it saw of a real node.
@Suite(.enabled(if: Recording.isPresent, "the recordings are not at hand"))
struct NodeRecordingTests {
    @Test(arguments: [
        "running-graceful", "ignores-sigterm", "double-delete", "completed", "failed", "crashloop", "deadline",
        "image-missing", "image-invalid-name", "image-never-pull", "bad-command", "missing-configmap",
        "nonroot-violation", "missing-secret-volume", "missing-hostpath", "pvc-unbound", "insufficient-resources",
        "init-container", "init-fails", "readiness-never", "delete-grace-0", "pvc-in-use",
        "delete-body-beats-query",
    ])
    func aPodLivesAsOnARealNode(_ name: String) async throws {
        let recording = try #require(try Recording(name))
        try await TestNode.prepare(configure) { test in
            try prepare(test)
            let playing = try Playing(recording, test)
            for (index, state) in recording.states.enumerated() {
                if index > 0, state.grace != recording.states[index - 1].grace, let grace = state.grace,
                    recording.states[index - 1].grace == nil || !state.isOver, !test.isGone(playing.key)
                {
                    _ = try await playing.events(playing.expected.filter { !$0.hasPrefix("Killing") })
                    test.delete(playing.key, grace: grace)
                }
                try await playing.reach(index)
            }
            #expect(try await playing.events(playing.expected) == playing.expected)
        }
    }

    private func configure(_ configuration: inout PocketConfiguration) {
        configuration.hostPaths = ["/nosuch"]
        configuration.storageClasses = [
            PocketConfiguration.StorageClass(name: "manual", directory: configuration.state + "/../volumes")
        ]
    }

    private func prepare(_ test: TestNode) throws {
        try test.create(
            .persistentvolumeclaims, "used",
            [
                "spec": [
                    "accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "500Mi"]],
                    "storageClassName": "manual",
                ],
                "status": ["phase": "Pending"],
            ])
    }
}

/// A pod of a recording on a node whose steps are taken by hand. Time goes as it went in the recording, however slow
/// this machine is: a process that takes its time is not overtaken by a wait of the node's.
private struct Playing {
    let key: ObjectStore.Key
    private let recording: Recording
    private let test: TestNode
    private let node: Node
    private let start: Date

    init(_ recording: Recording, _ test: TestNode) throws {
        self.recording = recording
        self.test = test
        test.clock.halt()
        start = test.clock.now
        node = try test.node()
        key = try test.create(Self.defaulted(recording.pod))
    }

    /// What a real API server would have filled in.
    private static func defaulted(_ pod: JSON) -> JSON {
        var pod = pod
        var spec = pod["spec"] ?? [:]
        if spec["restartPolicy"] == nil { spec["restartPolicy"] = "Always" }
        if spec["terminationGracePeriodSeconds"] == nil { spec["terminationGracePeriodSeconds"] = 30 }
        pod["spec"] = spec
        return pod
    }

    /// Goes on until watchers have seen as many states as were recorded up to `index`, and compares the last.
    func reach(_ index: Int) async throws {
        try await goOn(to: index) { seen in
            guard seen.count > index else { return false }
            if seen[index] != recording.states[index] {
                Issue.record("state \(index) is\n    \(seen[index])\nbut was\n    \(recording.states[index])")
                throw CancellationError()
            }
            return true
        }
    }

    /// The recorded events, each once, in the order in which they first came.
    var expected: [String] { Self.plain(recording.events) }

    /// Those of the `wanted` events that were given, in their order, once all were.
    func events(_ wanted: [String]) async throws -> [String] {
        var given: [String] = []
        try await goOn(to: nil) { _ in
            given = Self.plain(test.events(of: key.name)).filter(wanted.contains)
            return given.count >= wanted.count
        }
        return given
    }

    /// Takes steps until `isDone`, which is given what watchers have seen so far. Turns the clock until it shows when
    /// the state `index` was recorded, and a bit more.
    private func goOn(to index: Int?, until isDone: ([PodState]) throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        let end = index.map { start.addingTimeInterval(recording.times[$0] - recording.times[0] + 1.5) }
        while true {
            let seen = PodState.distinct(
                test.history(of: key.name).map { PodState($0.object, isGone: $0.type == .deleted) })
            if try isDone(seen) { return }
            guard .now < deadline else {
                let last = seen.last.map { "\($0)" } ?? "nothing"
                Issue.record("after\n    \(last)\ndoes not come what was recorded, state \(index ?? -1)")
                throw CancellationError()
            }
            try await node.step()
            if let end, test.clock.now < end, isSeen(seen.last) { test.clock.turn(by: 0.1) }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Whether watchers know how the pod is now.
    private func isSeen(_ last: PodState?) -> Bool {
        test.store.object(key).map { PodState($0, isGone: false) == last } ?? true
    }

    private static func plain(_ events: [String]) -> [String] {
        events.map { event in
            // Uids, and what only a machine with a registry can say.
            let words = event.replacing(/[0-9a-f]{8}-[0-9a-f-]{27}/, with: "UID")
                .replacing(/(127|10)\.\d+\.\d+\.\d+/, with: "ADDRESS")
                .replacing(/Failed to pull image .*/, with: "Failed to pull image")
            return String(words)
        }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}

extension TestNode {
    func isGone(_ key: ObjectStore.Key) -> Bool { store.object(key) == nil }
}
