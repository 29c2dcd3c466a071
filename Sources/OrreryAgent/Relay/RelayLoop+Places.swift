import OrreryWire
import Synchronization

/// Places for connections, and what they hold.
extension RelayLoop {
    /// A place for a new connection, which is watched from now on. Nil when all are taken; the connection is closed then.
    mutating func add(_ connection: Connection, _ role: RelaySlot.Role, line: Int32 = -1) -> UInt32? {
        let descriptor: CInt
        switch connection {
        case .connected(let number), .started(let number): descriptor = number
        case .failed, .exhausted: return nil
        }
        guard let index = slots.add(fresh: { RelaySlot() }) else {
            kernel.close(descriptor, reset: false)
            return nil
        }
        slots[index].descriptor = descriptor
        slots[index].generation &+= 1
        slots[index].role = role
        slots[index].phase = .connecting
        slots[index].ready = .none
        slots[index].isQueued = false
        slots[index].hasEnded = false
        slots[index].streak = 0
        slots[index].words = 0
        slots[index].line = line
        slots[index].partner = Slab<RelaySlot>.none
        kernel.watch(descriptor, token: UInt64(slots[index].generation) << 32 | UInt64(index))
        return index
    }

    /// Closes one connection and forgets it; with `reset` the other side sees that something was cut off.
    mutating func close(_ index: UInt32, reset: Bool) {
        guard slots[index].phase != .free else { return }
        count(index, isGone: true)
        timers.clear(index)
        if slots[index].speaksTLS, !reset, slots[index].output.isEmpty {
            engine.replies.reset()
            engine.end(slots[index].stream)
            // If the kernel has no room for these few bytes now, the other side must do without.
            engine.sendReplies(to: slots[index].descriptor, through: &kernel)
        }
        kernel.close(slots[index].descriptor, reset: reset)
        slots[index].stream = TLSStream()
        slots[index].descriptor = -1
        slots[index].phase = .free
        slots[index].isQueued = false
        recycle(slots[index].input.take())
        recycle(slots[index].output.take())
        slots.remove(index)
    }

    /// Both sides of a relayed connection.
    mutating func closePair(_ data: UInt32, reset: Bool) {
        let local = slots[data].partner
        if local != Slab<RelaySlot>.none { close(local, reset: reset) }
        close(data, reset: reset)
    }

    /// Another phase of a connection, and what is counted by it.
    mutating func enter(_ index: UInt32, _ phase: RelaySlot.Phase) {
        count(index, isGone: true)
        slots[index].phase = phase
        count(index, isGone: false)
    }

    private mutating func count(_ index: UInt32, isGone: Bool) {
        guard slots[index].role == .data else { return }
        let step = isGone ? -1 : 1
        switch slots[index].phase {
        case .idle, .handing: figures.idleCount.wrappingAdd(step, ordering: .relaxed)
        case .reaching, .relaying: figures.boundCount.wrappingAdd(step, ordering: .relaxed)
        default: break
        }
    }

    mutating func wait(_ index: UInt32, _ wait: Wait) { timers.set(index, wait.rawValue, now: now.monotonic) }

    mutating func recycle(_ buffer: consuming Buffer?) {
        if let buffer = consume buffer { buffers.recycle(buffer) }
    }
}
