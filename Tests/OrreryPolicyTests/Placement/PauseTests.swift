import Foundation
import Testing

@testable import OrreryPolicy

struct PauseTests {
    private static let now = PlacementSample.now

    @Test func itIsLongerAfterEveryRefusal() {
        var pause = Pause()
        #expect(pause.obstacle(at: Self.now) == nil)
        var instant = Self.now
        for wait: TimeInterval in [15, 30, 60, 120, 240, 300, 300] {
            pause.begin(because: "its storage is taken", at: instant)
            #expect(pause.until == instant + wait)
            #expect(pause.obstacle(at: instant + wait - 1) == "its storage is taken")
            instant += wait
            #expect(pause.obstacle(at: instant) == nil)
        }
    }

    @Test func itEndsWhenSomebodyLeavesOrTheClockIsSetBack() {
        var pause = Pause()
        pause.begin(because: "its storage is taken", at: Self.now)
        #expect(pause.obstacle(at: Self.now - 1) == nil)
        pause.end()
        #expect(pause.obstacle(at: Self.now) == nil)
    }
}
