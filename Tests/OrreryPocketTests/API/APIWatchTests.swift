import OrreryModel
import Testing

@testable import OrreryPocket

@Suite struct APIWatchTests {
    private static let maps = "/api/v1/namespaces/work/configmaps"

    private static func label(_ line: JSON) -> String {
        "\(line["type"]?.string ?? "") \(line["object"]?["metadata"]?["name"]?.string ?? "")"
    }

    /// The next `count` lines of a watch.
    private static func lines(
        _ count: Int, _ path: String, _ pocket: LivePocket, opened: @Sendable () async throws -> Void = {}
    ) async throws -> [JSON] {
        var lines: [JSON] = []
        try await pocket.client.watch(path, opened: opened) { line in
            lines.append(line)
            return lines.count < count
        }
        return lines
    }

    @Test func aWatchShowsWhatIsThereAndThenWhatHappens() async throws {
        try await LivePocket.run { pocket in
            _ = try await pocket.client.post(Self.maps, .configMap("a"))
            let lines = try await Self.lines(4, Self.maps + "?watch=1", pocket) {
                _ = try await pocket.client.post(Self.maps, .configMap("b"))
                _ = try await pocket.client.patch(Self.maps + "/b", ["data": ["x": "y"]])
                _ = try await pocket.client.delete(Self.maps + "/b")
            }
            #expect(lines.map(Self.label) == ["ADDED a", "ADDED b", "MODIFIED b", "DELETED b"])
            #expect(lines[2]["object"]?["kind"] == "ConfigMap")
        }
    }

    @Test func aWatchResumesAfterTheVersionItIsGiven() async throws {
        try await LivePocket.run { pocket in
            let first = try await pocket.client.post(Self.maps, .configMap("a")).json
            _ = try await pocket.client.post(Self.maps, .configMap("b"))
            _ = try await pocket.client.delete(Self.maps + "/a")
            let path = Self.maps + "?watch=1&resourceVersion=\(try #require(first.revision))"
            let lines = try await Self.lines(2, path, pocket)
            #expect(lines.map(Self.label) == ["ADDED b", "DELETED a"])
        }
    }

    @Test func afterARestartAnOldVersionIsGone() async throws {
        let directory = try TemporaryDirectory()
        let configuration = try LivePocket.configuration(directory: directory.path)
        try await LivePocket.run(configuration, directory: directory.path) { pocket in
            for name in ["a", "b"] { _ = try await pocket.client.post(Self.maps, .configMap(name)) }
        }
        try await LivePocket.run(configuration, directory: directory.path) { pocket in
            let present = try #require(try await pocket.client.get(Self.maps).json.revision)
            let lines = try await Self.lines(1, Self.maps + "?watch=1&resourceVersion=2", pocket)
            #expect(lines.first?["type"] == "ERROR")
            #expect(lines.first?["object"]?["code"] == 410)
            #expect(lines.first?["object"]?["reason"] == "Expired")
            let path = Self.maps + "?watch=1&resourceVersion=\(present)"
            let next = try await Self.lines(1, path, pocket) {
                _ = try await pocket.client.post(Self.maps, .configMap("c"))
            }
            #expect(next.map(Self.label) == ["ADDED c"], "the version of now can be watched from")
        }
    }

    @Test func anObjectThatComesToMatchIsAddedAndOneThatStopsIsDeleted() async throws {
        try await LivePocket.run { pocket in
            _ = try await pocket.client.post(Self.maps, .configMap("a"))
            let version = pocket.store.version
            for value in [JSON.string("yes"), .string("no")] {
                _ = try await pocket.client.patch(Self.maps + "/a", ["metadata": ["labels": ["mine": value]]])
            }
            let path = Self.maps + "?watch=1&labelSelector=mine%3Dyes&resourceVersion=\(version)"
            let lines = try await Self.lines(2, path, pocket)
            #expect(lines.map(Self.label) == ["ADDED a", "DELETED a"])
        }
    }

    @Test func bookmarksCarryTheVersionOfTheWholeCluster() async throws {
        try await LivePocket.run({ $0.limits.bookmarkInterval = .milliseconds(20) }) { pocket in
            let version = pocket.store.version
            let path = Self.maps + "?watch=1&allowWatchBookmarks=true&resourceVersion=\(version)"
            var seen: Int64 = 0
            try await pocket.client.watch(path) {
                _ = try await pocket.client.post("/api/v1/namespaces/hub/configmaps", .configMap("elsewhere"))
            } each: { line in
                #expect(line["type"] == "BOOKMARK")
                seen = line["object"]?.revision ?? 0
                return seen <= version
            }
            #expect(seen > version)
        }
    }

    @Test func initialEventsEndWithAMark() async throws {
        try await LivePocket.run { pocket in
            _ = try await pocket.client.post(Self.maps, .configMap("a"))
            let path = Self.maps + "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
            let lines = try await Self.lines(2, path + "&allowWatchBookmarks=true", pocket)
            #expect(lines.map(Self.label) == ["ADDED a", "BOOKMARK "])
            #expect(lines[1]["object"]?["metadata"]?["annotations"] == ["k8s.io/initial-events-end": "true"])
        }
    }

    @Test func aWatchEndsWhenItsTimeIsUp() async throws {
        try await LivePocket.run { pocket in
            let isEnded = try await pocket.client.watch(Self.maps + "?watch=1&timeoutSeconds=1") { _ in true }
            #expect(isEnded)
        }
    }

    @Test func oneWatchMoreThanThereMayBeIsToldToComeBack() async throws {
        try await LivePocket.run({ $0.limits.watches = 1 }) { pocket in
            try await pocket.client.watch(Self.maps + "?watch=1") {
                let refused = try await pocket.client.get(Self.maps + "?watch=1")
                #expect(refused.status == 429)
                #expect(refused.all("Retry-After") == ["1"])
                #expect(refused.all("Content-Type") == ["text/plain; charset=utf-8"])
                _ = try await pocket.client.post(Self.maps, .configMap("a"))
            } each: { _ in
                false
            }
            // The client is gone, and the server notices although it has nothing to say.
            try await pocket.eventually("the place of the closed watch was not given back") {
                try await pocket.client.get(Self.maps + "?watch=1&timeoutSeconds=0").status == 200
            }
        }
    }

    @Test func aShutdownEndsWatches() async throws {
        try await LivePocket.run { pocket in
            let isEnded = try await pocket.client.watch(Self.maps + "?watch=1") {
                await pocket.stop()
            } each: { _ in
                true
            }
            #expect(isEnded)
        }
    }
}
