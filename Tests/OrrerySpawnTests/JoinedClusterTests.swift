import FoundationEssentials
import OrreryKubernetes
import OrreryModel
import OrreryStore
import Synchronization
import Testing

@testable import OrrerySpawn

/// Clusters that come and go, and are reached through an agent.
@Suite struct JoinedClusterTests {
    @Test func theRouteNamesThePodAndNotItsAddress() async throws {
        let facility = try await Facility()
        facility.start(reach: .agent)
        let session = try await facility.running()
        let uid = try #require(session.podUID)
        #expect(facility.routes.routes == ["/user/ada/": "cluster:north/\(uid):8888"])
        await facility.kill()
        // And again after a restart.
        facility.routes.state.withLock { $0.routes = [:] }
        facility.start(reach: .agent)
        #expect(await facility.turn { facility.routes.routes == ["/user/ada/": "cluster:north/\(uid):8888"] })
        await facility.kill()
    }

    @Test func aShortAbsenceIsSaidOfTheClusterAndOfNoSession() async throws {
        let facility = try await Facility()
        let spawner = facility.start(reach: .agent, patience: .seconds(40))
        let session = try await facility.running()
        facility.cluster.setAway(true)
        #expect(
            await facility.turn {
                guard case .degraded(let why) = spawner.condition(of: "north") else { return false }
                return why.contains("does not answer since")
            })
        #expect(await facility.session(session.id)?.state == .ready)
        facility.cluster.setAway(false)
        #expect(await facility.turn { spawner.condition(of: "north") == .ready })
        facility.clock.advance(by: .seconds(60))
        #expect(await facility.turn { spawner.condition(of: "north") == .ready })
        #expect(await facility.session(session.id)?.state == .ready)
        await facility.kill()
    }

    @Test func aLongOneMakesItUnreachableAndStopsNothing() async throws {
        let facility = try await Facility()
        let spawner = facility.start(reach: .agent, patience: .seconds(40))
        let session = try await facility.running()
        facility.cluster.setAway(true)
        #expect(await facility.reaches(.unreachable, session.id))
        guard case .unreachable = spawner.condition(of: "north") else {
            Issue.record("\(spawner.condition(of: "north"))")
            return
        }
        #expect(facility.cluster.names("pods") == [session.pod])
        facility.cluster.setAway(false)
        #expect(await facility.reaches(.ready, session.id))
        #expect(facility.cluster.names("pods") == [session.pod])
        await facility.kill()
    }

    /// The watch goes on as if nothing was: over a way that carries nothing it has no sign of that.
    @Test func aClusterWithoutAnAgentIsGivenUpWhateverItsWatchSays() async throws {
        let facility = try await Facility()
        let spawner = facility.start(reach: .agent, patience: .seconds(40))
        let session = try await facility.running()
        let absence = ClusterAbsence(since: facility.now - 30, reason: "it was silent")
        spawner.note(absence, of: "north")
        guard case .degraded(let why) = spawner.condition(of: "north") else {
            Issue.record("\(spawner.condition(of: "north"))")
            return
        }
        #expect(why.contains("no agent of it is connected since") && why.contains("it was silent"))
        facility.clock.advance(by: .milliseconds(9_900))
        spawner.note(absence, of: "north")
        #expect(spawner.condition(of: "north") == .degraded(why))
        #expect(await facility.session(session.id)?.state == .ready)
        facility.clock.advance(by: .milliseconds(200))
        spawner.note(absence, of: "north")
        let reason = "no agent of it is connected: it was silent"
        #expect(spawner.condition(of: "north") == .unreachable(since: absence.since, reason: reason))
        #expect(await facility.reaches(.unreachable, session.id))
        await #expect(throws: SpawnError.self) { try await facility.click() }
        spawner.note(nil, of: "north")
        #expect(spawner.condition(of: "north") == .ready)
        #expect(await facility.reaches(.ready, session.id))
        #expect(facility.cluster.names("pods") == [session.pod])
        await facility.kill()
    }

    @Test func anAgentThatIsBackInTimeIsNoNewsForAnySession() async throws {
        let facility = try await Facility()
        let spawner = facility.start(reach: .agent, patience: .seconds(40))
        let session = try await facility.running()
        let story = try await facility.story(session.id)
        for seconds in [0, 20, 39] {
            spawner.note(
                ClusterAbsence(since: facility.now - TimeInterval(seconds), reason: "it broke off"), of: "north")
            #expect(spawner.condition(of: "north") != .ready)
            spawner.note(nil, of: "north")
            #expect(spawner.condition(of: "north") == .ready)
        }
        #expect(try await facility.story(session.id) == story)
        await facility.kill()
    }

    /// A watch that has failed waits for half a minute at most before it tries again.
    @Test func anAgentThatIsBackIsAskedAtOnce() async throws {
        let facility = try await Facility()
        let spawner = facility.start(reach: .agent, patience: .seconds(40))
        let session = try await facility.running()
        facility.cluster.setAway(true)
        spawner.note(ClusterAbsence(since: facility.now, reason: "it broke off"), of: "north")
        #expect(await facility.reaches(.unreachable, session.id))
        spawner.note(ClusterAbsence(since: facility.now - 50, reason: "it broke off"), of: "north")
        facility.cluster.setAway(false)
        let instant = facility.now
        spawner.note(nil, of: "north")
        let deadline = ContinuousClock.now + .seconds(60)
        while spawner.condition(of: "north") != .ready, ContinuousClock.now < deadline { await Task.yield() }
        #expect(spawner.condition(of: "north") == .ready && facility.now == instant, "nobody has waited")
        #expect(await facility.reaches(.ready, session.id))
        await facility.kill()
    }

    @Test func aClusterThatComesWhileTheHubRunsTakesSessions() async throws {
        let facility = try await Facility()
        let spawner = facility.start()
        spawner.drop("north", because: "It has left.")
        await #expect(throws: SpawnError.self) { try await facility.click() }
        let access = ClusterAccess(
            name: "north", server: "https://api.test", token: Secret("hub-token"), namespace: "hub")
        await spawner.put(access)
        _ = try await facility.running()
        await facility.kill()
    }

    /// The agent answers for the old one with no, for ever: its sessions could never be stopped.
    @Test func whoLivesInANamespaceThatTheSiteHasGivenUpCanEndAllTheSame() async throws {
        let facility = try await Facility()
        let spawner = facility.start()
        let session = try await facility.running()
        // To and fro: two replicas of an agent may have read two states of one file.
        for namespace in ["other", "hub", "other"] {
            await spawner.put(
                ClusterAccess(
                    name: "north", server: "https://api.test", token: Secret("hub-token"), namespace: namespace))
        }
        facility.clock.advance(by: .seconds(60))
        #expect(await facility.session(session.id)?.state == .ready)
        try await facility.stop(session.id)
        #expect(await facility.reaches(.ended, session.id))
        let ended = try #require(await facility.session(session.id))
        #expect(ended.endReason == .lost && ended.message.contains("has given this hub another namespace"))
        await facility.kill()
    }

    @Test func theSessionsOfAClusterThatIsThrownOutEndAndNothingThereIsTouched() async throws {
        let facility = try await Facility()
        let spawner = facility.start()
        let session = try await facility.running()
        spawner.drop("north", because: "It was thrown out.")
        #expect(await facility.reaches(.ended, session.id))
        let ended = try #require(await facility.session(session.id))
        #expect(ended.endReason == .lost && ended.message == "Lost: It was thrown out.")
        #expect(facility.routes.routes.isEmpty)
        #expect(facility.cluster.names("pods") == [session.pod])
        #expect(!facility.cluster.calls.contains { $0.hasPrefix("DELETE") })
        await facility.kill()
    }

    @Test func theyEndTooWhenItWasThrownOutWhileTheHubWasAway() async throws {
        let facility = try await Facility()
        facility.start()
        let session = try await facility.running()
        await facility.kill()
        let spawner = facility.start()
        spawner.drop("north", because: "It was thrown out.")
        #expect(await facility.reaches(.ended, session.id))
        #expect(facility.cluster.names("pods") == [session.pod])
        await facility.kill()
    }

    @Test func aProxyThatIsAwayDoesNotKeepThemRunning() async throws {
        let facility = try await Facility()
        facility.start()
        let session = try await facility.running()
        await facility.kill()
        facility.routes.state.withLock { $0.isDown = true }
        let spawner = facility.start()
        spawner.drop("north", because: "It was thrown out.")
        #expect(await facility.reaches(.ended, session.id))
        await facility.kill()
    }

    @Test func whatTheSiteForbidsIsSaidInItsOwnWords() throws {
        let cause = try JSONDecoder().decode(ClusterStatus.Cause.self, from: Data(#"{"reason": "SitePolicy"}"#.utf8))
        let error = KubernetesError.refused(
            .init(
                code: 403, reason: "Forbidden", message: "at most 4 CPU", retryAfter: nil,
                causes: [cause]))
        let refusal = CreationRefusal(error, cluster: "south")
        guard case .never(let sentence) = refusal else {
            Issue.record("\(refusal)")
            return
        }
        #expect(sentence.hasPrefix("The rules of south's site forbid this session: at most 4 CPU."))
    }
}
