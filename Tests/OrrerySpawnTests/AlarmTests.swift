import OrreryKubernetes
import Synchronization
import Testing

@testable import OrrerySpawn

/// Limits of many sessions, on one clock.
struct AlarmTests {
    private final class Heard: Sendable {
        private let words = Mutex<[String]>([])
        var all: [String] { words.withLock { $0 } }
        func add(_ word: String) { words.withLock { $0.append(word) } }
    }

    private let clock = ManualClock()
    private let heard = Heard()

    private func running(_ body: (Alarms) async throws -> Void) async rethrows {
        let alarms = Alarms(Timekeeper(clock))
        let task = Task { await alarms.run() }
        defer { task.cancel() }
        try await body(alarms)
    }

    private func eventually(_ condition: () -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while !condition() {
            guard ContinuousClock.now < deadline else { return false }
            try? await Task.sleep(for: .milliseconds(1))
        }
        return true
    }

    /// Turns the clock once somebody sleeps.
    private func turn(by duration: Duration) async throws {
        try #require(await eventually { !clock.waits.isEmpty })
        clock.advance(by: duration)
    }

    @Test func oneSleepIsEnoughForAllThatComesLater() async {
        await running { alarms in
            alarms.set(.start, of: "a", after: .seconds(600)) { [heard] in heard.add("a") }
            for name in ["b", "c"] {
                alarms.set(.start, of: name, after: .seconds(700)) { [heard] in heard.add(name) }
            }
            alarms.set(.knock, of: "c", after: .seconds(1)) { [heard] in heard.add("knock") }
            #expect(await eventually { clock.waits == [.seconds(1), .seconds(600)] })
            clock.advance(by: .seconds(600))
            #expect(await eventually { heard.all == ["knock", "a"] && clock.waits == [.seconds(100)] })
        }
    }

    @Test func whatIsForgottenOrSetAnewIsNotHeard() async throws {
        try await running { alarms in
            alarms.set(.start, of: "a", after: .seconds(10)) { [heard] in heard.add("first") }
            alarms.set(.start, of: "a", after: .seconds(20)) { [heard] in heard.add("anew") }
            alarms.set(.image, of: "b", after: .seconds(10)) { [heard] in heard.add("forgotten") }
            alarms.set(.image, of: "c", after: .seconds(10)) { [heard] in heard.add("left") }
            alarms.set(.stop, of: "d", after: .seconds(30)) { [heard] in heard.add("last") }
            alarms.forget(.image, of: "b")
            alarms.forgetAll(of: "c")
            for _ in 0..<3 { try await turn(by: .seconds(10)) }
            #expect(await eventually { heard.all == ["anew", "last"] })
        }
    }

    @Test func thousandsThatAreForgottenLeaveNothing() async {
        await running { alarms in
            for number in 0..<10_000 {
                alarms.set(.start, of: "s\(number)", after: .seconds(600)) {}
                if number > 0 { alarms.forget(.start, of: "s\(number)") }
            }
            #expect(alarms.planned < 200)
        }
    }
}
