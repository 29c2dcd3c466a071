import OrreryWire
import Testing

@testable import OrreryProxy

/// What a connection costs while it does nothing.
struct SlotTests {
    /// An idle WebSocket is two connections: a place, a timer and two links each. Design: at most half a KiB in all.
    @Test func anIdleWebSocketCostsLessThanHalfAKiB() {
        let place = MemoryLayout<Slot>.stride + MemoryLayout<Timers.Link>.stride + 2 * MemoryLayout<UInt32>.stride
        #expect(2 * place <= 480, "a place costs \(MemoryLayout<Slot>.stride) bytes, with its links \(place)")
    }
}
