import HTTPReference
import Testing

/// Schedules made by chance: the same ones every time, and new ones in every run.
struct ModelTests {
    private static let fresh = UInt64.random(in: 1_000_000...(.max / 2))

    // `Tests/fuzz`, compiled for speed, goes through more of them.
    @Test(arguments: [0, fresh])
    func whateverHappensNobodyGetsWhatIsNotTheirs(_ first: UInt64) {
        for seed in first..<first + 30 {
            var model = Model(Seeded(seed), isGentle: false)
            let faults = model.run(events: 150)
            guard !faults.isEmpty else { continue }
            Issue.record("seed \(seed): \(faults)\n\(model.story)")
            return
        }
    }

    @Test(arguments: [0, fresh])
    func whenNobodyBreaksAnythingEverybodyIsAnswered(_ first: UInt64) {
        for seed in first..<first + 20 {
            var model = Model(Seeded(seed), isGentle: true)
            let faults = model.run(events: 120)
            guard !faults.isEmpty else { continue }
            Issue.record("seed \(seed): \(faults)\n\(model.story)")
            return
        }
    }
}
