import Foundation
import OrreryModel
import Testing

@testable import OrreryPolicy

struct QueueTests {
    private static let now = PlacementSample.now
    private static let one = Resources(sessions: 1)

    private func waiting(
        _ id: String, _ account: String, since: TimeInterval = 0, need: Resources = one,
        on clusters: [String] = ["north"]
    ) -> Waiting {
        Waiting(id: id, account: account, need: need, since: Self.now + since, clusters: clusters)
    }

    private func line(_ all: [Waiting]) -> WaitingLine {
        var line = WaitingLine()
        for waiting in all { line.join(waiting) }
        return line
    }

    @Test func withinAGroupWhoCameFirstGoesFirst() {
        let line = line([waiting("b", "x", since: 2), waiting("a", "x", since: 1), waiting("c", "x", since: 2)])
        let shares = FairShare(total: ResourceBounds(sessions: 10))
        #expect(line.order(by: shares, at: Self.now + 3).map(\.id) == ["a", "b", "c"])
    }

    @Test func theGroupWithLessGoesFirst() {
        var shares = FairShare(total: ResourceBounds(sessions: 10))
        shares.take(Resources(sessions: 4), by: "many", at: Self.now)
        let line = line([waiting("m", "many", since: 1), waiting("f", "few", since: 2)])
        #expect(line.order(by: shares, at: Self.now + 3).map(\.id) == ["f", "m"])
    }

    @Test func groupsTakeTurns() {
        let all = (0..<4).map { waiting("a\($0)", "a", since: Double($0)) } + [waiting("b0", "b", since: 9)]
        let shares = FairShare(total: ResourceBounds(sessions: 10))
        #expect(line(all).order(by: shares, at: Self.now + 10).map(\.id) == ["a0", "b0", "a1", "a2", "a3"])
    }

    @Test func theDominantResourceCounts() {
        var shares = FairShare(total: ResourceBounds(sessions: 100, gpu: 4))
        shares.take(Resources(sessions: 10), by: "sessions", at: Self.now)
        shares.take(Resources(sessions: 1, gpu: 1), by: "gpu", at: Self.now)
        #expect(shares.share(of: "gpu", at: Self.now) > shares.share(of: "sessions", at: Self.now))
    }

    @Test func whatWasHeldIsForgottenByHalves() {
        var shares = FairShare(total: ResourceBounds(sessions: 10))
        shares.take(Resources(sessions: 5), by: "a", at: Self.now)
        let later = Self.now + FairShare.halfLife
        #expect(abs(shares.share(of: "a", at: later) - 0.75) < 1e-9)
        shares.giveBack(Resources(sessions: 5), by: "a", at: later)
        #expect(abs(shares.share(of: "a", at: later) - 0.25) < 1e-9)
        #expect(abs(shares.share(of: "a", at: later + FairShare.halfLife) - 0.125) < 1e-9)
    }

    @Test func theStoredPastCountsAsIfItHadBeenSeen() {
        var seen = FairShare(total: ResourceBounds(sessions: 10))
        seen.take(Resources(sessions: 5), by: "a", at: Self.now)
        seen.giveBack(Resources(sessions: 5), by: "a", at: Self.now + 7200)
        var read = FairShare(total: ResourceBounds(sessions: 10))
        read.remember(
            Resources(sessions: 5), by: "a", from: Self.now, to: Self.now + 7200, at: Self.now + 9000)
        #expect(abs(seen.share(of: "a", at: Self.now + 9000) - read.share(of: "a", at: Self.now + 9000)) < 1e-9)
    }

    @Test func whoHasWaitedLongEnoughGoesFirstAndHasTheNextPlace() {
        var shares = FairShare(total: ResourceBounds(sessions: 10))
        shares.take(Resources(sessions: 9), by: "greedy", at: Self.now)
        let line = line([waiting("old", "greedy"), waiting("new", "modest", since: 599)])
        #expect(line.order(by: shares, at: Self.now + 599).map(\.id) == ["new", "old"])
        #expect(line.claims(at: Self.now + 599, open: \.clusters).isEmpty)
        #expect(line.order(by: shares, at: Self.now + 600).map(\.id) == ["old", "new"])
        #expect(line.claims(at: Self.now + 600, open: \.clusters) == ["north": "old"])
    }

    @Test func whoCouldNotTakeAPlaceHasNoClaimToIt() {
        let line = line([waiting("bound", "x", on: ["north", "south"]), waiting("free", "y", since: 1)])
        #expect(line.claims(at: Self.now + 601) { $0.id == "bound" ? [] : $0.clusters } == ["north": "free"])
        #expect(
            line.claims(at: Self.now + 601) { $0.id == "bound" ? ["south"] : $0.clusters }
                == ["north": "free", "south": "bound"])
    }

    /// One place becomes free every minute, and a group that always has less share than the other never stops asking.
    @Test func nobodyStarves() {
        var shares = FairShare(total: ResourceBounds(sessions: 10))
        shares.take(Resources(sessions: 9), by: "greedy", at: Self.now)
        var line = line([waiting("victim", "greedy")])
        for minute in 1...20 {
            let now = Self.now + Double(minute) * 60
            line.join(waiting("n\(minute)", "modest", since: Double(minute) * 60 - 1))
            guard let next = line.order(by: shares, at: now).first else { break }
            line.leave(next.id)
            if next.id == "victim" { return }
        }
        Issue.record("the victim waited for twenty minutes while twenty others were served")
    }

    @Test func everyOrderHasEverybodyOnce() {
        for seed in UInt64(1)..<100 {
            var random = SplitMix(seed: seed)
            let all = (0..<30).map { number in
                waiting(
                    "s\(number)", "g\(Int.random(in: 0...4, using: &random))",
                    since: Double(Int.random(in: -900...0, using: &random)))
            }
            let shares = FairShare(total: ResourceBounds(sessions: 100))
            let order = line(all).order(by: shares, at: Self.now).map(\.id)
            #expect(order.sorted() == all.map(\.id).sorted(), "seed \(seed)")
            #expect(
                order == line(all.shuffled(using: &random)).order(by: shares, at: Self.now).map(\.id), "seed \(seed)")
        }
    }
}

struct BreakerTests {
    private static let now = PlacementSample.now

    @Test func threeFailuresInARowOpenIt() {
        var breaker = Breaker()
        breaker.failed(at: Self.now)
        breaker.failed(at: Self.now)
        #expect(breaker.closedUntil(at: Self.now) == nil)
        breaker.failed(at: Self.now)
        #expect(breaker.closedUntil(at: Self.now) == Self.now + 60)
        #expect(breaker.closedUntil(at: Self.now + 60) == nil)
    }

    @Test func aSuccessBetweenKeepsItClosed() {
        var breaker = Breaker()
        for _ in 0..<5 {
            breaker.failed(at: Self.now)
            breaker.failed(at: Self.now)
            breaker.succeeded()
        }
        #expect(breaker.closedUntil(at: Self.now) == nil)
    }

    @Test func oneGoesFirstAndDecides() {
        var breaker = Breaker()
        for _ in 0..<3 { breaker.failed(at: Self.now) }
        let isTrial = breaker.started(at: Self.now + 60)
        #expect(isTrial)
        #expect(breaker.closedUntil(at: Self.now + 61) != nil, "one tries it")
        var worse = breaker
        worse.failed(at: Self.now + 70)
        #expect(worse.closedUntil(at: Self.now + 70) == Self.now + 70 + 120)
        breaker.succeeded()
        #expect(breaker.closedUntil(at: Self.now + 70) == nil)
    }

    @Test func aClockThatIsSetBackKeepsNobodyWaiting() {
        var breaker = Breaker()
        for _ in 0..<3 { breaker.failed(at: Self.now) }
        #expect(breaker.closedUntil(at: Self.now + 1) != nil)
        #expect(breaker.closedUntil(at: Self.now - 3600) == nil)
        _ = breaker.started(at: Self.now + 7200)
        #expect(breaker.closedUntil(at: Self.now + 3600) == nil)
    }
}

struct OccupancyTests {
    private static let now = PlacementSample.now

    private func slot(_ cluster: String?, isStarting: Bool = true) -> Occupancy.Slot {
        Occupancy.Slot(
            person: "ada", account: "science", profile: "standard", need: Resources(sessions: 1, gpu: 2),
            cluster: cluster, isStarting: isStarting)
    }

    @Test func whatIsReleasedIsFree() {
        var occupancy = Occupancy()
        occupancy.hold(slot("north"), for: "a")
        occupancy.hold(slot("north", isStarting: false), for: "b")
        occupancy.hold(slot("north").started(), for: "a")
        #expect(occupancy.clusters["north"] == Resources(sessions: 2, gpu: 4))
        #expect(occupancy.starting["north"] == 0)
        occupancy.release("a")
        occupancy.release("a")
        occupancy.release("b")
        #expect(occupancy.clusters["north"] == Resources())
        #expect(occupancy.persons.isEmpty)
        #expect(occupancy.profiles["north"]?["standard"] == 0)
    }

    @Test func whatWaitsCountsForItsPersonAlone() {
        var occupancy = Occupancy()
        occupancy.hold(slot(nil, isStarting: false), for: "a")
        #expect(occupancy.persons["ada"] == Resources(sessions: 1, gpu: 2))
        #expect(occupancy.accounts.isEmpty)
    }

    @Test func aReservationLastsAMinuteUnlessItIsConfirmed() {
        var occupancy = Occupancy()
        occupancy.reserve(slot("north"), for: "a", at: Self.now)
        occupancy.reserve(slot("north"), for: "b", at: Self.now)
        occupancy.confirm("b")
        #expect(occupancy.reservationsOver(at: Self.now + 59).isEmpty)
        #expect(occupancy.reservationsOver(at: Self.now + 60) == ["a"])
    }
}
