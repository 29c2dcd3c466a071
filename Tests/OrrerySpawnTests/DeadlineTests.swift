import OrreryKubernetes
import Synchronization
import Testing

@testable import OrrerySpawn

/// Ends of many waits, on one clock.
struct DeadlineTests {
    private final class Heard: Sendable {
        private let words = Mutex<[String]>([])
        var all: [String] { words.withLock { $0 } }
        func add(_ word: String) { words.withLock { $0.append(word) } }
    }

    private let clock = ManualClock()
    private let heard = Heard()

    private func set(_ deadlines: Deadlines, _ seconds: Int, _ word: String) -> Int {
        deadlines.set(after: .seconds(seconds)) { [heard] in heard.add(word) }
    }

    private func eventually(_ condition: () -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while !condition() {
            guard ContinuousClock.now < deadline else { return false }
            try? await Task.sleep(for: .milliseconds(1))
        }
        return true
    }

    @Test func oneSleepIsEnoughForAllThatEndLater() async {
        let deadlines = Deadlines(Timekeeper(clock))
        _ = set(deadlines, 600, "a")
        for word in ["b", "c"] { _ = set(deadlines, 700, word) }
        #expect(await eventually { clock.waits == [.seconds(600)] })
        clock.advance(by: .seconds(600))
        #expect(await eventually { heard.all == ["a"] && clock.waits == [.seconds(100)] })
        clock.advance(by: .seconds(100))
        #expect(await eventually { Set(heard.all) == ["a", "b", "c"] && clock.waits.isEmpty })
    }

    @Test func oneThatEndsBeforeAllOthersIsSleptForToo() async {
        let deadlines = Deadlines(Timekeeper(clock))
        _ = set(deadlines, 600, "late")
        _ = set(deadlines, 1, "early")
        #expect(await eventually { clock.waits == [.seconds(1), .seconds(600)] })
        clock.advance(by: .seconds(1))
        #expect(await eventually { heard.all == ["early"] && clock.waits == [.seconds(599)] })
    }

    @Test func whatIsForgottenIsNotHeardAndNobodySleepsForIt() async {
        let deadlines = Deadlines(Timekeeper(clock))
        let numbers = (0..<3).map { set(deadlines, 10 + $0, "\($0)") }
        #expect(await eventually { clock.waits == [.seconds(10)] })
        for number in numbers { deadlines.forget(number) }
        clock.advance(by: .seconds(10))
        #expect(await eventually { clock.waits.isEmpty })
        _ = set(deadlines, 5, "new")
        #expect(await eventually { clock.waits == [.seconds(5)] })
        clock.advance(by: .seconds(5))
        #expect(await eventually { heard.all == ["new"] })
    }

    @Test func theFirstWordIsHeardWheneverItIsSaid() async {
        let early = FirstWord<Int>()
        for word in [1, 2] { early.say(word) }
        #expect(await early.heard(otherwise: 0) == 1)
        let late = FirstWord<Int>()
        async let heard = late.heard(otherwise: 0)
        for word in [3, 4] { late.say(word) }
        #expect(await heard == 3)
    }

    @Test func whoIsCancelledHearsTheOtherWord() async {
        let word = FirstWord<Int>()
        let task = Task { await word.heard(otherwise: 7) }
        task.cancel()
        #expect(await task.value == 7)
    }
}
