internal import OrreryWire
internal import Synchronization

/// How a worker ends: no request that reached it fails, as far as time allows.
///
/// 1. The door closes slowly: handshakes that have begun may end, others are not heard, and all that the kernel has
///    queued is taken. Then nobody listens any more.
/// 2. Every answer whose head is still to be written says that it is the last one of its connection. Whoever has been
///    told otherwise may send one more request, which is served like that; who sends none is closed after a while.
/// 3. What still runs at the deadline, WebSockets above all, is cut.
extension Worker {
    /// Takes up what was decided about the end.
    mutating func heedEnd() {
        guard shared.isStopping.load(ordering: .acquiring) else { return }
        if leavesBy == nil { drain() }
        // Asked twice: somebody does not want to wait.
        if shared.isEnding.load(ordering: .acquiring) { leavesBy = now.monotonic }
    }

    private mutating func drain() {
        let limits = shared.limits
        leavesBy = now.monotonic + limits.drain.milliseconds
        doorClosesBy = now.monotonic + limits.doorway.milliseconds
        kernel.refuseNewcomers(listener)
        for index in 0..<slots.extent where slots[index].isClient { tellLast(index) }
    }

    private mutating func tellLast(_ client: UInt32) {
        switch slots[client].phase {
        case .head where !slots[client].isHeadBegun: wait(client, .farewell)
        case .exchange where slots[client].exchange.isUnanswered: slots[client].exchange.closeAfterwards()
        case .free, .handshake, .head, .exchange, .finishing, .lingering, .connecting, .offered, .pooled, .leaving:
            break
        }
    }

    /// What a client waits for between two requests.
    var idleWait: Wait { leavesBy == nil ? .idle : .farewell }

    /// Takes the last of what is queued, and lets the kernel refuse everybody from now on.
    mutating func closeDoor() {
        doorClosesBy = nil
        while acceptAll(at: listener) {}
        kernel.stopListening(listener)
        // Another kind of listener still gives what was queued.
        while acceptAll(at: listener) {}
        kernel.unwatch(listener)
        guard innerListener >= 0 else { return }
        kernel.stopListening(innerListener)
        kernel.unwatch(innerListener)
    }

    /// Closes what is left. An answer that only its connection's end would end must not look whole.
    mutating func closeAll() {
        for index in 0..<slots.extent where slots[index].phase != .free {
            close(index, reset: mustShowItsCut(index))
        }
    }

    /// Whether nothing is left to do.
    var hasLeft: Bool {
        guard let leavesBy else { return false }
        return now.monotonic >= leavesBy || (doorClosesBy == nil && clients == 0)
    }
}

extension ProxyLimits {
    /// How long handshakes that have begun may take to end once the proxy is stopping: about a round trip.
    var doorway: Duration { min(drain / 10, .milliseconds(500)) }
    /// How long a client that has been promised another request may take to send it once the proxy is stopping.
    var farewell: Duration { min(drain / 2, .seconds(5)) }
}
