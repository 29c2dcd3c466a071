import Foundation
import Testing

@testable import OrreryIdentity

@Suite struct KeyScheduleTests {
    private static let start = Date(timeIntervalSince1970: 1_795_000_000)
    private static let day: TimeInterval = 86400

    /// A first key, and a second one made 30 days later.
    private static let two = KeySchedule(["a": start, "b": start + 30 * day])

    @Test(arguments: [
        (KeySchedule([:]), 0.0, nil, [], true),
        // The first key signs at once: there is no other.
        (KeySchedule(["a": start]), 0.0, "a", ["a"], false),
        (KeySchedule(["a": start]), 29.9, "a", ["a"], false),
        (KeySchedule(["a": start]), 30.0, "a", ["a"], true),
        (two, 30.0, "a", ["a", "b"], false),
        (two, 30.99, "a", ["a", "b"], false),
        (two, 31.0, "b", ["a", "b"], false),
        // The last token of the old key ends within the hour.
        (two, 31.0 + 3659 / day, "b", ["a", "b"], false),
        (two, 31.0 + 3661 / day, "b", ["b"], false),
        // A clock that was set back still has a signer.
        (two, -1.0, "a", ["a", "b"], false),
    ])
    func whoSignsAndWhatIsPublished(
        _ schedule: KeySchedule, _ days: Double, _ signer: String?, _ published: [String], _ wantsKey: Bool
    ) {
        let now = Self.start + days * Self.day
        #expect(schedule.signer(at: now) == signer)
        #expect(schedule.published(at: now) == published)
        #expect(schedule.spent(at: now) == Set(schedule.keys.keys).subtracting(published))
        #expect(schedule.wantsKey(at: now) == wantsKey)
    }

    @Test func whoSignsIsAlwaysPublishedAndNobodySignsUnannounced() {
        var keys: [String: Date] = [:]
        var seen: [String: Date] = [:]
        var now = Self.start
        for hour in 0..<(24 * 200) {
            now = Self.start + Double(hour) * 3600
            var schedule = KeySchedule(keys)
            if schedule.wantsKey(at: now) {
                keys["key \(hour)"] = now
                schedule = KeySchedule(keys)
            }
            for id in schedule.spent(at: now) { keys[id] = nil }
            for id in schedule.published(at: now) where seen[id] == nil { seen[id] = now }
            let signer = schedule.signer(at: now) ?? ""
            #expect(schedule.published(at: now).contains(signer))
            #expect(hour < 24 || now.timeIntervalSince(seen[signer] ?? now) >= KeySchedule.lead)
            #expect(keys.count <= 2)
        }
        #expect(seen.count == 7)
    }
}
