import FoundationEssentials
import OrreryModel
import OrreryStore
import Testing

@testable import OrrerySpawn

/// What a cluster may do to a spawner: the faults that are not of one connection, which OrreryKubernetes has its tests for.
@Suite struct FaultTests {
    private func ready(_ facility: Facility) async throws -> SessionRecord {
        facility.start()
        let session = try await facility.running()
        return session
    }

    @Test(arguments: [
        (401, "Unauthorized", "Unauthorized", "does not accept this hub's credential"),
        (403, "Forbidden", "violates PodSecurity \"restricted:latest\": x", "PodSecurity"),
        (403, "Forbidden", "admission webhook \"w\" denied the request: no", "A rule of north's own refused"),
        (403, "Forbidden", "pods is forbidden: User \"x\" cannot create resource \"pods\"", "does not let this hub"),
        (404, "NotFound", "namespaces \"hub\" not found", "has no place for sessions"),
    ])
    func aRefusalEndsTheStartAndLeavesNothing(_ code: Int, _ reason: String, _ message: String, _ words: String)
        async throws
    {
        let facility = try await Facility()
        facility.cluster.set { $0.refusal = (code, reason, message) }
        facility.start()
        let session = try await facility.click()
        #expect(await facility.reaches(.ended, session.id))
        #expect(await facility.session(session.id)?.message.contains(words) == true)
        #expect(facility.cluster.names("secrets") + facility.cluster.names("configmaps") == [])
        #expect(facility.routes.routes.isEmpty)
        await facility.kill()
    }

    @Test(arguments: [429, 500, 503])
    func aClusterThatIsBusyIsAskedAgain(_ code: Int) async throws {
        let facility = try await Facility()
        facility.cluster.set {
            $0.refusal = (code, "Busy", "try later")
            $0.runsPods = true
        }
        facility.start()
        let session = try await facility.click()
        #expect(await facility.turn { facility.cluster.calls.filter { $0 == "POST pods" }.count >= 3 })
        #expect(await facility.session(session.id)?.state == .creating)
        facility.cluster.set { $0.refusal = nil }
        #expect(await facility.reaches(.ready, session.id))
        #expect(facility.cluster.names("pods") == [session.pod])
        await facility.kill()
    }

    /// Its pods may go on meanwhile.
    @Test(arguments: [401, 429, 500, 503, nil])
    func noTimeRunsOutWhileAClusterShowsNoPods(_ status: Int?) async throws {
        let facility = try await Facility()
        let spawner = facility.start(patience: .seconds(3600))
        let session = try await facility.click()
        #expect(await facility.turn { facility.cluster.pod(session.pod) != nil })
        let unplaced: JSON = [
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available.",
        ]
        facility.cluster.change(session.pod) { $0["status"] = ["phase": "Pending", "conditions": [unplaced]] }
        let said = "No place yet: 0/3 nodes are available."
        #expect(await facility.turn { await facility.session(session.id)?.message == said })
        if let status { facility.cluster.hide(with: status) } else { facility.cluster.setAway(true) }
        #expect(
            await facility.turn {
                if case .degraded = spawner.condition(of: "north") { true } else { false }
            })
        facility.clock.advance(by: .seconds(120))
        // It looks again whether it is seen.
        let deadline = ContinuousClock.now + .seconds(60)
        while !facility.clock.waits.contains(.seconds(30)), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(facility.clock.waits.contains(.seconds(30)))
        #expect(await facility.session(session.id)?.message == said)
        await facility.kill()
    }

    /// Its trouble was told before the session was there.
    @Test func noTimeRunsOutForWhoStartsMeanwhile() async throws {
        let facility = try await Facility()
        let spawner = facility.start(patience: .seconds(3600))
        facility.cluster.hide(with: 503)
        #expect(
            await facility.turn {
                if case .degraded = spawner.condition(of: "north") { true } else { false }
            })
        let session = try await facility.click()
        #expect(await facility.turn { facility.cluster.pod(session.pod) != nil })
        facility.clock.advance(by: .seconds(3600))
        let deadline = ContinuousClock.now + .seconds(60)
        while !facility.clock.waits.contains(.seconds(30)), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(facility.clock.waits.contains(.seconds(30)))
        #expect(await facility.session(session.id)?.state == .creating)
        await facility.kill()
    }

    /// Many start at once, and the cluster counts them all in one ResourceQuota.
    @Test(arguments: ["pods", "secrets", "configmaps"])
    func whoMeetsOthersInAQuotaIsNotTurnedAway(_ kind: String) async throws {
        let facility = try await Facility()
        facility.cluster.set {
            $0.refusal = (
                409, "Conflict",
                "Operation cannot be fulfilled on resourcequotas \"q\": the object has been modified; please apply your "
                    + "changes to the latest version and try again"
            )
            $0.refused = kind
            $0.runsPods = true
        }
        facility.start()
        let session = try await facility.click()
        #expect(await facility.turn { facility.cluster.calls.filter { $0 == "POST \(kind)" }.count >= 3 })
        #expect(await facility.session(session.id)?.state == .creating)
        #expect(
            await facility.session(session.id)?.message.hasPrefix("north cannot make it at this very moment (") == true)
        facility.cluster.set { $0.refusal = nil }
        #expect(await facility.reaches(.ready, session.id))
        await facility.kill()
    }

    @Test func aPodReplacedUnderItsNameIsNotOursAndLosesItsRoute() async throws {
        let facility = try await Facility()
        let session = try await ready(facility)
        // The same name and labels, and another person's address, perhaps.
        var other = try #require(facility.cluster.pod(session.pod))
        other["metadata"]?["uid"] = "another"
        facility.cluster.put(other)
        #expect(await facility.turn { facility.routes.routes.isEmpty })
        #expect(await facility.reaches(.ended, session.id))
        #expect(await facility.session(session.id)?.endReason == .lost)
        #expect(facility.cluster.names("pods") == [session.pod])
        #expect(!facility.cluster.calls.contains("DELETE pods/\(session.pod)"))
        await facility.kill()
    }

    @Test func anAddressGivenToAnotherPodLeadsNobodyThere() async throws {
        let facility = try await Facility()
        let session = try await ready(facility)
        facility.cluster.lose(session.pod)
        #expect(await facility.turn { facility.routes.routes.isEmpty })
        // The story's order: the route is closed before the session is said to be over.
        #expect(await facility.reaches(.ended, session.id))
        #expect(facility.routes.story.last == "close /user/ada/")
        await facility.kill()
    }

    // Clocks of clusters differ: nothing is decided by comparing one with ours.
    @Test(arguments: ["2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z"])
    func aClusterWithAWrongClockStartsAndEndsSessionsAllTheSame(_ instant: String) async throws {
        let facility = try await Facility()
        facility.cluster.set {
            $0.runsPods = true
            $0.rewrite = { pod in
                pod["metadata"]?["creationTimestamp"] = .string(instant)
                pod["status"]?["startTime"] = .string(instant)
            }
        }
        facility.start()
        let session = try await facility.click(
            Sample.plan(life: Plan.Life(max: .seconds(7200), grace: .seconds(30), warn: .seconds(600))))
        #expect(await facility.reaches(.ready, session.id))
        #expect(facility.spawner?.warning(of: session.id) == nil)
        try await facility.stop(session.id)
        #expect(await facility.reaches(.ended, session.id))
        #expect(await facility.session(session.id)?.endReason == .stoppedByPerson)
        await facility.kill()
    }

    @Test func twoHubsAtOnceMakeOnePod() async throws {
        let facility = try await Facility()
        facility.cluster.set { $0.runsPods = true }
        facility.start()
        let session = try await facility.click()
        let first = facility.spawner
        facility.start()
        #expect(await facility.reaches(.ready, session.id))
        #expect(facility.cluster.names("pods") == [session.pod])
        #expect(first !== facility.spawner)
        try await facility.stop(session.id)
        #expect(await facility.reaches(.ended, session.id))
        for kind in ["pods", "secrets", "configmaps"] { #expect(facility.cluster.names(kind) == []) }
        await facility.kill()
    }

    @Test func aDatabaseThatWasRolledBackStopsNobody() async throws {
        let facility = try await Facility()
        let session = try await ready(facility)
        await facility.kill()
        // The rows of the last hour are gone; the pod is not.
        let earlier = try await Facility()
        earlier.cluster.put(try #require(facility.cluster.pod(session.pod)))
        let spawner = earlier.start()
        #expect(await earlier.turn { spawner.orphans().count == 1 })
        #expect(spawner.orphans().first?.isNewerThanDatabase == true)
        #expect(!earlier.cluster.calls.contains { $0.hasPrefix("DELETE") })
        await earlier.kill()
    }
}
