import FoundationEssentials
import OrreryModel
import OrreryStore
import Testing

@testable import OrrerySpawn

@Suite struct LeftoverTests {
    /// A session whose Secrets and ConfigMap stay on the cluster as `change` leaves them.
    private func leftovers(_ facility: Facility, _ change: (SessionRecord) async throws -> Void) async throws
        -> [String]
    {
        let spawner = facility.start()
        let session = try await facility.click()
        #expect(await facility.turn { facility.cluster.names("pods") == [session.pod] })
        try await change(session)
        let cluster = try #require(spawner.clusters["north"])
        await spawner.collectOnce(on: cluster)
        return facility.cluster.names("secrets") + facility.cluster.names("configmaps")
    }

    @Test func whatAnEndedSessionLeftIsRemoved() async throws {
        let facility = try await Facility()
        let left = try await leftovers(facility) { session in
            await facility.kill()
            _ = try await facility.store.update(session.id) { $0.end(.lost, "Lost.", at: Sample.noon) }
        }
        #expect(left == [])
        #expect(facility.cluster.names("pods").count == 1)
    }

    /// A session that was stopped, on a cluster that answers deletions as told.
    private func stopped(
        _ facility: Facility, _ spawner: Spawner, deletion: (plural: String, answer: FakeCluster.Answer, times: Int)
    ) async throws {
        let session = try await facility.click()
        #expect(await facility.turn { facility.cluster.names("pods") == [session.pod] })
        facility.cluster.set { $0.deletion = deletion }
        try await spawner.stop(session.id, by: "ada")
        #expect(await facility.reaches(.ended, session.id))
    }

    @Test func aGatewayThatIsUnwellForAMomentLeavesNoSecretBehind() async throws {
        let facility = try await Facility()
        facility.cluster.set { $0.runsPods = true }
        try await stopped(facility, facility.start(), deletion: ("secrets", .badGateway, 1))
        #expect(facility.cluster.names("secrets") + facility.cluster.names("configmaps") == [])
        await facility.kill()
    }

    @Test func aSecretThatMayNotBeRemovedIsFoundAgain() async throws {
        let facility = try await Facility()
        facility.cluster.set { $0.runsPods = true }
        let spawner = facility.start()
        try await stopped(
            facility, spawner, deletion: ("secrets", .refusal(403, "Forbidden", "secrets is forbidden"), .max))
        #expect(facility.cluster.names("secrets").count == 2 && facility.cluster.names("configmaps").count == 1)
        let cluster = try #require(spawner.clusters["north"])
        await spawner.collectOnce(on: cluster)
        #expect(facility.cluster.names("secrets").count == 2 && facility.cluster.names("configmaps").count == 1)
        facility.cluster.set { $0.deletion = nil }
        await spawner.collectOnce(on: cluster)
        #expect(facility.cluster.names("secrets") + facility.cluster.names("configmaps") == [])
        await facility.kill()
    }

    @Test func whatALivingSessionNeedsStays() async throws {
        let facility = try await Facility()
        #expect(try await leftovers(facility) { _ in }.count == 3)
        await facility.kill()
    }

    // The database does not know the session: an older copy may have been put back, and its pod may well run.
    @Test func whatTheDatabaseDoesNotKnowStaysAndIsReported() async throws {
        let facility = try await Facility()
        facility.cluster.put([
            "metadata": [
                "name": "nb-grace-x", "uid": "u9",
                "labels": [
                    "orrery.io/hub": "orrery", "orrery.io/session": .string(RecordID.fresh(at: Sample.noon + 60)),
                    "orrery.io/person": "grace",
                ],
            ],
            "spec": ["containers": [["name": "notebook"]]],
        ])
        let spawner = facility.start()
        #expect(await facility.turn { spawner.orphans().first?.isNewerThanDatabase == true })
        #expect(facility.cluster.names("pods") == ["nb-grace-x"])
        await facility.kill()
    }
}
