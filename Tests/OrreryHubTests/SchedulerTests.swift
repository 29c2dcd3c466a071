import Foundation
import OrreryKubernetes
import OrreryModel
import OrrerySpawn
import OrreryStore
import Synchronization
import Testing

@testable import OrreryHub
@testable import OrreryPolicy

struct SchedulerTests {
    @Test func whereThereIsNoRoomItWaitsAndStartsWhenSomebodyLeaves() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { $0.capacity.sessions = $0.name == "north" ? 1 : 0 }
            try await desk.running {
                let first = try await desk.start(hub.person("ada"))
                #expect(!first.isWaiting && first.cluster == "north")
                let second = try await desk.start(hub.person("ben"))
                #expect(second.isWaiting)
                #expect(second.message == "You are 1st in the queue: North is full (no free session, 1 of 1 in use).")
                hub.clock.turn(by: .seconds(1))
                let third = try await desk.start(hub.person("cleo"))
                let place = try #require(await desk.scheduler.queuePlace(of: third.id))
                #expect(place.number == 2 && place.of == 2)
                try await desk.comes(first.id, to: .ended)
                #expect(try await desk.eventually { try await !desk.isWaiting(second.id) })
                let started = try #require(try await hub.database.session(id: second.id))
                #expect(try await desk.eventually { desk.admitted.all == ["\(second.id) on north"] })
                #expect(started.cluster == "north" && started.state == .queued && started.plan.cluster == "north")
                #expect(try await desk.isWaiting(third.id))
            }
        }
    }

    @Test func whoLeavesTheQueueGivesTheirTurnToTheNext() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { $0.capacity.sessions = $0.name == "north" ? 1 : 0 }
            try await desk.running {
                let first = try await desk.start(hub.person("ada"))
                let second = try await desk.start(hub.person("ben"))
                hub.clock.turn(by: .seconds(1))
                let third = try await desk.start(hub.person("cleo"))
                try await hub.services.spawner.stop(second.id, by: "ben")
                let cancelled = try #require(try await hub.database.session(id: second.id))
                #expect(
                    cancelled.state == .ended && cancelled.endReason == .stoppedByPerson && cancelled.readyAt == nil)
                #expect(try await desk.eventually { await desk.scheduler.queuePlace(of: third.id)?.number == 1 })
                try await desk.comes(first.id, to: .ended)
                #expect(try await desk.eventually { try await !desk.isWaiting(third.id) })
            }
        }
    }

    @Test func theQueueSurvivesARestart() async throws {
        try await TestHub.run { hub in
            let before = TestDesk(hub) { $0.capacity.sessions = $0.name == "north" ? 1 : 0 }
            let first = try await before.start(hub.person("ada"))
            let second = try await before.start(hub.person("ben"))
            hub.clock.turn(by: .seconds(1))
            let third = try await before.start(hub.person("cleo"))
            let after = TestDesk(hub) { $0.capacity.sessions = $0.name == "north" ? 1 : 0 }
            try await after.running {
                try await after.scheduler.load()
                #expect(await after.scheduler.queuePlace(of: second.id)?.number == 1)
                #expect(await after.scheduler.queuePlace(of: third.id)?.number == 2)
                #expect(try await after.isWaiting(second.id), "the place of the first is still taken")
                try await after.comes(first.id, to: .ended)
                #expect(try await after.eventually { try await !after.isWaiting(second.id) })
                #expect(try await after.isWaiting(third.id))
            }
        }
    }

    @Test func whereAQuotaIsFullItWaitsAgainUntilSomebodyLeavesThere() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { if $0.name == "south" { $0.scheduling = .cordoned } }
            desk.catchUp()
            try await desk.running {
                let first = try await desk.start(hub.person("ada"))
                try await desk.comes(first.id, to: .ready)
                hub.clock.turn(by: .seconds(1))
                let second = try await desk.start(hub.person("ben"))
                try await desk.isGivenBack(second.id, wish: SessionChoice(profile: "standard"))
                let place = try #require(await desk.scheduler.queuePlace(of: second.id))
                #expect(place.sentence == "You are 1st in the queue: North is full (its quota q is full).")
                hub.clock.turn(by: .seconds(14))
                let third = try await desk.start(hub.person("cleo"))
                #expect(third.isWaiting, "nobody else is sent there")
                try await desk.comes(first.id, to: .ended)
                #expect(try await desk.eventually { try await !desk.isWaiting(second.id) })
                #expect(try await desk.isWaiting(third.id), "one tries for all")
                await desk.scheduler.hear(.accepted(session: second.id))
                #expect(try await desk.eventually { try await !desk.isWaiting(third.id) })
            }
        }
    }

    @Test func whereAQuotaIsFullAnotherClusterIsTaken() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { _ in }
            try await desk.running {
                let session = try await desk.start(hub.person("ada"))
                try await desk.isGivenBack(session.id, wish: SessionChoice(profile: "standard"), lasting: true)
                #expect(try await desk.eventually { try await !desk.isWaiting(session.id) })
                let moved = try #require(try await hub.database.session(id: session.id))
                #expect(Set([session.cluster, moved.cluster]) == ["north", "south"] && moved.state != .ended)
            }
        }
    }

    @Test func whatAQuotaCanNeverTakeEndsWithASentence() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { if $0.name == "south" { $0.membership = .left } }
            try await desk.running {
                let session = try await desk.start(hub.person("ada"))
                try await desk.isGivenBack(session.id, wish: SessionChoice(profile: "standard"), lasting: true)
                #expect(try await desk.hasEnded(session.id))
                let ended = try #require(try await hub.database.session(id: session.id))
                #expect(ended.endReason == .failedToStart)
                #expect(
                    ended.message == "North can never take this session: its quota q is full. Take a smaller size, or "
                        + "choose another cluster. Elsewhere: not South: it has left.")
                #expect(try await desk.eventually { await desk.scheduler.occupancy.persons.isEmpty })
                #expect(try await desk.start(hub.person("ben")).cluster == "north", "others may ask for less")
            }
        }
    }

    @Test func aStoreThatDoesNotAnswerCostsNobodyTheirTurn() async throws {
        try await TestHub.run { hub in
            let store = StubbornSessionStore(hub.database, refusing: [.session: 3])
            let desk = TestDesk(hub, store: store) { if $0.name == "south" { $0.membership = .left } }
            try await desk.running {
                let session = try await desk.start(hub.person("ada"))
                try await desk.isGivenBack(session.id)
                #expect(try await desk.eventually { await desk.scheduler.queuePlace(of: session.id)?.number == 1 })
                #expect(store.isDone)
            }
        }
    }

    /// What is read in two goes is counted once.
    @Test func aQueueThatCouldOnlyBeReadInPartIsReadAgain() async throws {
        try await TestHub.run { hub in
            let before = TestDesk(hub) { $0.capacity.sessions = $0.name == "north" ? 1 : 0 }
            _ = try await before.start(hub.person("ada"))
            let second = try await before.start(hub.person("ben"))
            let store = StubbornSessionStore(hub.database, refusing: [.places: 2])
            let after = TestDesk(hub, store: store) { $0.capacity.sessions = $0.name == "north" ? 1 : 0 }
            try await after.running {
                let stands = try await after.eventually {
                    await after.scheduler.queuePlace(of: second.id)?.number == 1
                }
                #expect(stands && store.isDone)
                #expect(await after.scheduler.occupancy.clusters["north"]?.sessions == 1)
                let held = await after.scheduler.shares.standing(of: "atlas", at: hub.clock.now).held
                #expect(held.sessions == 1)
            }
        }
    }

    /// Whoever is told first that it failed reads again before the others are told.
    @Test func manyWhoWaitForAReadingThatFailsReadOnceMore() async throws {
        try await TestHub.run { hub in
            let store = StubbornSessionStore(hub.database, refusing: [.ended: 1])
            let scheduler = TestDesk(hub, store: store) { _ in }.scheduler
            await withDiscardingTaskGroup { group in
                for _ in 1...20 { group.addTask { await scheduler.loadAgain() } }
            }
            #expect(store.isDone && store.readingsOfEnded == 1)
        }
    }

    @Test func whereNoNodeHasRoomOneTriesForAllUntilItHasANode() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { if $0.name == "south" { $0.scheduling = .cordoned } }
            try await desk.running {
                let first = try await desk.start(hub.person("ada"))
                desk.catchUp()
                try await desk.comes(first.id, to: .creating)
                try await desk.isGivenBack(first.id, ofNodes: true)
                hub.clock.turn(by: .seconds(1))
                let second = try await desk.start(hub.person("ben"))
                #expect(second.isWaiting)
                hub.clock.turn(by: .seconds(15))
                await desk.scheduler.dispatch()
                #expect(try await desk.eventually { try await !desk.isWaiting(first.id) })
                await desk.scheduler.hear(.accepted(session: first.id))
                hub.clock.turn(by: .seconds(120))
                await desk.scheduler.dispatch()
                #expect(try await desk.isWaiting(second.id), "that the cluster takes its pod says nothing of nodes")
                try await desk.comes(first.id, to: .scheduled)
                #expect(try await desk.eventually { try await !desk.isWaiting(second.id) })
            }
        }
    }

    @Test func whomNoNodeTakesForAReasonOfTheirOwnKeepsNobodyElse() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { if $0.name == "south" { $0.scheduling = .cordoned } }
            try await desk.running {
                let first = try await desk.start(hub.person("ada"))
                let own = try await desk.start(hub.person("ada"), server: "second")
                desk.catchUp()
                // By now the next place would be theirs alone.
                hub.clock.turn(by: .seconds(660))
                try await desk.comes(own.id, to: .creating)
                try await desk.isGivenBack(own.id, ofNodes: true, kinds: [])
                let place = try #require(await desk.scheduler.queuePlace(of: own.id))
                #expect(place.sentence == "You are 1st in the queue: North is full (no node has room).")
                #expect(try await !desk.start(hub.person("ben")).isWaiting)
                #expect(try await desk.isWaiting(own.id), "it has a pause of its own")
                hub.clock.turn(by: .seconds(15))
                await desk.scheduler.dispatch()
                #expect(try await desk.eventually { try await !desk.isWaiting(own.id) })
                try await desk.comes(own.id, to: .creating)
                try await desk.isGivenBack(own.id, ofNodes: true, kinds: [])
                #expect(try await desk.isWaiting(own.id))
                try await desk.comes(first.id, to: .ended)
                #expect(try await desk.eventually { try await !desk.isWaiting(own.id) })
            }
        }
    }

    /// The store was slow, or the clock was set forward.
    @Test func whoseSlotRanOutWhileTheyWereStoredHasItAgain() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { if $0.name == "south" { $0.scheduling = .cordoned } }
            let person = try await hub.person("ada")
            let session = try await desk.start(person)
            let request = PlacementRequest(person: person.person, profile: "standard")
            await desk.scheduler.release(session.id)
            await desk.scheduler.confirm("one that ended", request, session.plan)
            #expect(await desk.scheduler.occupancy.clusters["north"]?.sessions == 0)
            await desk.scheduler.confirm(session.id, request, session.plan)
            #expect(await desk.scheduler.occupancy.clusters["north"]?.sessions == 1)
            hub.clock.turn(by: .seconds(61))
            await desk.scheduler.expire()
            #expect(await desk.scheduler.occupancy.clusters["north"]?.sessions == 1)
        }
    }

    @Test func whoHasHadANodeSaysNothingOfTheNext() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { if $0.name == "south" { $0.scheduling = .cordoned } }
            try await desk.running {
                let early = try await desk.start(hub.person("cleo"))
                try await desk.comes(early.id, to: .scheduled)
                let first = try await desk.start(hub.person("ada"))
                desk.catchUp()
                try await desk.comes(first.id, to: .creating)
                try await desk.isGivenBack(first.id, ofNodes: true)
                hub.clock.turn(by: .seconds(1))
                let second = try await desk.start(hub.person("ben"))
                hub.clock.turn(by: .seconds(15))
                await desk.scheduler.dispatch()
                #expect(try await desk.eventually { try await !desk.isWaiting(first.id) })
                for state in [SessionState.image, .starting, .answering] {
                    try await desk.comes(early.id, to: state)
                    await desk.scheduler.dispatch()
                }
                #expect(try await desk.isWaiting(second.id))
            }
        }
    }

    @Test func whatNoNodeTakesThoughNobodyElseIsThereEndsWithASentence() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { if $0.name == "south" { $0.membership = .left } }
            try await desk.running {
                let session = try await desk.start(hub.person("ada"))
                for pause in [15, 30, 0] {
                    #expect(try await desk.eventually { try await !desk.isWaiting(session.id) })
                    try await desk.comes(session.id, to: .creating)
                    try await desk.isGivenBack(session.id, ofNodes: true)
                    hub.clock.turn(by: .seconds(pause))
                    await desk.scheduler.dispatch()
                }
                #expect(try await desk.hasEnded(session.id))
                let ended = try #require(try await hub.database.session(id: session.id))
                #expect(
                    ended.message.hasPrefix("North has not taken this session: no node has room, which was tried 3"))
            }
        }
    }

    @Test func whileOthersOfThisHubAreThereNoNodeIsWaitedForLonger() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { if $0.name == "south" { $0.membership = .left } }
            try await desk.running {
                let other = try await desk.start(hub.person("ben"))
                try await desk.comes(other.id, to: .ready)
                let session = try await desk.start(hub.person("ada"))
                for pause in [15, 30, 60, 120] {
                    #expect(try await desk.eventually { try await !desk.isWaiting(session.id) })
                    try await desk.comes(session.id, to: .creating)
                    try await desk.isGivenBack(session.id, ofNodes: true)
                    #expect(await desk.scheduler.queuePlace(of: session.id)?.number == 1)
                    hub.clock.turn(by: .seconds(pause))
                    await desk.scheduler.dispatch()
                }
            }
        }
    }

    @Test func onlySoManyStartAtATime() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { facts in
                facts.startsAtOnce = 1
                if facts.name == "south" { facts.scheduling = .cordoned }
            }
            try await desk.running {
                let first = try await desk.start(hub.person("ada"))
                let second = try await desk.start(hub.person("ben"))
                #expect(second.message.contains("1 sessions are starting there"))
                try await desk.comes(first.id, to: .ready)
                #expect(try await desk.eventually { try await !desk.isWaiting(second.id) })
            }
        }
    }

    @Test func aClusterOnWhichNothingStartsGetsNothingForAWhile() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { if $0.name == "south" { $0.scheduling = .cordoned } }
            let ada = try await hub.person("ada")
            for _ in 0..<3 {
                let session = try await desk.start(ada)
                try await desk.comes(session.id, to: .creating)
                try await desk.comes(session.id, to: .ended, because: .failedToStart)
            }
            guard case .refused(let refusals, let placement) = try await desk.ask(ada) else {
                throw CancellationError()
            }
            #expect(refusals.contains { $0.reason.hasPrefix("its last 3 starts failed; it is tried again at") })
            #expect(placement.isPassing)
            hub.clock.turn(by: .seconds(60))
            let trial = try await desk.start(ada)
            guard case .refused = try await desk.ask(try await hub.person("ben")) else { throw CancellationError() }
            try await desk.comes(trial.id, to: .ready)
            #expect(try await desk.start(hub.person("ben")).cluster == "north")
        }
    }

    @Test func anImageThatDoesNotExistIsNotTheClustersFault() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { if $0.name == "south" { $0.scheduling = .cordoned } }
            let ada = try await hub.person("ada")
            for _ in 0..<4 {
                let session = try await desk.start(ada)
                try await desk.comes(session.id, to: .image)
                try await desk.comes(session.id, to: .ended, because: .failedToStart)
            }
            #expect(try await desk.start(ada).cluster == "north")
        }
    }

    @Test func whoMayNotAnyMoreIsNotStarted() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { $0.capacity.sessions = $0.name == "north" ? 1 : 0 }
            try await desk.running {
                let first = try await desk.start(hub.person("ada"))
                let ben = try await hub.person("ben")
                let second = try await desk.start(ben)
                _ = try await hub.database.regroup(person: ben.id, [], isAdmin: false)
                try await desk.comes(first.id, to: .ended)
                #expect(try await desk.eventually { try await hub.database.session(id: second.id)?.state == .ended })
                let ended = try #require(try await hub.database.session(id: second.id))
                #expect(ended.endReason == .failedToStart)
                #expect(ended.message.contains("only atlas and science have it"))
            }
        }
    }

    @Test func twoClicksAtOnceAreOneSession() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { $0.capacity.sessions = 10 }
            let ada = try await hub.person("ada")
            let sessions = await withTaskGroup(of: SessionRecord?.self) { group in
                for _ in 0..<8 { group.addTask { try? await desk.start(ada) } }
                return await group.reduce(into: []) { $0.append($1) }.compactMap { $0 }
            }
            #expect(sessions.count == 1)
            #expect(await desk.scheduler.occupancy.persons["ada"]?.sessions == 1)
        }
    }

    /// Far more requests at once than there is room for: each is answered with a session or a place, all run in the end, none
    /// twice, and no cluster ever has more than it may.
    @Test func aStormLosesNobodyAndDoublesNobody() async throws {
        try await TestHub.run { hub in
            let desk = TestDesk(hub) { facts in
                facts.capacity.sessions = 20
                facts.startsAtOnce = 5
            }
            let people = try await hub.crowd(150)
            try await desk.running {
                let sessions = try await withThrowingTaskGroup(of: SessionRecord.self) { group in
                    for person in people { group.addTask { try await desk.start(person) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(Set(sessions.map(\.id)).count == 150)
                #expect(sessions.count { !$0.isWaiting } == 10)
                let line = await desk.scheduler.line.entries.map(\.id)
                #expect(Set(line) == Set(sessions.filter(\.isWaiting).map(\.id)))
                try await desk.serveAll()
                let all = try await hub.database.ended(since: .distantPast)
                #expect(Set(all.map(\.id)) == Set(sessions.map(\.id)))
                #expect(Set(all.map(\.cluster)) == ["north", "south"])
                #expect(await desk.scheduler.occupancy.persons.isEmpty)
            }
        }
    }
}

extension TestDesk {
    /// Lets every session that has a place become ready and end, until none is left.
    fileprivate func serveAll() async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            let active = try await hub.database.allActive()
            guard !active.isEmpty else { return }
            let placed = active.filter { !$0.isWaiting }
            for cluster in ["north", "south"] { #expect(placed.count { $0.cluster == cluster } <= 20) }
            for session in placed {
                try await comes(session.id, to: .ready)
                try await comes(session.id, to: .ended)
            }
            if placed.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        }
    }
}

extension TestHub {
    /// So many people who have logged in before.
    fileprivate func crowd(_ count: Int) async throws -> [PersonRecord] {
        var people: [PersonRecord] = []
        for number in 0..<count {
            let identity = Identity(issuer: "https://issuer.test", subject: "p\(number)")
            let person = Person(
                identity: identity, name: "p\(number)", uid: UInt32(30_000 + number), gid: UInt32(30_000 + number),
                groups: [Group(name: "atlas", gid: 5001)])
            people.append(try await database.register(person, isAdmin: false, at: clock.now))
        }
        return people
    }
}

struct QueuePlaceTests {
    @Test(arguments: [
        (1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st"),
        (101, "101st"), (111, "111th"), (122, "122nd"),
    ]) func aPlaceIsSaidAsPeopleDo(_ number: Int, _ words: String) {
        #expect(QueuePlace.ordinal(number) == words)
    }
}

extension Scheduler {
    /// Loads until it has worked, without letting go of the actor between a failure and the next try.
    fileprivate func loadAgain() async {
        while (try? await load()) == nil {}
    }
}
