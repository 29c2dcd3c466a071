import Foundation
import OrreryCrypto
import OrreryFetch
import OrreryKubernetes
import OrreryModel
import OrreryPolicy
import OrreryStore
import Testing

@testable import OrreryHub

/// How clusters join, over HTTP as proxies bring their agents' words.
struct AgentDeskTests {
    @Test func withoutTheProxiesTokenNobodyIsHeard() async throws {
        try await TestHub.run { hub in
            let answer = try await hub.send("POST", "/api/v1/proxy/agents", body: #"{"proxy":"p","frames":[]}"#)
            #expect(answer.status == 403)
        }
    }

    @Test func anOpenHubTakesAClusterInThatNobodysWorkGoesTo() async throws {
        try await TestHub.run(admission: Admission(rules: [.init(.open)])) { hub in
            let agent = try ScriptedAgent(hub)
            let reply = try await agent.hello()
            // `south` is a cluster of the configuration.
            let record = try #require(agent.record())
            #expect(reply.frames.isEmpty && !reply.isClosed && record.name == "south-2")
            #expect(record.facets.trust.value == .unclaimed && record.facets.membership.value == .member)
            #expect(hub.services.proxy.feed.agents[agent.key.id]?.cluster == "south-2")
            let cluster = try #require(hub.services.registry.clusters.first { $0.name == "south-2" })
            #expect(cluster.access.server == "http://127.0.0.1:1/south-2" && cluster.access.namespace == "hub")
            #expect(cluster.access.target("10.1.2.3:8888", pod: "u-1") == "cluster:south-2/u-1:8888")
            #expect(hub.services.policies.current.bindings["south-2"]?.sources.isEmpty == true)
            #expect(!cluster.isShown)
        }
    }

    @Test func aTokenLetsInOnce() async throws {
        try await TestHub.run { hub in
            let token = try await hub.invite(name: "pic")
            let first = try ScriptedAgent(hub, token: token)
            try await first.hello()
            let record = try #require(first.record())
            #expect(record.name == "pic" && record.owner == "atlas" && record.facets.trust.value == .ownerOnly)
            var second = try ScriptedAgent(hub, token: token)
            second.uid = "another"
            let reply = try await second.hello()
            #expect(reply.frame("pending")?["say"]?.string?.contains("has been used") == true)
            #expect(second.record() == nil)
            await hub.services.audit.flush()
            let acts = try await hub.database.entries(AuditQuery(acts: ["cluster-joined"]), after: 0, limit: 9)
            #expect(acts.map(\.record.cluster) == ["pic"])
            #expect(!acts.contains { "\($0.record)".contains(token) })
        }
    }

    @Test func whoeverIsDeniedIsToldWhy() async throws {
        try await TestHub.run(admission: Admission(rules: [.init(.open, .deny)])) { hub in
            let reply = try await ScriptedAgent(hub, token: "abcdef.0123456789abcdef").hello()
            #expect(reply.isClosed)
            let reason = try #require(reply.frame("denied")?["reason"]?.string)
            #expect(reason.contains("open") && reason.contains("not known here"))
        }
    }

    @Test func theSameKeyGetsTheSameCodeUntilItIsDenied() async throws {
        try await TestHub.run { hub in
            let agent = try ScriptedAgent(hub)
            let code = try #require(try await agent.hello().frame("pending")?["code"]?.string)
            #expect(code.wholeMatch(of: /[A-Z]{4}-[A-Z]{4}/) != nil)
            #expect(try await agent.hello().frame("pending")?["code"]?.string == code)
            #expect(try await hub.database.joins(at: hub.clock.now).count == 1)
            try await hub.services.clusterDesk.deny(
                String(agent.key.id.prefix(12)), by: .operator, because: "not ours")
            let reply = try await agent.hello()
            #expect(reply.isClosed && reply.frame("denied")?["reason"] == "not ours")
        }
    }

    @Test func whoeverIsDeniedWhileItWaitsHearsOfItWhereItWaits() async throws {
        try await TestHub.run { hub in
            let agent = try ScriptedAgent(hub)
            try await agent.hello()
            #expect(try await agent.say(["type": "beat"]).frames.isEmpty)
            try await hub.services.clusterDesk.deny(
                String(agent.key.id.prefix(12)), by: .operator, because: "not ours")
            let reply = try await agent.say(["type": "beat"])
            #expect(reply.isClosed && reply.frame("denied")?["reason"] == "not ours")
        }
    }

    /// Whatever the rules are by now, members stay what they are.
    @Test func stricterRulesChangeNothingForMembers() async throws {
        let tests: [AdmissionRule.Test] = [
            .open, .token, .claim, .approve, .address([]), .identity(issuer: "test", group: "atlas", scope: nil),
        ]
        try await TestHub.run { hub in
            let agent = try await hub.member()
            let before = try #require(agent.record())
            let (known, agents) = (hub.services.agentDesk, hub.services.proxy.feed.agents)
            for _ in 1...60 {
                let later = (0..<Int.random(in: 0...4)).map { _ in
                    AdmissionRule(tests.randomElement() ?? .open, AdmissionRule.Decision.allCases.randomElement())
                }
                var clusters = known.desk
                clusters.admission = Admission(rules: later)
                let desk = AgentDesk(
                    registry: known.registry, desk: clusters, verifier: known.verifier, page: known.page,
                    now: known.now, logger: known.logger)
                let message = try #require(
                    try AgentMessage.all(in: agent.message(agent.greeting), logger: TestHub.quiet).first)
                let answer = try await desk.answer(message)
                #expect(!answer.closes && answer.frames.isEmpty, "\(later)")
                #expect(agent.record() == before && hub.services.proxy.feed.agents == agents, "\(later)")
            }
        }
    }
}
