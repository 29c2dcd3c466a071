import Foundation
import OrreryModel
import Testing

@testable import OrreryPolicy

struct QuotaGateTests {
    private static let now = PlacementSample.now
    private static let capacity = ResourceBounds(sessions: 50)
    private static let large = Resources(
        sessions: 1, cpu: CPUCount(millicores: 4000), memory: ByteCount(bytes: 8 << 30))
    private static let small = Resources(sessions: 1, cpu: CPUCount(millicores: 500), memory: ByteCount(bytes: 1 << 30))

    private func gate(_ kinds: Set<QuotaShortage.Kind> = [.sessions], refused need: Resources = large) -> QuotaGate {
        var gate = QuotaGate()
        refuse(&gate, kinds, need, after: 0)
        return gate
    }

    private func refuse(
        _ gate: inout QuotaGate, _ kinds: Set<QuotaShortage.Kind> = [.sessions], _ need: Resources = large,
        after seconds: TimeInterval
    ) {
        let shortage = QuotaShortage(kinds: kinds, reason: "its quota q is full", isLasting: false)
        gate.refused(shortage, asking: need, under: Self.capacity, at: Self.now + seconds)
    }

    private func isClosed(_ gate: QuotaGate, to need: Resources = large, after seconds: TimeInterval) -> Bool {
        gate.obstacle(to: need, under: Self.capacity, at: Self.now + seconds) != nil
    }

    @Test func itIsClosedLongerAfterEveryRefusalInARow() {
        var gate = gate()
        var instant: TimeInterval = 0
        for wait: TimeInterval in [15, 30, 60, 120, 240, 300, 300] {
            #expect(gate.opens(after: Self.now + instant) == Self.now + instant + wait)
            #expect(isClosed(gate, after: instant + wait - 1))
            instant += wait
            #expect(!isClosed(gate, after: instant))
            refuse(&gate, after: instant)
        }
    }

    // A quota's name may mean something else than what sessions ask for.
    @Test func whoAskedForNoneOfWhatIsShortClosesItToEverybody() {
        #expect(isClosed(gate([.gpu]), to: Self.small, after: 1))
    }

    @Test func severalThatWereUnderWayTogetherAreOneRefusal() {
        var gate = gate()
        for second in 1...9 { refuse(&gate, after: Double(second)) }
        #expect(gate.opens(after: Self.now) == Self.now + 15)
    }

    @Test(
        arguments: [
            ([.sessions], true), ([.cpu], false), ([.memory], false), ([.cpu, .sessions], true),
        ] as [(Set<QuotaShortage.Kind>, Bool)])
    func whatAsksForLessOfWhatIsShortMayTry(_ kinds: Set<QuotaShortage.Kind>, _ isSmallKept: Bool) {
        let gate = gate(kinds)
        #expect(isClosed(gate, to: Self.large, after: 1))
        #expect(isClosed(gate, to: Self.small, after: 1) == isSmallKept)
    }

    @Test func oneGoesAtATimeUntilTheClusterHasTakenItsPod() {
        var gate = gate()
        gate.started(Self.large, at: Self.now + 15)
        #expect(isClosed(gate, after: 16))
        gate.accepted()
        #expect(!isClosed(gate, after: 17))
        gate.started(Self.large, at: Self.now + 17)
        #expect(isClosed(gate, after: 18))
        #expect(!isClosed(gate, after: 77), "nothing more was heard of the trial")
    }

    @Test func itOpensWhenSomebodyLeavesOrTheCapacityChanges() {
        var gate = gate()
        #expect(gate.obstacle(to: Self.large, under: ResourceBounds(sessions: 51), at: Self.now + 1) == nil)
        gate.roomMade(at: Self.now + 1)
        #expect(!isClosed(gate, after: 1))
    }

    @Test func whatIsOneSessionsOwnKeepsNobodyAwayAndEndsItsTrial() {
        var open = QuotaGate()
        refuse(&open, [], after: 0)
        #expect(!isClosed(open, after: 0))
        var gate = gate()
        refuse(&gate, [], after: 1)
        #expect(isClosed(gate, after: 2), "others wait for what they waited for")
        gate.started(Self.large, at: Self.now + 15)
        refuse(&gate, [], after: 16)
        #expect(!isClosed(gate, after: 16))
    }

    @Test func aClockThatWasSetBackKeepsNobodyWaiting() {
        var gate = gate()
        gate.started(Self.large, at: Self.now + 15)
        #expect(!isClosed(gate, after: -3600))
        refuse(&gate, after: -3600)
        #expect(isClosed(gate, after: -3586) && !isClosed(gate, after: -3570))
        gate.started(Self.large, at: Self.now - 3500)
        #expect(!isClosed(gate, after: -3550))
    }

    @Test func itForgetsARefusalOfTenMinutesAgo() {
        var gate = gate()
        gate.started(Self.large, at: Self.now + 600)
        #expect(!isClosed(gate, after: 601))
    }
}
