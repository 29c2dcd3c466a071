import OrreryModel
import Testing

@testable import OrreryPocket

extension APIRecordedTests {
    private static let maps = "/api/v1/namespaces/work/configmaps"

    /// What pocket has of a real server's discovery is said as a real server says it.
    @Test func discoveryIsAPartOfTheRecordedOne() async throws {
        let recorded = try RecordedCase("discovery-legacy")
        try await LivePocket.run { pocket in
            let versions = try await pocket.client.get("/api").json
            #expect(versions["versions"] == ["v1"])
            let groups = try await pocket.client.get("/apis").json
            let theirs = try JSON(parsing: Array(recorded.exchanges[1].responseBody.utf8))["groups"]?.array ?? []
            #expect((groups["groups"]?.array ?? []).allSatisfy { theirs.contains($0) })
            let resources = try await pocket.client.get("/api/v1").json["resources"]?.array ?? []
            let recorded = try JSON(parsing: Array(recorded.exchanges[2].responseBody.utf8))["resources"]?.array ?? []
            for resource in resources {
                let real = try #require(recorded.first { $0["name"] == resource["name"] })
                for name in ["singularName", "namespaced", "kind"] { #expect(resource[name] == real[name]) }
                let verbs = Set(real["verbs"]?.array ?? [])
                #expect(verbs.isSuperset(of: resource["verbs"]?.array ?? []))
            }
        }
    }

    @Test func expiredListsAreRefusedAsRecorded() async throws {
        let recorded = try RecordedCase("list-continue-expired-410")
        try await afterARestart { pocket in
            let token = try ContinueToken("eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NDk4LCJzdGFydCI6Ii9jMVx1MDAwMCJ9")
            let ours = ContinueToken(version: 2, last: token.last).text
            let page = try await pocket.client.get(Self.maps + "?limit=2&continue=\(ours)")
            #expect(page.json == (try JSON(parsing: Array(recorded.exchanges[0].responseBody.utf8))))
            let exact = try await pocket.client.get(Self.maps + "?resourceVersion=2&resourceVersionMatch=Exact")
            #expect(exact.json == (try JSON(parsing: Array(recorded.exchanges[1].responseBody.utf8))))
        }
    }

    @Test func aListFromTheFutureIsGivenUpAsRecorded() async throws {
        let exchange = try RecordedCase("list-rv-future").exchanges[0]
        try await LivePocket.run({ $0.limits.patience = .milliseconds(100) }) { pocket in
            let reply = try await pocket.hub.get(exchange.path)
            #expect(reply.status == exchange.status)
            #expect(reply.all("Retry-After") == ["1"])
            let current = "current: \(pocket.store.version)"
            let message = try JSON(parsing: Array(exchange.responseBody.utf8))["message"]?.string
            #expect(reply.message == message?.replacing("current: 362", with: current))
            #expect(reply.json["details"]?["causes"]?.array?.first?["reason"] == "ResourceVersionTooLarge")
        }
    }

    @Test func tooManyWatchesAreRefusedAsRecorded() async throws {
        let exchange = try RecordedCase("too-many-requests-429").exchanges[2]
        try await LivePocket.run({ $0.limits.watches = 0 }) { pocket in
            let reply = try await pocket.hub.get(exchange.path)
            #expect(reply.status == exchange.status)
            #expect(reply.body == exchange.responseBody)
            for name in ["Content-Type", "Retry-After", "X-Content-Type-Options"] {
                #expect(reply.all(name) == exchange.responseHeaders.filter { $0.name == name }.map(\.value))
            }
        }
    }

    @Test func aWatchTooOldEndsAsRecorded() async throws {
        let recorded = try RecordedCase("watch-gone-410")
        try await afterARestart { pocket in
            let oldest = pocket.store.version
            for exchange in recorded.exchanges {
                let path = exchange.path.replacing("resourceVersion=2", with: "resourceVersion=1")
                var lines: [JSON] = []
                let isEnded = try await exchange.client(pocket).watch(path) { line in
                    lines.append(line)
                    return true
                }
                #expect(isEnded)
                let theirs = exchange.lines.map { line in
                    var line = line
                    line["object"]?["message"] = .string("too old resource version: 1 (\(oldest))")
                    return line
                }
                #expect(lines == theirs)
            }
        }
    }

    @Test func aWatchSaysWhatHappensAsRecorded() async throws {
        let exchange = try RecordedCase("watch-events-bookmark").exchanges[0]
        let theirs = exchange.lines.map(\.normalized)
        try await LivePocket.run({ $0.limits.lastBookmark = .milliseconds(300) }) { pocket in
            var (lines, seconds) = ([JSON](), 3)
            // All must have happened before the bookmark, which a busy machine may need longer for.
            while lines != theirs, seconds < 60 {
                lines = []
                let path = Self.maps + "?watch=1&allowWatchBookmarks=true&timeoutSeconds=\(seconds)&resourceVersion="
                let isEnded = try await pocket.client.watch(path + "\(pocket.store.version)") {
                    _ = try await pocket.client.post(Self.maps, ["metadata": ["name": "w1"]])
                    _ = try await pocket.client.patch(Self.maps + "/w1", ["data": ["a": "b"]])
                    _ = try await pocket.client.delete(Self.maps + "/w1")
                } each: { line in
                    lines.append(line.normalized)
                    return true
                }
                #expect(isEnded)
                seconds *= 2
            }
            #expect(lines == theirs)
        }
    }

    @Test func aWatchFromTheFutureIsSilentAsRecorded() async throws {
        let exchange = try RecordedCase("watch-future-rv").exchanges[0]
        try await LivePocket.run { pocket in
            var lines: [JSON] = []
            let path = exchange.path.replacing("timeoutSeconds=5", with: "timeoutSeconds=1")
            try await pocket.client.watch(path) {
                _ = try await pocket.client.post(Self.maps, .configMap("a"))
            } each: { line in
                lines.append(line)
                return true
            }
            #expect(lines == exchange.lines)
        }
    }

    @Test(arguments: ["watch-no-rv", "watch-initial-events"])
    func aWatchBeginsWithWhatIsThereAsRecorded(name: String) async throws {
        let exchange = try RecordedCase(name).exchanges[0]
        try await LivePocket.run { pocket in
            try await Self.fill(pocket)
            var lines: [JSON] = []
            let path = exchange.path.replacing(/timeoutSeconds=\d/, with: "timeoutSeconds=1")
            try await pocket.client.watch(path) { line in
                if line["object"]?["metadata"]?["name"] != "kube-root-ca.crt" { lines.append(line.normalized) }
                return true
            }
            let theirs = exchange.lines.filter { $0["object"]?["metadata"]?["name"] != "kube-root-ca.crt" }
            #expect(lines == theirs.map(\.normalized))
        }
    }

    @Test func aWatchOfOnePodBeginsAsRecorded() async throws {
        let exchange = try RecordedCase("watch-single").exchanges[0]
        try await LivePocket.run { pocket in
            try await Self.prepare("watch-single", pocket)
            _ = try await pocket.hub.post("/api/v1/namespaces/hub/pods", .pod("another"))
            var lines: [JSON] = []
            let path = exchange.path.replacing("timeoutSeconds=2", with: "timeoutSeconds=1")
            try await pocket.hub.watch(path) { line in
                lines.append(line.normalized)
                return true
            }
            #expect(lines.count == 1)
            #expect(lines.first?["type"] == exchange.lines.first?["type"])
            #expect(lines.first?["object"]?["spec"] == exchange.lines.first?.normalized["object"]?["spec"])
        }
    }

    /// A pocket with a past of which it knows nothing any more.
    private func afterARestart(_ work: @escaping @Sendable (LivePocket) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        let configuration = try LivePocket.configuration(directory: directory.path)
        try await LivePocket.run(configuration, directory: directory.path) { try await Self.fill($0) }
        try await LivePocket.run(configuration, directory: directory.path, work)
    }
}
