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
