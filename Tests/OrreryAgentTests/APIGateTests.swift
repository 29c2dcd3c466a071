import Foundation
import OrreryFetch
import OrreryKubernetes
import OrreryModel
import OrreryPocket
import Testing

@testable import OrreryAgent

/// The gate in front of a cluster, asked by the hub's own client.
@Suite(.timeLimit(.minutes(3))) struct APIGateTests {
    private static let name = "nb-ada-01k0000000session00000000a"
    private static let image = "registry.example/lab/jupyterlab@sha256:" + String(repeating: "4f1c", count: 16)

    static func pod(_ name: String = name, hub: String = "facility", groups: String? = nil) -> Pod {
        var container = Container(name: "notebook", image: image)
        container.securityContext = .restricted
        container.resources = ResourceRequirements(
            requests: ["cpu": "1", "memory": "1Gi"], limits: ["cpu": "1", "memory": "1Gi"])
        var spec = PodSpec(containers: [container])
        spec.automountServiceAccountToken = false
        spec.restartPolicy = "Never"
        spec.activeDeadlineSeconds = 3600
        var context = PodSecurityContext()
        context.runAsNonRoot = true
        context.runAsUser = 20_001
        context.runAsGroup = 20_001
        context.seccompProfile = SeccompProfile(type: "RuntimeDefault")
        context.supplementalGroupsPolicy = groups
        spec.securityContext = context
        return Pod(metadata: ObjectMeta(name: name, labels: ["orrery.io/hub": hub]), spec: spec)
    }

    private static var meta: ObjectMeta { ObjectMeta(labels: ["orrery.io/hub": "facility"]) }

    @Test func aSessionsWholeLifePasses() async throws {
        try await GatedCluster.run { cluster in
            var mark = Self.meta
            mark.name = Self.name + "-token"
            _ = try await cluster.hub.create(SecretObject(metadata: mark, texts: ["token": Secret("the-token")]))
            mark.name = Self.name + "-accounts"
            _ = try await cluster.hub.create(ConfigMap(metadata: mark, data: ["passwd": "x"]))
            let before = try await cluster.hub.list(Pod.self, Selection(labels: "orrery.io/hub=facility"))
            let made = try await cluster.hub.create(Self.pod())
            let version = try #require(before.metadata.resourceVersion)
            let watch = try await cluster.hub.watch(
                Pod.self, Selection(labels: "orrery.io/hub=facility"), after: version, timeout: .seconds(60))
            var events = watch.makeAsyncIterator()
            guard case .added(let seen)? = try await events.next() else { throw Unseen() }
            #expect(seen.metadata.uid == made.metadata.uid)
            #expect(try await cluster.hub.get(Pod.self, Self.name).metadata.uid == made.metadata.uid)
            try await cluster.hub.delete(Pod.self, Self.name, uid: made.metadata.uid, grace: .zero)
            try await cluster.hub.delete(ConfigMap.self, mark.name ?? "")
        }
    }

    private struct Unseen: Error {}

    @Test func aPodOfSomebodyElseIsNotThere() async throws {
        try await GatedCluster.run { cluster in
            let other = "nb-bob-01k0000000session00000000b"
            _ = try await cluster.direct.create(Self.pod(other, hub: "another"))
            await #expect { _ = try await cluster.hub.get(Pod.self, other) } throws: {
                ($0 as? KubernetesError)?.isNotFound == true
            }
            await #expect { try await cluster.hub.delete(Pod.self, other) } throws: {
                ($0 as? KubernetesError)?.isNotFound == true
            }
            await #expect { _ = try await cluster.hub.logTail(of: other, container: "notebook", lines: 5) } throws: {
                ($0 as? KubernetesError)?.isNotFound == true
            }
            #expect(try await cluster.direct.get(Pod.self, other).metadata.deletionTimestamp == nil)
            let own = try await cluster.hub.list(Pod.self, Selection(labels: "orrery.io/hub=facility"))
            #expect(own.items.isEmpty)
        }
    }

    @Test func whatTheSiteRefusesIsSaidInItsWords() async throws {
        try await GatedCluster.run(policy: "{site: South, hub: facility, maxima: {cpu: 500m}}") { cluster in
            await #expect { _ = try await cluster.hub.create(Self.pod()) } throws: { error in
                let refusal = (error as? KubernetesError)?.refusal
                return refusal?.code == 403 && refusal?.reason == "Forbidden"
                    && refusal?.message == "South allows at most 500m CPU a session; this asks for 1."
                    && refusal?.causes.map(\.reason) == ["SitePolicy"]
            }
            let made = try await cluster.direct.list(Pod.self, Selection())
            #expect(made.items.isEmpty)
        }
    }

    @Test func ofManyAtOnceOnlyAsManyStartAsTheSiteHasRoomFor() async throws {
        try await GatedCluster.run(policy: "{hub: facility, maxima: {sessions: 2}}") { cluster in
            let made = await withTaskGroup(of: Bool.self) { group in
                for index in 0..<6 {
                    group.addTask { (try? await cluster.hub.create(Self.pod("nb-ada-\(index)"))) != nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(made == 2)
        }
    }

    @Test func aPodWithoutItsWallOfGroupsIsRemovedWhereTheSiteBoundsThem() async throws {
        try await GatedCluster.run(policy: "{site: South, hub: facility, gids: [20000-29999]}") { cluster in
            let made = try await cluster.hub.create(Self.pod(groups: "Strict"))
            #expect(made.spec.securityContext?.supplementalGroupsPolicy == "Strict")
            try await cluster.direct.delete(Pod.self, Self.name, grace: .zero)

            cluster.way.replace(#""Strict""#, with: #""Merge""#)
            await #expect {
                _ = try await cluster.hub.create(Self.pod("nb-bob-01k0000000session00000000b", groups: "Strict"))
            } throws: { error in
                let refusal = (error as? KubernetesError)?.refusal
                return refusal?.isSitePolicy == true && refusal?.message.contains("The pod was removed") == true
            }
            #expect(try await cluster.direct.list(Pod.self, Selection()).items.isEmpty)
        }
    }

    private static let wallless = "nb-bob-01k0000000session00000000b"

    private static func refusalOfPodWithoutWall(_ cluster: GatedCluster) async -> KubernetesError.Refused? {
        do {
            _ = try await cluster.hub.create(pod(wallless, groups: "Strict"))
            return nil
        } catch { return error.refusal }
    }

    @Test func aRemovalThatTheClusterPutsOffIsAskedForAgain() async throws {
        try await GatedCluster.run(policy: "{site: South, hub: facility, gids: [20000-29999]}") { cluster in
            cluster.way.replace(#""Strict""#, with: #""Merge""#)
            cluster.way.refuse(429, method: "DELETE", times: 1)
            let refusal = await Self.refusalOfPodWithoutWall(cluster)
            let left = try await cluster.direct.list(Pod.self, Selection()).items
            #expect(refusal?.isSitePolicy == true && refusal?.message.contains("The pod was removed") == true)
            #expect(left.isEmpty)
        }
    }

    @Test func aPodThatCouldNotBeRemovedIsSaidToBeThereAndRemovedLater() async throws {
        try await GatedCluster.run(policy: "{site: South, hub: facility, gids: [20000-29999]}") { cluster in
            cluster.way.replace(#""Strict""#, with: #""Merge""#)
            cluster.way.refuse(403, method: "DELETE")
            let refusal = await Self.refusalOfPodWithoutWall(cluster)
            let left = try await cluster.direct.list(Pod.self, Selection()).items
            #expect(refusal?.isSitePolicy == true && refusal?.message.contains("was removed") == false)
            #expect(refusal?.message.contains("there still (the cluster answers 403)") == true)
            #expect(left.count == 1)
            cluster.way.refuse(403, method: "DELETE", times: 0)
            #expect(await soon { (try? await cluster.direct.list(Pod.self, Selection()).items.isEmpty) == true })
        }
    }

    /// A server answers a change with the whole Secret, so that whoever may change one may read it.
    @Test func noAnswerAboutASecretSaysWhatItHolds() async throws {
        try await GatedCluster.run { cluster in
            let (place, name) = ("/api/v1/namespaces/orrery/secrets", Self.name + "-tokens")
            var mark = Self.meta
            mark.name = name
            _ = try await cluster.direct.create(SecretObject(metadata: mark, texts: ["token": Secret("the-token")]))
            let merge = "application/merge-patch+json"
            for empty in ["{}", #"{"stringData":{}}"#] {
                #expect(try await cluster.ask("PATCH", "\(place)/\(name)", body: empty, type: merge).status == 403)
            }
            let changed = try await cluster.ask(
                "PATCH", "\(place)/\(name)", body: #"{"stringData":{"other":"x"}}"#, type: merge)
            let made = try await cluster.ask(
                "POST", place,
                body:
                    #"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"nb-ada-2-token","labels":{"orrery.io/hub":"facility"}},"stringData":{"token":"y"}}"#
            )
            for (answer, name) in [(changed, name), (made, "nb-ada-2-token")] {
                let object = try JSON(parsing: answer.body)
                #expect((200...201).contains(answer.status) && object["metadata"]?["name"] == .string(name))
                #expect(object["metadata"]?["labels"] == ["orrery.io/hub": "facility"])
                #expect(Set((object.object ?? [:]).keys) == ["apiVersion", "kind", "metadata"])
            }
            try await cluster.hub.delete(SecretObject.self, name)
        }
    }

    @Test func sessionsAreCountedWhereverTheHubMayHaveSome() async throws {
        try await GatedCluster.run(policy: "{hub: facility, namespaces: [orrery, other], maxima: {sessions: 1}}") {
            cluster in
            _ = try await cluster.hub.create(Self.pod())
            var pod = Self.pod("nb-ada-b")
            pod.metadata.namespace = "other"
            let body = String(decoding: try JSONEncoder().encode(pod), as: UTF8.self)
            let answer = try await cluster.ask("POST", "/api/v1/namespaces/other/pods", body: body)
            #expect(answer.status == 403)
            #expect(String(decoding: answer.body, as: UTF8.self).contains("room for 1 sessions"))
        }
    }

    /// A cluster that hangs must not hold what others wait for.
    @Test func noCallButAWatchWaitsForEver() async throws {
        try await GatedCluster.run(policy: "{hub: facility, maxima: {sessions: 2}}") { cluster in
            _ = try await cluster.hub.create(Self.pod())
            _ = try await cluster.hub.get(Pod.self, Self.name)
            let list = try await cluster.hub.list(Pod.self, Selection(labels: "orrery.io/hub=facility"))
            let calls = cluster.way.stallLimits
            #expect(calls.count == 5 && calls.allSatisfy { $0 == .seconds(30) })
            let version = try #require(list.metadata.resourceVersion)
            _ = try await cluster.hub.watch(
                Pod.self, Selection(labels: "orrery.io/hub=facility"), after: version, timeout: .seconds(1))
            #expect(cluster.way.stallLimits.last == .some(nil))
        }
    }

    @Test(arguments: [
        ("Impersonate-User", "system:admin"), ("Impersonate-Group", "system:masters"), ("X-Remote-User", "admin"),
        ("Upgrade", "SPDY/3.1"), ("Connection", "Upgrade"), ("X-HTTP-Method-Override", "DELETE"),
        ("Content-Encoding", "gzip"),
    ]) func aHeaderWithAnotherMeaningIsRefused(_ name: String, _ value: String) async throws {
        try await GatedCluster.run { cluster in
            let target = "/api/v1/namespaces/orrery/pods?labelSelector=orrery.io%2Fhub%3Dfacility"
            #expect(try await cluster.ask("GET", target).status == 200)
            let answer = try await cluster.ask("GET", target, headers: [(name, value)])
            #expect(answer.status == 403)
            #expect(try JSON(parsing: answer.body)["details"]?["causes"]?.array?.first?["reason"] == "Gate")
        }
    }

    @Test func everyChangeAndEveryRefusalIsInTheSitesLogAndNoBody() async throws {
        try await GatedCluster.run { cluster in
            var mark = Self.meta
            mark.name = Self.name + "-token"
            _ = try await cluster.hub.create(SecretObject(metadata: mark, texts: ["token": Secret("the-token")]))
            _ = try await cluster.ask("GET", "/api/v1/namespaces/other/secrets")
            _ = try await cluster.ask("POST", "/api/v1/namespaces/orrery/pods", body: "{}")
            let lines = cluster.log.lines.filter { $0.contains("who=hub") }
            #expect(
                lines.first
                    == "a call of the hub name=\(Self.name)-token namespace=orrery resource=secrets status=201 "
                    + "verb=create verdict=passed who=hub")
            #expect(lines.count == 3)
            #expect(lines.dropFirst().allSatisfy { $0.contains("reason=") })
            #expect(!cluster.log.lines.joined().contains("the-token"))
        }
    }

    @Test func aBodyBeyondTheLimitIsRefusedAsTooLarge() async throws {
        try await GatedCluster.run { cluster in
            let body = String(repeating: " ", count: (1 << 20) + 1)
            let answer = try await cluster.ask("POST", "/api/v1/namespaces/orrery/pods", body: body)
            #expect(answer.status == 413)
        }
    }

    @Test func anAPIServerThatIsAwayIsWorthAnotherTry() async throws {
        try await GatedCluster.run(isAway: true) { cluster in
            await #expect { _ = try await cluster.hub.get(Pod.self, Self.name) } throws: {
                ($0 as? KubernetesError)?.wasAnswered == false && ($0 as? KubernetesError)?.mayRetry == true
            }
        }
    }

    /// The gate asks whose a pod is before it lets a hub at it; the cluster may refuse that, or be too busy.
    @Test(
        arguments: [
            (403, [], #"{"kind":"Status","code":403,"reason":"Forbidden","message":"agent cannot get pods"}"#),
            (429, [("Retry-After", "7")], #"{"kind":"Status","code":429,"reason":"TooManyRequests"}"#),
        ] as [(Int, [(String, String)], String)])
    func whatTheClusterRefusesTheGateTheHubIsTold(
        _ status: Int, _ headers: [(String, String)], _ body: String
    ) async throws {
        try await GatedCluster.run { cluster in
            cluster.way.refuse(status, headers.map { (name: $0.0, value: $0.1) }, body)
            let answer = try await cluster.ask("GET", "/api/v1/namespaces/orrery/pods/\(Self.name)/log")
            #expect(answer.status == status && answer.headers["Orrery-Tunnel"] == nil)
            #expect(answer.headers["Retry-After"] == headers.first?.1)
            #expect(answer.body == Array(body.utf8))
        }
    }

    @Test func aWatchEndsAtTheClusterWhenTheHubLeaves() async throws {
        try await GatedCluster.run { cluster in
            let watching = Task {
                let watch = try await cluster.hub.watch(
                    Pod.self, Selection(labels: "orrery.io/hub=facility"), after: "1", timeout: .seconds(3000))
                for try await _ in watch {}
            }
            #expect(await eventually { cluster.way.openAnswers == 1 })
            watching.cancel()
            #expect(await eventually { cluster.way.openAnswers == 0 })
        }
    }
}

/// Waits until `condition` holds, at most a minute of real time; whether it does.
private func eventually(_ condition: () -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(60)
    while !condition() {
        guard ContinuousClock.now < deadline else { return false }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return true
}
