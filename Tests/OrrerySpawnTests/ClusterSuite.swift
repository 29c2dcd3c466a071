import FoundationEssentials
import OrreryModel
import OrreryStore
import Testing

@testable import OrrerySpawn

/// The same promises on a cluster that is really there: pocket, or any other.
@Suite(
    .serialized, .timeLimit(.minutes(5)),
    .enabled(if: ClusterEnvironment.isGiven, "ORRERY_TEST_CLUSTER_URL, _TOKEN, _NAMESPACE and _IMAGE are not given"))
struct ClusterSuite {
    /// Answers 200 to everything, where the contract says.
    static let server = [
        "python3", "-c",
        """
        import http.server, os, urllib.parse
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers()
                self.wfile.write(b"{}")
        address = urllib.parse.urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
        http.server.ThreadingHTTPServer((address.hostname, address.port), Handler).serve_forever()
        """,
    ]

    @Test func aSessionBecomesReadySurvivesItsHubAndEnds() async throws {
        let hub = try await ClusterHub()
        try hub.start()
        let (session, story) = try await hub.follow(Self.server)
        #expect(story.last?.state == .ready, "\(story.map(\.message))")
        let before = try #require(try await hub.store.session(id: session.id))
        await hub.kill()

        let spawner = try hub.start()
        #expect(await reaches { spawner.condition(of: "north") == .ready })
        #expect(await reaches { hub.routes.prefixes == ["/user/ada/"] })
        let after = try #require(try await hub.store.session(id: session.id))
        #expect(after.podUID == before.podUID)
        #expect(after.state == .ready)
        #expect(spawner.orphans().isEmpty)

        try await spawner.stop(session.id, by: "ada")
        #expect(hub.routes.prefixes.isEmpty)
        #expect(await hasEnded(session, hub))
        #expect(try await hub.store.session(id: session.id)?.endReason == .stoppedByPerson)
        await hub.kill()
    }

    @Test func anImageThatDoesNotExistIsOneClearSentence() async throws {
        let hub = try await ClusterHub()
        try hub.start()
        let missing = "registry.orrery.test/no/such@sha256:" + String(repeating: "0", count: 64)
        let (_, story) = try await hub.follow(["true"], image: missing)
        let last = try #require(story.last)
        #expect(last.state == .ended)
        #expect(last.message.contains("does not exist, or north may not read it"), "\(story.map(\.message))")
        await hub.kill()
    }

    @Test func aCrashKeepsItsLastLines() async throws {
        let hub = try await ClusterHub()
        try hub.start()
        let (session, story) = try await hub.follow(["python3", "-c", "print('last words'); raise SystemExit(3)"])
        #expect(story.last?.message.contains("status 3") == true, "\(story.map(\.message))")
        #expect(story.contains { $0.message.contains("last words") })
        #expect(try await hub.store.session(id: session.id)?.endReason == .failedToStart)
        await hub.kill()
    }

    private func reaches(_ condition: () async -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while await !condition() {
            guard ContinuousClock.now < deadline else { return false }
            try? await Task.sleep(for: .milliseconds(20))
        }
        return true
    }

    private func hasEnded(_ session: SessionRecord, _ hub: ClusterHub) async -> Bool {
        await reaches { (try? await hub.store.session(id: session.id)?.state) == .ended }
    }
}
