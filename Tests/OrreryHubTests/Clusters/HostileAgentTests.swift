import Foundation
import OrreryCrypto
import OrreryModel
import OrreryPolicy
import OrreryStore
import Synchronization
import Testing

@testable import OrreryHub

/// What agents may say, and what comes of it.
struct HostileAgentTests {
    @Test(arguments: [Int64.min, .max, -1, 0])
    func aClockMayShowAnything(_ time: Int64) async throws {
        try await TestHub.run { hub in
            let agent = try await hub.member()
            var greeting = agent.greeting
            greeting["time"] = .integer(time)
            greeting["join"] = ["chain": .string("none")]
            _ = try await agent.say(greeting)
            let record = try #require(agent.record())
            _ = hub.services.keeper.health(of: record).words
            #expect(try await !agent.hello().isClosed)
        }
    }

    @Test func noNumberOfAnAgentEndsTheHub() async throws {
        try await TestHub.run { hub in
            let agent = try await hub.member()
            try await agent.hello()
            try await agent.say([
                "type": "beat", "rtt": .number(1e300), "idle": .integer(.min), "bound": .integer(.max),
            ])
            let link = try #require(hub.services.registry.links.links(of: [agent.key.id]).first)
            #expect(link.roundTrip == nil)
            _ = LinkView(link)
            let all: JSON = ["cpu": .integer(.max), "memory": .integer(.max), "gpu": .integer(.min)]
            try await agent.say([
                "type": "inventory", "capacity": all, "policy": ["maxima": ["sessions": .integer(.min)]],
            ])
            await hub.services.registry.refresh()
            let facts = try #require(hub.services.registry.clusters.first { $0.name == "west" }).facts
            #expect(facts.capacity.gpu == 0 && facts.capacity.sessions == 0)
            #expect(facts.capacity.memory?.bytes == 1 << 52)
            let total = [ClusterFacts](repeating: facts, count: 3000).totalCapacity
            #expect(total.memory?.bytes == .max && total.gpu == 0)
        }
    }

    @Test func anIssuerThatIsAwayKeepsNobodyOut() async throws {
        let rules: [AdmissionRule] = [.init(.identity(issuer: "test", group: nil, scope: nil)), .init(.open)]
        try await TestHub.run(admission: Admission(rules: rules)) { hub in
            hub.issuers.isAway.withLock { $0 = true }
            var agent = try ScriptedAgent(hub)
            agent.join = ["oidc": "access:ada"]
            try await agent.hello()
            #expect(agent.record()?.admission.rule == "open")
        }
    }

    @Test func ownersDoNotTakeAwayWhatAnAdministratorHasStopped() async throws {
        try await TestHub.run { hub in
            let agent = try await hub.member()
            let owner = ClusterChief(try await hub.person("ada"))
            try await hub.order(.suspend, of: "west")
            await #expect(throws: HubError.self) {
                try await hub.services.clusterDesk.order(.leave, of: "west", by: owner)
            }
            #expect(agent.record()?.facets.membership.value == .suspended)
            try await hub.order(.resume, of: "west")
            try await hub.services.clusterDesk.order(.leave, of: "west", by: owner)
        }
    }

    @Test func aKeyThatWasReplacedMakesNoFurtherOne() async throws {
        try await TestHub.run { hub in
            let agent = try await hub.member()
            func rotate(_ agent: ScriptedAgent, to new: AgentKey) async throws -> JSON? {
                let rotation = try KeyRotation(from: agent.key, to: new)
                return try await agent.say([
                    "type": "rotate", "key": .string(Data(new.publicKey.info).base64EncodedString()),
                    "old": .string(Data(rotation.oldSignature).base64EncodedString()),
                    "new": .string(Data(rotation.newSignature).base64EncodedString()),
                ]).frame("rotated")
            }
            var second = agent
            second.key = try AgentKey.fresh()
            #expect(try await rotate(agent, to: second.key) != nil)
            #expect(try await rotate(agent, to: AgentKey.fresh()) == nil)
            #expect(try await rotate(agent, to: second.key)?["key"]?.string == second.key.id)
            let third = try AgentKey.fresh()
            #expect(try await rotate(second, to: third) != nil)
            #expect(Set(second.record()?.keys.map(\.id) ?? []) == [second.key.id, third.id])
        }
    }

    @Test func whatWaitsStaysWhileItIsConnectedAndWhatIsDeniedStaysDenied() async throws {
        try await TestHub.run { hub in
            var agent = try ScriptedAgent(hub)
            agent.name = "pic"
            let code = try #require(try await agent.hello().frame("pending")?["code"]?.string)
            let revision = try await hub.database.clusterRevision()
            hub.clock.turn(by: .seconds(80_000))
            try await agent.say(["type": "beat", "idle": 0, "bound": 0])
            hub.clock.turn(by: .seconds(80_000))
            #expect(try await agent.hello().frame("pending")?["code"]?.string == code)
            #expect(try await hub.database.clusterRevision() == revision)
            let start = String(agent.key.id.prefix(12))
            try await hub.services.clusterDesk.deny(start, by: .operator, because: "not ours")
            agent.join = ["token": .string(try await hub.invite())]
            #expect(try await agent.hello().frame("denied")?["reason"] == "not ours")
        }
    }

    @Test func aClaimIsHeldAgainstTheRulesAndTheMembersOfNow() async throws {
        try await TestHub.run { hub in
            let (first, second) = (try ScriptedAgent(hub), try ScriptedAgent(hub))
            let chief = ClusterChief(try await hub.person("ada"))
            let code = try #require(try await first.hello().frame("pending")?["code"]?.string)
            let other = try #require(try await second.hello().frame("pending")?["code"]?.string)
            var desk = hub.services.clusterDesk
            desk.admission = Admission(rules: [.init(.open, .deny)])
            await #expect(throws: HubError.self) { try await desk.claim(code, for: "atlas", by: chief) }
            desk.admission = .usual
            _ = try await desk.claim(code, for: "atlas", by: chief)
            await #expect(throws: HubError.self) { try await desk.claim(other, for: "atlas", by: chief) }
            await hub.services.registry.refresh()
            #expect(first.record() != nil && second.record() == nil)
        }
    }

    @Test func strangersDoNotFillTheAuditLog() {
        let (refused, now) = (RefusedStrangers(), Date.now)
        #expect(refused.isNews("a", from: "2001:db8::1", at: now))
        #expect(!refused.isNews("a", from: "2001:db8::2", at: now + 60))
        let more = (0..<40).filter { refused.isNews("b\($0)", from: "2001:db8::\($0)", at: now) }
        #expect(more.count == 9)
        #expect(refused.isNews("a", from: "192.0.2.7", at: now))
        #expect(refused.isNews("a", from: "2001:db8::1", at: now + 3600))
    }

    @Test func whatATerminalWouldObeyIsWrittenOut() {
        #expect(!"pic\u{1B}[2J\nrevoked".onOneLine.unicodeScalars.contains { $0.value < 32 })
    }

    @Test(arguments: [true, false])
    func anExpectedNameIsGivenByAnAdministratorAlone(_ isInvited: Bool) async throws {
        try await TestHub.run { hub in
            var desk = hub.services.clusterDesk
            desk.titles = ["coast": "The Coast"]
            var evidence = JoinEvidence(address: "192.0.2.7")
            if isInvited { evidence.invite = .init(id: "abcdef", flaw: nil, owner: "atlas", name: "coast") }
            let key = try AgentKey.fresh()
            let record = try await desk.admit(
                .init(
                    key: key.id, spki: key.publicKey.info,
                    about: .init(stored: ["name": "coast", "uid": "u-9", "namespaces": ["hub"]]), evidence: evidence),
                rule: "open", terms: .init(owner: nil, trust: .unclaimed, scheduling: .schedulable, ceiling: .public),
                because: "it is open")
            #expect(record.name == (isInvited ? "coast" : "coast-2"))
        }
    }
}
