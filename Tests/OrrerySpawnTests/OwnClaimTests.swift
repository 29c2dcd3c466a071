import OrreryKubernetes
import OrreryModel
import OrreryStore
import Testing

@testable import OrrerySpawn

/// A person's own claim: made before the pod, kept after it, and never taken from anybody.
@Suite struct OwnClaimTests {
    private static let plan = Sample.plan(mounts: [
        Plan.Mount(
            fileset: "jhome", path: "/home/ada", isReadOnly: false, source: .ownClaim(SourceTests.claim), subPath: nil)
    ])

    private static func start(_ facility: Facility) async throws -> SessionRecord {
        let spawner = facility.start()
        return try await spawner.start(plan: plan, planHash: "hash", person: facility.person, server: "")
    }

    private static func claim(_ labels: JSON) -> FakeCluster.Object {
        FakeCluster.Object(
            plural: "persistentvolumeclaims",
            json: ["metadata": ["name": "jhome.ada", "labels": labels], "spec": ["accessModes": ["ReadWriteOncePod"]]])
    }

    private static let own: JSON = [
        "orrery.io/hub": "orrery", "orrery.io/person": "ada", "orrery.io/fileset": "jhome",
    ]

    @Test func itIsMadeBeforeThePodAndStaysWhenTheSessionEnds() async throws {
        let facility = try await Facility()
        facility.cluster.set { $0.runsPods = true }
        let session = try await Self.start(facility)
        #expect(await facility.reaches(.ready, session.id))
        let calls = facility.cluster.calls.filter { $0.hasPrefix("POST") }
        let claim = try #require(calls.firstIndex(of: "POST persistentvolumeclaims"))
        #expect(claim < (try #require(calls.firstIndex(of: "POST pods"))))
        try await facility.spawner?.stop(session.id, by: "ada")
        #expect(await facility.reaches(.ended, session.id))
        #expect(facility.cluster.names("pods") == [])
        #expect(facility.cluster.names("persistentvolumeclaims") == ["jhome.ada"])
        #expect(!facility.cluster.calls.contains { $0.hasPrefix("DELETE persistentvolumeclaims") })
        await facility.kill()
    }

    @Test func theOneThatIsThereIsTakenAsItIs() async throws {
        let facility = try await Facility()
        facility.cluster.set {
            $0.runsPods = true
            $0.put(Self.claim(Self.own), as: "ADDED")
        }
        let session = try await Self.start(facility)
        #expect(await facility.reaches(.ready, session.id))
        #expect(!facility.cluster.calls.contains { $0.contains("POST persistentvolumeclaims") })
        #expect(!facility.cluster.calls.contains { $0.hasPrefix("PATCH persistentvolumeclaims") })
        await facility.kill()
    }

    @Test(
        arguments: [
            [:], ["orrery.io/hub": "orrery", "orrery.io/person": "grace", "orrery.io/fileset": "jhome"],
            ["orrery.io/hub": "other", "orrery.io/person": "ada", "orrery.io/fileset": "jhome"],
            ["orrery.io/hub": "orrery", "orrery.io/person": "ada", "orrery.io/fileset": "scratch"],
        ] as [JSON])
    func somebodyElsesIsLeftAlone(labels: JSON) async throws {
        let facility = try await Facility()
        facility.cluster.set { $0.put(Self.claim(labels), as: "ADDED") }
        let session = try await Self.start(facility)
        #expect(await facility.reaches(.ended, session.id))
        let message = try #require(await facility.session(session.id)?.message)
        #expect(message.contains("the claim jhome.ada is not marked as this person's own"), "\(message)")
        #expect(facility.cluster.names("pods") == [])
        #expect(facility.cluster.names("persistentvolumeclaims") == ["jhome.ada"])
        await facility.kill()
    }

    @Test func oneThatIsBeingDeletedIsWaitedFor() async throws {
        let facility = try await Facility()
        facility.cluster.set {
            var claim = Self.claim(Self.own)
            claim.json["metadata"]?["deletionTimestamp"] = "2026-11-22T00:00:00Z"
            $0.runsPods = true
            $0.put(claim, as: "ADDED")
        }
        let session = try await Self.start(facility)
        #expect(
            await facility.turn {
                ((try? await facility.story(session.id)) ?? []).contains { $0.contains("is being deleted") }
            })
        #expect(facility.cluster.names("pods") == [])
        facility.cluster.set { $0.drop("persistentvolumeclaims/jhome.ada") }
        #expect(await facility.reaches(.ready, session.id))
        #expect(facility.cluster.names("persistentvolumeclaims") == ["jhome.ada"])
        await facility.kill()
    }
}
