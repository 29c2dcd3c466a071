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
        try await TestNode.run(configure) { test in
            try prepare(test)
            let key = try test.create(defaulted(recording.pod))
            for (index, state) in recording.states.enumerated() {
                if index > 0, state.grace != recording.states[index - 1].grace, let grace = state.grace,
                    recording.states[index - 1].grace == nil || !state.isOver, !test.isGone(key)
                {
                    await hear(recording, test, key)
                    test.delete(key, grace: grace)
                }
                try await reach(index, of: recording, test, key)
            }
            await compareEvents(recording, test, key)
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

    /// What a real API server would have filled in.
    private func defaulted(_ pod: JSON) -> JSON {
        var pod = pod
        var spec = pod["spec"] ?? [:]
        if spec["restartPolicy"] == nil { spec["restartPolicy"] = "Always" }
        if spec["terminationGracePeriodSeconds"] == nil { spec["terminationGracePeriodSeconds"] = 30 }
        pod["spec"] = spec
        return pod
    }

    /// Waits until watchers have seen as many states as were recorded up to `index`, and compares them. Time is turned
    /// only when nothing happens by itself.
    private func reach(_ index: Int, of recording: Recording, _ test: TestNode, _ key: ObjectStore.Key) async throws {
        let start = ContinuousClock.now
        while true {
            let seen = PodState.distinct(
                test.history(of: key.name).map { PodState($0.object, isGone: $0.type == .deleted) })
            if seen.count > index {
                guard seen[index] != recording.states[index] else { return }
                Issue.record("state \(index) is\n    \(seen[index])\nbut was\n    \(recording.states[index])")
                throw CancellationError()
            }
            let waited = ContinuousClock.now - start
            // This one takes its time to end, and is not to be hurried past its grace.
            if waited > .milliseconds(400), key.name != "run1" { test.clock.turn(by: 0.5) }
            guard waited < .seconds(15) else {
                let last = seen.last.map { "\($0)" } ?? "nothing"
                Issue.record("state \(index) does not come:\n    \(recording.states[index])\nafter\n    \(last)")
                throw CancellationError()
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Waits for what was said before the pod was deleted.
    private func hear(_ recording: Recording, _ test: TestNode, _ key: ObjectStore.Key) async {
        let expected = Self.plain(recording.events).filter { !$0.hasPrefix("Killing") }
        _ = await events(expected, test, key)
    }

    /// Each recorded event must be there, in the order in which they first came, in the same words.
    private func compareEvents(_ recording: Recording, _ test: TestNode, _ key: ObjectStore.Key) async {
        let theirs = Self.plain(recording.events)
        #expect(await events(theirs, test, key) == theirs)
    }

    /// Those of the `expected` events that were given, once all were or it takes too long.
    private func events(_ expected: [String], _ test: TestNode, _ key: ObjectStore.Key) async -> [String] {
        let deadline = ContinuousClock.now + .seconds(60)
        func given() -> [String] { Self.plain(test.events(of: key.name)).filter(expected.contains) }
        while given().count < expected.count, .now < deadline { try? await Task.sleep(for: .milliseconds(10)) }
        return given()
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
