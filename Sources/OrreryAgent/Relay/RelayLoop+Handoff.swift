import OrreryLink
import OrreryWire
import Synchronization

/// Data connections that get their purpose.
extension RelayLoop {
    /// How much of a pod may wait to be read: it is near, so that a millisecond's worth does. With the megabytes that the system
    /// would allow, what is read lies in main memory by then.
    private static var arrivals: Int { 384 << 10 }
    /// The longest hand-off there is, with room for the bytes behind it.
    private static var handoffLimit: Int { 1024 }

    /// Reads the hand-off of a data connection that waits.
    mutating func readHandoff(_ index: UInt32) {
        guard flush(index) else { return drop(index, reset: true) }
        while slots[index].ready.contains(.readable) {
            var bytes = slots[index].input.take() ?? workBuffer()
            switch receive(index, into: &bytes) {
            case .bytes:
                guard beginHandoff(index, bytes) else { return }
            case .blocked:
                if bytes.isEmpty { buffers.recycle(bytes) } else { slots[index].input.put(bytes) }
                return
            case .ended, .failed:
                buffers.recycle(bytes)
                return drop(index, reset: false)
            }
        }
    }

    /// Looks at what has come of a hand-off. True when it is not whole yet.
    private mutating func beginHandoff(_ index: UInt32, _ bytes: consuming Buffer) -> Bool {
        var bytes = bytes
        let beginning = bytes.read { bytes in (0..<min(bytes.count, Self.handoffLimit)).map { bytes[$0] } }
        do {
            guard let (handoff, count) = try Handoff.read(beginning) else {
                slots[index].input.put(bytes)
                if slots[index].phase == .idle {
                    enter(index, .handing)
                    wait(index, .handoff)
                }
                return true
            }
            bytes.consume(count)
            if bytes.isEmpty { buffers.recycle(bytes) } else { slots[index].input.put(bytes) }
            begin(index, handoff)
        } catch {
            buffers.recycle(bytes)
            leaveLine(index)
            refuse(index, .noTarget, "The agent does not understand what it was handed: \(error).")
        }
        return false
    }

    /// A data connection that waited is not there for others any more.
    private mutating func leaveLine(_ index: UInt32) {
        timers.clear(index)
        enter(index, .reaching)
        lines[Int(slots[index].line)].left(now.monotonic)
    }

    /// A data connection is gone that waited.
    mutating func drop(_ index: UInt32, reset: Bool) {
        lines[Int(slots[index].line)].dropped(now.monotonic, waitingSince: slots[index].arrival)
        close(index, reset: reset)
    }

    private mutating func begin(_ index: UInt32, _ handoff: Handoff) {
        figures.handoffCount.wrappingAdd(1, ordering: .relaxed)
        leaveLine(index)
        guard leavesBy == nil else { return refuse(index, .leaving, "This agent is leaving.", handoff.trace) }
        guard figures.bound <= setting.limits.bound else {
            return refuse(index, .tooMany, "This agent carries as many connections as it may.", handoff.trace)
        }
        switch handoff.target {
        case .api:
            figures.dialCount.wrappingAdd(1, ordering: .relaxed)
            reach(index, kernel.connect(path: setting.gate), handoff.trace)
        case .pod(let uid, let port):
            switch setting.find(uid, port) {
            case .at(let address):
                figures.dialCount.wrappingAdd(1, ordering: .relaxed)
                reach(index, kernel.connect(address), handoff.trace)
            case .refused(let code, let say): refuse(index, code, say, handoff.trace)
            }
        }
    }

    private mutating func reach(_ data: UInt32, _ connection: Connection, _ trace: String) {
        if case .exhausted = connection {
            return refuse(data, .tooMany, "This agent has no descriptor left.", trace)
        }
        guard let local = add(connection, .local) else {
            return refuse(data, .refusedConnection, "The session's pod refuses the connection.", trace)
        }
        kernel.boundArrivals(slots[local].descriptor, to: Self.arrivals)
        slots[local].partner = data
        slots[data].partner = local
        if case .connected = connection { return finishReaching(local) }
        wait(local, .reach)
    }

    /// A pod, or the gate, has taken the connection: from now on bytes go both ways.
    mutating func finishReaching(_ local: UInt32) {
        let data = slots[local].partner
        timers.clear(local)
        // It may be sent to at once; the kernel says otherwise if not.
        slots[local].ready.insert(.writable)
        guard deliver(HandoffAnswer.accepted.encode(), to: data) else { return closePair(data, reset: true) }
        slots[local].phase = .relaying
        enter(data, .relaying)
        relay(data)
    }

    /// The data connection of a pod that has not answered yet: only that it may be gone.
    mutating func awaitPod(_ index: UInt32) {
        guard flush(index), !slots[index].ready.contains(.gone) else { return closePair(index, reset: true) }
    }

    /// Says why not, and closes the connection once that has been read.
    mutating func refuse(_ index: UInt32, _ code: HandoffAnswer.Code, _ say: String, _ trace: String = "") {
        let local = slots[index].partner
        if local != Slab<RelaySlot>.none {
            close(local, reset: true)
            slots[index].partner = Slab<RelaySlot>.none
        }
        setting.tell(.refused(trace: trace, code, say: say))
        recycle(slots[index].input.take())
        enter(index, .leaving)
        guard deliver(HandoffAnswer.refused(code, say: say).encode(), to: index), endSending(index) else {
            return close(index, reset: true)
        }
        wait(index, .farewell)
        sayFarewell(index)
    }

    /// Throws away what still comes, until the other side has closed.
    mutating func sayFarewell(_ index: UInt32) {
        guard flush(index) else { return close(index, reset: true) }
        while slots[index].ready.contains(.readable) {
            var bytes = workBuffer()
            let outcome = receive(index, into: &bytes)
            buffers.recycle(bytes)
            switch outcome {
            case .bytes: continue
            case .blocked: return
            case .ended, .failed: return close(index, reset: false)
            }
        }
    }
}
