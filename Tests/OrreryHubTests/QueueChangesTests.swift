import Foundation
import OrreryModel
import OrreryPolicy
import OrrerySpawn
import OrreryStore
import Testing

@testable import OrreryHub

/// What changes while sessions wait, and what they hold themselves.
struct QueueChangesTests {
    /// North has one place, South none.
    private static func narrow(_ facts: inout ClusterFacts) { facts.capacity.sessions = facts.name == "north" ? 1 : 0 }

    @Test(arguments: ["sessions: 1", "memory: 1Gi", "cpu: 600m"])
    func whoWaitsDoesNotUpTheirOwnQuota(_ bound: String) async throws {
        let policy = try TestPolicy.changed { $0 + "\nquotas: {person: {\(bound)}}\n" }
        try await TestHub.run { hub in
            let desk = TestDesk(hub, policy: policy, Self.narrow)
            try await desk.running {
                let first = try await desk.start(hub.person("ada"))
                let second = try await desk.start(hub.person("ben"))
                #expect(second.isWaiting)
                // What waits does count against another one of theirs.
                guard case .refused(let refusals, _) = try await desk.ask(hub.person("ben"), server: "other") else {
                    Issue.record("their quota is used up")
                    return
                }
                #expect(refusals.first?.what == "your quota")
                try await desk.comes(first.id, to: .ended)
                #expect(try await desk.eventually { try await !desk.isWaiting(second.id) })
            }
        }
    }

    @Test func aClusterThatComesLaterIsForThoseWhoWaitAlready() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) {
                Self.narrow(&$0)
                if $0.name == "south" { $0.membership = .pending }
            }
            try await desk.running {
                _ = try await desk.start(hub.person("ada"))
                let second = try await desk.start(hub.person("ben"))
                #expect(second.isWaiting)
                await desk.changeClusters { $0.capacity.sessions = 1 }
                #expect(try await desk.eventually { try await !desk.isWaiting(second.id) })
                #expect(try await hub.database.session(id: second.id)?.cluster == "south")
            }
        }
    }

    /// The profile's bounds, and the group's, are what keeps a second one of ben's group waiting though there is a place.
    @Test(arguments: [
        (bound: "quotas: {groups: {atlas: {sessions: 1}}}", profile: ""),
        ("", "limit: {perCluster: 1}"), ("", "limit: {total: 1}"),
    ])
    func whoWaitsForMoreThanRoomKeepsNobodyOut(bound: String, profile: String) async throws {
        let policy = try TestPolicy.changed {
            $0.replacingOccurrences(of: "filesets: {offer: all}", with: "filesets: {offer: all}\n    \(profile)")
                + "\n\(bound)\n"
        }
        try await TestHub.run { hub in
            let desk = TestDesk(hub, policy: policy) {
                $0.capacity.sessions = 2
                if $0.name == "south" { $0.membership = .pending }
            }
            try await desk.running {
                let first = try await desk.start(hub.person("ada"))
                let second = try await desk.start(hub.person("ben"))
                #expect(second.isWaiting)
                hub.clock.turn(by: .seconds(660))
                #expect(await !desk.scheduler.isPlaceAwaited(of: "nobody's", on: "north"))
                let stranger = try await hub.person("cleo", groups: [Group(name: "operators", gid: 5003)])
                let request = PlacementRequest(person: stranger.person, profile: "special")
                guard case .placed = try await desk.scheduler.look(request).outcome else {
                    Issue.record("the free place is kept for somebody who cannot have it")
                    return
                }
                try await desk.comes(first.id, to: .ended)
                #expect(try await desk.eventually { try await !desk.isWaiting(second.id) })
            }
        }
    }

    @Test func whoHasWaitedForRoomAloneHasTheNextPlace() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub, Self.narrow)
            try await desk.running {
                let first = try await desk.start(hub.person("ada"))
                let second = try await desk.start(hub.person("ben"))
                hub.clock.turn(by: .seconds(660))
                #expect(await desk.scheduler.facts().first { $0.name == "north" }?.nextIs == second.id)
                #expect(await desk.scheduler.isPlaceAwaited(of: first.id, on: "north"))
            }
        }
    }

    @Test func aNewerPolicyIsForThoseWhoWaitAlready() async throws {
        let narrow = try TestPolicy.changed { $0 + "\nquotas: {groups: {atlas: {sessions: 1}}}\n" }
        let wide = try TestPolicy.changed { $0 + "\nquotas: {groups: {atlas: {sessions: 2}}}\n" }
        try await TestHub.run { hub in
            let desk = TestDesk(hub, policy: narrow) { $0.capacity.sessions = 10 }
            try await desk.running {
                _ = try await desk.start(hub.person("ada"))
                let second = try await desk.start(hub.person("ben"))
                #expect(second.isWaiting)
                desk.take(wide)
                #expect(try await desk.eventually { try await !desk.isWaiting(second.id) })
            }
        }
    }

    @Test func whoWaitsForASizeThatIsMadeSmallerTakesNoMoreThanThat() async throws {
        let smaller = try TestPolicy.changed { $0.replacingOccurrences(of: "memory: 64Gi", with: "memory: 32Gi") }
        try await TestHub.run { hub in
            let desk = TestDesk(hub) {
                Self.narrow(&$0)
                if $0.name == "north" { ($0.capacity.sessions, $0.capacity.memory) = (10, ByteCount(bytes: 64 << 30)) }
            }
            try await desk.running {
                _ = try await desk.start(hub.person("ada"))
                let large = try await desk.start(hub.person("ben"), size: "large")
                #expect(large.isWaiting)
                desk.take(smaller)
                #expect(try await desk.eventually { try await !desk.isWaiting(large.id) })
                #expect(await desk.scheduler.occupancy.persons["ben"]?.memory == ByteCount(bytes: 32 << 30))
            }
        }
    }

    @Test func aRestartReadsWhatThoseWhoWaitTakeFromThePolicy() async throws {
        let smaller = try TestPolicy.changed { $0.replacingOccurrences(of: "memory: 64Gi", with: "memory: 32Gi") }
        try await TestHub.run { hub in
            let before = TestDesk(hub, Self.narrow)
            _ = try await before.start(hub.person("ada"))
            _ = try await before.start(hub.person("ben"), size: "large")
            let after = TestDesk(hub, policy: smaller, Self.narrow)
            try await after.scheduler.load()
            #expect(await after.scheduler.line.entries.map(\.need.memory) == [ByteCount(bytes: 32 << 30)])
            #expect(await after.scheduler.occupancy.persons["ben"]?.memory == ByteCount(bytes: 32 << 30))
        }
    }

    @Test func whoCanStartNowhereAnyMoreIsToldSo() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub, Self.narrow)
            try await desk.running {
                _ = try await desk.start(hub.person("ada"))
                let second = try await desk.start(hub.person("ben"))
                await desk.changeClusters {
                    Self.narrow(&$0)
                    $0.trust = .groups(["operators"])
                }
                #expect(try await desk.hasEnded(second.id))
                let ended = try #require(try await hub.database.session(id: second.id))
                #expect(ended.message.hasPrefix("It cannot start any more: "))
                #expect(try await desk.eventually { await desk.scheduler.occupancy.persons["ben"] == nil })
            }
        }
    }

    @Test func nodesThatAreShutOffForAWhileCostNobodyTheirPlace() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub, Self.narrow)
            try await desk.running {
                _ = try await desk.start(hub.person("ada"))
                let second = try await desk.start(hub.person("ben"))
                // A cluster counts only nodes that take pods.
                await desk.changeClusters { $0.capacity.memory = ByteCount(bytes: 0) }
                let told = await desk.scheduler.queuePlace(of: second.id)?.sentence
                #expect(told?.contains("not North: it is too small") == true, "\(told ?? "nothing")")
                await desk.changeClusters { $0.capacity.sessions = 2 }
                #expect(try await desk.eventually { try await !desk.isWaiting(second.id) })
                #expect(try await hub.database.session(id: second.id)?.state != .ended)
            }
        }
    }

    @Test func norToWhomTheyHadTaken() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub, Self.narrow)
            try await desk.running {
                let first = try await desk.start(hub.person("ada"))
                await desk.changeClusters {
                    Self.narrow(&$0)
                    $0.capacity.memory = ByteCount(bytes: 0)
                }
                try await desk.isGivenBack(first.id, ofNodes: true)
                #expect(try await desk.eventually { await desk.scheduler.queuePlace(of: first.id)?.number == 1 })
                #expect(try await desk.isWaiting(first.id))
                await desk.changeClusters { $0.capacity.sessions = 2 }
                hub.clock.turn(by: .seconds(600))
                await desk.scheduler.dispatch()
                #expect(try await desk.eventually { try await !desk.isWaiting(first.id) })
                #expect(try await hub.database.session(id: first.id)?.state != .ended)
            }
        }
    }

    /// Its nodes cannot come back: there never were any.
    @Test func aClusterThatWasAlwaysTooSmallIsNoneToWaitFor() async throws {
        try await TestHub.run { hub in
            @Sendable func shape(_ facts: inout ClusterFacts) {
                Self.narrow(&facts)
                if facts.name == "south" { facts.capacity.memory = ByteCount(bytes: 0) }
            }
            let desk = TestDesk(hub, shape)
            try await desk.running {
                let first = try await desk.start(hub.person("ada"))
                let second = try await desk.start(hub.person("ben"))
                try await desk.isGivenBack(first.id, lasting: true)
                #expect(try await desk.hasEnded(first.id))
                let ended = try #require(try await hub.database.session(id: first.id))
                #expect(ended.message.contains("Elsewhere: not South: it is too small"), "\(ended.message)")
                #expect(try await desk.eventually { try await !desk.isWaiting(second.id) })
                let third = try await desk.start(hub.person("cleo"))
                #expect(third.isWaiting)
                await desk.changeClusters {
                    shape(&$0)
                    if $0.name == "north" { $0.membership = .revoked }
                }
                #expect(try await desk.hasEnded(third.id))
            }
        }
    }

    /// Waiting would not help: somebody has decided it.
    @Test func whoMayNeverHaveSoMuchAnyMoreIsToldSo() async throws {
        let lower = try TestPolicy.changed { $0 + "\nquotas: {groups: {atlas: {cpu: 100m}}}\n" }
        try await TestHub.run { hub in
            let desk = TestDesk(hub, Self.narrow)
            try await desk.running {
                _ = try await desk.start(hub.person("ada"))
                let second = try await desk.start(hub.person("ben"))
                desk.take(lower)
                await desk.scheduler.clustersChanged()
                #expect(try await desk.hasEnded(second.id))
            }
        }
    }

    @Test func soIsWhoeverARestartFindsWaitingForNothing() async throws {
        try await restarted {
            $0.membership = .revoked
        } body: { desk, waiting in
            let isTold = try await desk.hasEnded(waiting)
            #expect(isTold)
        }
    }

    /// The hub does not know what the clusters have shown before.
    @Test func whomARestartFindsWhileNodesAreShutOffWaitsOn() async throws {
        try await restarted {
            $0.capacity.memory = ByteCount(bytes: 0)
        } body: { desk, waiting in
            try await desk.scheduler.load()
            await desk.changeClusters { $0.capacity.sessions = 2 }
            #expect(try await desk.eventually { try await !desk.isWaiting(waiting) })
            #expect(try await desk.hub.database.session(id: waiting)?.state != .ended)
        }
    }

    /// Runs `body` with a hub that begins anew while somebody waits, and with the session that does.
    private func restarted(
        _ change: @escaping @Sendable (inout ClusterFacts) -> Void,
        body: @escaping @Sendable (TestDesk, String) async throws -> Void
    ) async throws {
        try await TestHub.run { hub in
            let before = TestDesk(hub, Self.narrow)
            _ = try await before.start(hub.person("ada"))
            let second = try await before.start(hub.person("ben"))
            let after = TestDesk(hub) {
                Self.narrow(&$0)
                change(&$0)
            }
            try await after.running { try await body(after, second.id) }
        }
    }

    @Test func whoseOwnQuotaWasLoweredWaitsOn() async throws {
        let lower = try TestPolicy.changed { $0 + "\nquotas: {person: {cpu: 600m}}\n" }
        try await TestHub.run { hub in
            let desk = TestDesk(hub, Self.narrow)
            try await desk.running {
                let first = try await desk.start(hub.person("ben"))
                let second = try await desk.start(hub.person("ben"), server: "second")
                desk.take(lower)
                await desk.scheduler.clustersChanged()
                #expect(await desk.scheduler.queuePlace(of: second.id)?.number == 1)
                try await desk.comes(first.id, to: .ended)
                #expect(try await desk.eventually { desk.admitted.all == ["\(second.id) on north"] })
            }
        }
    }

    @Test func aNewerPolicyThatHasNothingForThemEndsTheWait() async throws {
        let other = try TestPolicy.changed {
            $0.replacingOccurrences(of: "allow: [atlas, science]", with: "allow: [operators]")
        }
        try await TestHub.run { hub in
            let desk = TestDesk(hub, Self.narrow)
            try await desk.running {
                _ = try await desk.start(hub.person("ada"))
                let second = try await desk.start(hub.person("ben"))
                desk.take(other)
                #expect(try await desk.hasEnded(second.id))
                let ended = try #require(try await hub.database.session(id: second.id))
                #expect(ended.endReason == .failedToStart && ended.message.hasPrefix("It cannot start any more: "))
            }
        }
    }

    @Test func aClusterThatDoesNotTakeItsPersonAnyMoreIsNotWhereItGoes() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) {
                $0.capacity.sessions = 1
                if $0.name == "north" { $0.trust = .groups(["atlas"]) }
            }
            try await desk.running {
                let running = [try await desk.start(hub.person("ada")), try await desk.start(hub.person("cleo"))]
                let first = try #require(running.first { $0.cluster == "north" })
                let ben = try await hub.person("ben")
                let second = try await desk.start(ben)
                #expect(second.isWaiting)
                // The profile is theirs still, the cluster is not.
                let science: Set<Group> = [Group(name: "science", gid: 5002)]
                _ = try await hub.database.regroup(person: ben.id, science, isAdmin: false)
                try await desk.comes(first.id, to: .ended)
                #expect(
                    try await desk.eventually { await desk.scheduler.requests[second.id]?.person.groups == science })
                #expect(try await desk.isWaiting(second.id) && desk.admitted.all.isEmpty)
                #expect(await desk.scheduler.occupancy.clusters["north"]?.sessions == 0)
                // It has kept its turn.
                await desk.changeClusters { $0.capacity.sessions = 1 }
                #expect(try await desk.eventually { desk.admitted.all == ["\(second.id) on north"] })
            }
        }
    }

    @Test func whereNoClusterTakesItsPersonAnyMoreItEnds() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) {
                Self.narrow(&$0)
                $0.trust = .groups(["atlas"])
            }
            try await desk.running {
                let first = try await desk.start(hub.person("ada"))
                let ben = try await hub.person("ben")
                let second = try await desk.start(ben)
                let science: Set<Group> = [Group(name: "science", gid: 5002)]
                _ = try await hub.database.regroup(person: ben.id, science, isAdmin: false)
                try await desk.comes(first.id, to: .ended)
                #expect(try await desk.hasEnded(second.id))
                #expect(try await desk.eventually { await desk.scheduler.occupancy.persons["ben"] == nil })
            }
        }
    }

    @Test func ofSeveralAtOnceOnlyAsManyStartAsOnePersonMayHave() async throws {
        let policy = try TestPolicy.changed {
            $0.replacingOccurrences(of: "    default: true\n", with: "    default: true\n    limit: {perUser: 2}\n")
        }
        try await TestHub.run { hub in
            let desk = TestDesk(hub, policy: policy) { $0.capacity.sessions = 10 }
            let ada = try await hub.person("ada")
            let names = ["", "a", "b", "c", "d", "e"]
            let sessions = await withTaskGroup(of: SessionRecord?.self) { group in
                for name in names { group.addTask { try? await desk.start(ada, server: name) } }
                return await group.reduce(into: []) { $0.append($1) }.compactMap { $0 }
            }
            #expect(sessions.count == 2)
            guard case .refused(let refusals, _) = try await desk.ask(ada, server: "z") else {
                Issue.record("two may be had")
                return
            }
            #expect(refusals.contains { $0.reason.contains("you have 2 of it running and may have 2") })
        }
    }

    /// The one that tries a cluster again may say nothing about it: its person goes, or its image is at fault.
    @Test(arguments: [(SessionState.creating, EndReason.stoppedByPerson), (.image, .failedToStart)])
    func aTrialThatSaysNothingIsForTheNext(_ reached: SessionState, _ reason: EndReason) async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { $0.capacity.sessions = $0.name == "north" ? 10 : 0 }
            desk.catchUp()
            try await desk.running {
                for _ in 0..<3 {
                    let session = try await desk.start(hub.person("ada"))
                    try await desk.comes(session.id, to: .creating)
                    try await desk.comes(session.id, to: .ended, because: .failedToStart)
                }
                hub.clock.turn(by: .seconds(61))
                let trial = try await desk.start(hub.person("ada"))
                #expect(!trial.isWaiting && trial.cluster == "north")
                guard case .refused = try await desk.ask(hub.person("ben")) else {
                    Issue.record("one tries for all")
                    return
                }
                try await desk.comes(trial.id, to: reached)
                try await desk.comes(trial.id, to: .ended, because: reason)
                #expect(try await !desk.start(hub.person("ben")).isWaiting)
            }
        }
    }
}
