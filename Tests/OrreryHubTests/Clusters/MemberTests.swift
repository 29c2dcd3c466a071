import Foundation
import OrreryCrypto
import OrreryFetch
import OrreryKubernetes
import OrreryModel
import OrreryPolicy
import OrrerySpawn
import OrreryStore
import Synchronization
import Testing

@testable import OrreryHub

/// What becomes of clusters that are members.
struct MemberTests {
    @Test(
        arguments: [
            (nil, nil), (0, nil), (60, nil), (-60, nil), (61, "1 min ahead of"), (-150, "3 min behind"),
            (.infinity, "16666666667 min ahead of"),
        ] as [(TimeInterval?, String?)])
    func aClockThatIsOffIsTold(_ offset: TimeInterval?, _ words: String?) async throws {
        try await TestHub.run { hub in
            let agent = try await hub.member()
            let record = try #require(agent.record())
            let health = ClusterHealth(.ready, of: record, links: [], clockOffset: offset)
            #expect(health.reasons == (words.map { ["the clock of its API server is \($0) the hub's"] } ?? []))
            #expect(health.state == (words == nil ? .ready : .degraded))
        }
    }

    @Test func aKeyFromAnotherClusterIsRefusedAndTheMemberIsPutIntoQuarantine() async throws {
        try await TestHub.run { hub in
            let agent = try await hub.member()
            var clone = agent
            (clone.uid, clone.connection) = ("elsewhere", 8)
            let reply = try await clone.hello()
            #expect(reply.isClosed && reply.frame("denied")?["reason"]?.string?.contains("another cluster") == true)
            #expect(agent.record()?.facets.quarantine?.value.contains("elsewhere") == true)
            let facts = try #require(hub.services.registry.clusters.first { $0.name == "west" }).facts
            #expect(facts.scheduling == .cordoned)
            // The true one goes on.
            #expect(try await !agent.hello().isClosed)
            #expect(hub.services.proxy.feed.agents[agent.key.id]?.uid == "uid-of-west")
            await hub.services.audit.flush()
            #expect(try await hub.database.entries(AuditQuery(acts: ["cluster-alert"]), after: 0, limit: 9).count == 1)
            let owner = ClusterChief(try await hub.person("ada"))
            await #expect(throws: HubError.self) {
                try await hub.services.clusterDesk.order(.uncordon, of: "west", by: owner)
            }
            try await hub.order(.uncordon, of: "west")
            #expect(agent.record()?.facets.quarantine == nil)
        }
    }

    @Test func aNewKeyFollowsAnOldOneWithBothSignatures() async throws {
        try await TestHub.run { hub in
            let agent = try await hub.member()
            try await hub.order(.rotate, of: "west")
            #expect(try await agent.hello().frame("rotate") != nil)
            let new = try AgentKey.fresh()
            let rotation = try KeyRotation(from: agent.key, to: new)
            func frame(_ old: [UInt8], _ fresh: [UInt8]) -> JSON {
                [
                    "type": "rotate", "key": .string(Data(new.publicKey.info).base64EncodedString()),
                    "old": .string(Data(old).base64EncodedString()), "new": .string(Data(fresh).base64EncodedString()),
                ]
            }
            #expect(try await agent.say(frame(rotation.newSignature, rotation.newSignature)).frames.isEmpty)
            #expect(agent.record()?.keys.count == 1)
            let told = try await agent.say(frame(rotation.oldSignature, rotation.newSignature)).frame("rotated")
            #expect(told?["key"]?.string == new.id)
            #expect(told?["until"]?.integer == Int64(hub.clock.now.timeIntervalSince1970) + 86400)
            // Whoever has not heard the answer asks again, and is told the same.
            #expect(try await agent.say(frame(rotation.oldSignature, rotation.newSignature)).frame("rotated") == told)
            await hub.services.audit.flush()
            let changes = try await hub.database.entries(AuditQuery(acts: ["cluster-changed"]), after: 0, limit: 9)
            #expect(changes.count { "\($0.record)".contains(new.id) } == 1)
            #expect(Set(hub.services.proxy.feed.agents.keys) == [agent.key.id, new.id])
            var fresh = agent
            fresh.key = new
            #expect(try await fresh.hello().frames.isEmpty)
            // One more key would end the first at once, and what goes over its connections.
            let refusal = await #expect(throws: HubError.self) { try await hub.order(.rotate, of: "west") }
            #expect(refusal?.message.contains("is good until") == true && refusal?.next?.contains("revoke") == true)
            #expect(try await fresh.hello().frames.isEmpty)
            hub.clock.turn(by: .seconds(86401))
            // Its time is over, whether or not it has been taken away.
            try await hub.order(.rotate, of: "west")
            await hub.services.registry.expireKeys()
            await hub.services.registry.refresh()
            #expect(Set(hub.services.proxy.feed.agents.keys) == [new.id])
        }
    }

    @Test func revocationIsInTheFeedAtOnceAndStays() async throws {
        try await TestHub.run { hub in
            let agent = try await hub.member()
            hub.services.proxy.feed.open()
            let follower = try await hub.follow("p1")
            let snapshot = try await follower.lines(3)
            #expect(snapshot.contains { $0["agent"]?.string == agent.key.id && $0["uid"] == "uid-of-west" })
            try await hub.order(.revoke, of: "west", because: "stolen")
            let line = try #require(try await follower.lines(1).first)
            #expect(line["strike"]?.string == agent.key.id && line["reason"] == "revoked: stolen")
            #expect(hub.services.proxy.feed.agents.isEmpty)
            let reply = try await agent.hello()
            #expect(reply.isClosed && reply.frame("denied")?["reason"]?.string?.contains("stolen") == true)
            #expect(!hub.services.registry.clusters.contains { $0.name == "west" })
            // Under another key it does not slip in again by a rule.
            var again = try ScriptedAgent(hub, token: try await hub.invite())
            again.uid = agent.uid
            #expect(try await again.hello().frame("pending")?["code"] == nil)
            #expect(again.record() == nil)
        }
    }

    @Test func aKeyThatAnOlderDatabaseDoesNotKnowIsAdopted() async throws {
        try await TestHub.run { hub in
            var agent = try await hub.member()
            agent.key = try AgentKey.fresh()
            #expect(try await agent.hello().frame("pending")?["say"]?.string?.contains("administrator") == true)
            let (start, desk) = (String(agent.key.id.prefix(10)), hub.services.clusterDesk)
            await #expect(throws: HubError.self) {
                try await desk.adopt(start, into: "north", by: .operator, because: "")
            }
            try await desk.adopt(start, into: "west", by: .operator, because: "restored")
            await hub.services.registry.refresh()
            #expect(Set(hub.services.proxy.feed.agents.keys) == [agent.key.id])
            #expect(agent.record()?.name == "west")
            #expect(try await !agent.hello().isClosed)
        }
    }

    @Test func whatTheClusterHasIsKeptAndAPauseStopsPlacement() async throws {
        try await TestHub.run { hub in
            let agent = try await hub.member()
            let registry = hub.services.registry
            try await agent.say(["type": "inventory", "nodes": 3, "policy": ["paused": true], "sessions": 1])
            await registry.refresh()
            #expect(agent.record()?.inventory?["nodes"] == 3 && agent.record()?.inventory?["sessions"] == nil)
            #expect(registry.clusters.last?.facts.scheduling == .cordoned)
            let revision = try await hub.database.clusterRevision()
            try await agent.say(["type": "inventory", "nodes": 3, "policy": ["paused": true], "sessions": 2])
            #expect(try await hub.database.clusterRevision() == revision)
            try await agent.say(["type": "inventory", "nodes": 3, "policy": ["groups": ["atlas", 7]]])
            await registry.refresh()
            #expect(registry.clusters.last?.facts.admits == ["atlas"])
            try await agent.say(["type": "inventory", "nodes": 3, "policy": [:]])
            await registry.refresh()
            #expect(registry.clusters.last?.facts.scheduling == .schedulable)
        }
    }

    @Test func sessionsGoWhereTheSiteSaysFromNowOn() async throws {
        try await TestHub.run { hub in
            let agent = try await hub.member()
            #expect(agent.record()?.namespace == "hub")
            try await agent.say(["type": "inventory", "policy": [:], "namespaces": ["hub", "more"]])
            await hub.services.registry.refresh()
            #expect(agent.record()?.namespace == "hub")
            try await agent.say(["type": "inventory", "policy": [:], "namespaces": ["more", "most"]])
            await hub.services.registry.refresh()
            #expect(agent.record()?.namespace == "more")
            #expect(hub.services.registry.clusters.first { $0.name == "west" }?.access.namespace == "more")
            for wrong in [["../kube-system"], [], [7]] as [JSON] {
                try await agent.say(["type": "inventory", "policy": [:], "namespaces": wrong])
                await hub.services.registry.refresh()
                #expect(agent.record()?.namespace == "more")
            }
        }
    }

    @Test func healthThatCouldNotBeWrittenIsWrittenLater() async throws {
        try await TestHub.run { hub in
            let agent = try await hub.member()
            let known = hub.services.keeper
            let written = Mutex<[String]>([])
            let isBroken = Mutex(true)
            let keeper = ClusterKeeper(
                registry: known.registry, spawner: known.spawner, persons: known.persons, audit: known.audit,
                keep: { health, cluster, _ throws(StoreError) in
                    if isBroken.withLock({ $0 }) {
                        throw StoreError(.unavailable, "the disk is full", next: "make room")
                    }
                    written.withLock { $0.append("\(cluster): \(health)") }
                }, now: known.now, logger: known.logger)
            var said: [String: ClusterKeeper.Word] = [:]
            await keeper.note(&said)
            isBroken.withLock { $0 = false }
            for _ in 1...2 { await keeper.note(&said) }
            let words = keeper.health(of: try #require(agent.record())).words
            #expect(written.withLock { $0 }.filter { $0.hasPrefix("west: ") } == ["west: \(words)"])
        }
    }

    @Test func aClockThatIsOffIsSaidInWords() async throws {
        try await TestHub.run { hub in
            let agent = try await hub.member()
            try await agent.say(["type": "beat", "rtt": 12.5, "skew": 600, "idle": 4, "bound": 9])
            let record = try #require(agent.record())
            #expect(hub.services.keeper.health(of: record).words.contains("600 s ahead"))
            let link = try #require(hub.services.registry.links.links(of: [agent.key.id]).first)
            #expect(link.idle == 4 && link.bound == 9 && link.roundTrip == 12.5)
            try await agent.say(["type": "gone", "reason": "it left"])
            #expect(hub.services.registry.links.links(of: [agent.key.id]).isEmpty)
        }
    }

    @Test func aClusterIsAwayWhenNoProxyHasAnAgentOfIt() async throws {
        try await TestHub.run { hub in
            let agent = try await hub.member()
            var other = agent
            (other.proxy, other.connection) = ("p2", 1)
            try await other.hello()
            let links = hub.services.registry.links
            func absence() -> ClusterAbsence? { links.absence(of: [agent.key.id, "of a key that never came"]) }
            let gone: JSON = ["type": "gone", "reason": "it was silent for 30 seconds", "silent": 30]
            hub.clock.turn(by: .seconds(60))
            try await other.say(["type": "beat"])
            try await agent.say(gone)
            #expect(absence() == nil, "another proxy has one")
            hub.clock.turn(by: .seconds(5))
            try await other.say(gone)
            let since = hub.clock.now - 30
            #expect(absence() == ClusterAbsence(since: since, reason: "it was silent for 30 seconds"))
            // Whoever else has come with its key and was not let in says nothing of it.
            hub.clock.turn(by: .seconds(5))
            var clone = agent
            clone.connection = 99
            try await clone.say(gone)
            #expect(absence()?.since == since)
            try await agent.say(["type": "beat"])
            #expect(absence() == nil)
        }
    }

    @Test func aProxyThatIsLostTakesItsAgentsWithItAfterAWhile() async throws {
        try await TestHub.run { hub in
            let agent = try await hub.member()
            var other = agent
            (other.proxy, other.connection) = ("p2", 1)
            hub.clock.turn(by: .seconds(60))
            try await other.hello()
            let last = hub.clock.now
            try await agent.say(["type": "gone", "reason": "it broke off"])
            let links = hub.services.registry.links
            hub.clock.turn(by: .seconds(40))
            #expect(links.absence(of: [agent.key.id]) == nil)
            hub.clock.turn(by: .seconds(1))
            #expect(links.absence(of: [agent.key.id])?.since == last)
        }
    }

    /// What other proxies have is said within ten seconds.
    @Test func aHubThatHasJustStartedCountsNothingFromBefore() async throws {
        try await TestHub.run { hub in
            let agent = try await hub.member()
            let start = hub.clock.now
            hub.clock.turn(by: .seconds(3))
            try await agent.say(["type": "gone", "reason": "it was silent", "silent": 30])
            #expect(hub.services.registry.links.absence(of: [agent.key.id])?.since == start)
            hub.services.keeper.lookForAgents()
            let stranger = try ScriptedAgent(hub)
            try await stranger.say(["type": "gone", "reason": "it left"])
            #expect(hub.services.registry.links.absence(of: [stranger.key.id]) == nil)
        }
    }

    @Test func aClockAtTheBoundIsNoNewsEachTime() async throws {
        try await TestHub.run { hub in
            let agent = try await hub.member()
            var words: [String] = []
            for skew in [59, 60, 59, 61, 58, 60, 55, 89, 90, 70, 49, 59] {
                try await agent.say(["type": "beat", "skew": .integer(Int64(skew))])
                words.append(hub.services.keeper.health(of: try #require(agent.record())).reasons.dropFirst().joined())
            }
            let told = [60, 90].map { "its agent's clock is \($0) s ahead of the proxy's" }
            #expect(words == [""] + Array(repeating: told[0], count: 7) + [told[1], told[1], "", ""])
        }
    }

    @Test func configuredClustersHaveTheirPlaceToo() async throws {
        try await TestHub.run { hub in
            let registry = hub.services.registry
            #expect(registry.records.map(\.name) == ["north", "south"])
            #expect(registry.records.allSatisfy { $0.admission.rule == "configuration" })
            try await hub.order(.cordon, of: "north", because: "power")
            #expect(registry.clusters.first?.facts.scheduling == .cordoned)
            // A restart keeps what was decided.
            try await registry.load()
            #expect(registry.clusters.first?.facts.scheduling == .cordoned)
            await #expect(throws: HubError.self) { try await hub.order(.revoke, of: "north") }
        }
    }

    @Test func sessionsOfAClusterThatIsTakenOutOfTheConfigurationEndWhenTheyAreStopped() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"))
            #expect(await hub.services.proxy.load())
            #expect(hub.services.proxy.feed.routes.count == 1)
            var configuration = hub.services.configuration
            configuration.clusters.removeAll { $0.name == "north" }
            let services = HubServices(
                configuration, database: hub.database, keys: hub.services.keys, policy: hub.services.desk.policy,
                issuers: hub.issuers, fetcher: hub.fetcher, logger: TestHub.quiet, now: { hub.clock.now })
            try await services.registry.load()
            #expect(await services.proxy.load())
            #expect(services.proxy.feed.routes.isEmpty)
            #expect(try await hub.database.session(id: session.id)?.state == session.state)
            try await services.spawner.stop(session.id, by: "ada")
            let ended = try #require(try await hub.database.session(id: session.id))
            #expect(ended.endReason == .lost)
            let why = "North is not configured any more, and its pod there was not touched."
            #expect(ended.message == "Lost: \(why)")
        }
    }
}
