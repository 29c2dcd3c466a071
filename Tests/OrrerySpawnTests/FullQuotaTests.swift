import FoundationEssentials
import OrreryModel
import OrrerySpawn
import OrreryStore
import Testing

/// A cluster whose own quota is full: the session waits for room again, as if it had never been there.
@Suite struct FullQuotaTests {
    private static let full = (
        code: 403, reason: "Forbidden",
        message: "pods \"x\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2"
    )

    private func fullFacility() async throws -> Facility {
        let facility = try await Facility()
        facility.cluster.set {
            $0.refusal = Self.full
            $0.runsPods = true
        }
        return facility
    }

    private func waits(_ facility: Facility, _ id: String) async -> Bool {
        await facility.turn { await facility.session(id)?.isWaiting == true }
    }

    @Test func aSessionForWhichTheQuotaIsFullWaitsAgainAndLeavesNothing() async throws {
        let facility = try await fullFacility()
        let spawner = facility.start()
        let news = spawner.news()
        let session = try await facility.click()
        #expect(await waits(facility, session.id))
        let waiting = try #require(await facility.session(session.id))
        #expect(
            waiting.message == "north is full: its quota q allows pods=2, pods=2 is taken, and this session asks for "
                + "pods=1. It waits for room.")
        #expect(waiting.wish?.size == session.size && waiting.wish?.cluster == nil)
        #expect(facility.cluster.names("secrets") + facility.cluster.names("configmaps") == [])
        for await one in news {
            guard case .givenBack(let id, let shortage) = one else { continue }
            #expect(id == session.id && shortage.kinds == [.sessions] && !shortage.isLasting)
            break
        }
        facility.cluster.set { $0.refusal = nil }
        _ = try #require(try await spawner.admit(session.id, plan: session.plan, planHash: "hash"))
        #expect(await facility.reaches(.ready, session.id))
        #expect(facility.cluster.names("pods") == [session.pod])
        await facility.kill()
    }

    @Test func whoStopsASessionThatWasGivenBackEndsIt() async throws {
        let facility = try await fullFacility()
        facility.start()
        let session = try await facility.click()
        #expect(await waits(facility, session.id))
        try await facility.stop(session.id)
        #expect(await facility.session(session.id)?.endReason == .stoppedByPerson)
        await facility.kill()
    }

    @Test func whoInsistsOnAClusterStillDoesAfterARestart() async throws {
        let facility = try await fullFacility()
        facility.cluster.set { $0.refusal = (503, "Busy", "later") }
        facility.start()
        let wish = SessionChoice(profile: "p", options: ["o": "x"], cluster: "north")
        let session = try await facility.click(wish: wish)
        #expect(await facility.turn { facility.cluster.calls.contains("POST pods") })
        await facility.kill()
        facility.cluster.set { $0.refusal = Self.full }
        facility.start()
        #expect(await waits(facility, session.id))
        #expect(await facility.session(session.id)?.wish == wish)
        await facility.kill()
    }

    /// The hub dies at every step of that, before the step's effect or after it: the next one has it wait all the same.
    @Test(arguments: 1...8, [true, false])
    func aHubThatDiesMeanwhileLosesNothing(_ step: Int, _ isBefore: Bool) async throws {
        let facility = try await fullFacility()
        facility.start(cut: isBefore ? .before(step - 1) : .after(step))
        let session = try await facility.click()
        #expect(
            await facility.turn {
                if facility.wire?.isDead == true {
                    await facility.kill()
                    facility.start()
                }
                return await facility.session(session.id)?.isWaiting == true
            })
        for kind in ["pods", "secrets", "configmaps"] { #expect(facility.cluster.names(kind) == []) }
        await facility.kill()
    }

    // An earlier attempt was made late, after the question whether it was: its pod is what fills the quota.
    @Test func aQuotaThatTheSessionsOwnPodFillsIsNotInItsWay() async throws {
        let facility = try await fullFacility()
        facility.cluster.set { $0.makesWhatItRefuses = true }
        facility.start()
        let session = try await facility.click()
        #expect(await facility.reaches(.ready, session.id))
        #expect(facility.cluster.names("pods") == [session.pod])
        await facility.kill()
    }
}
