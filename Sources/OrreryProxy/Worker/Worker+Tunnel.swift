internal import OrreryWire

/// Connections that have left HTTP: bytes both ways, as they come.
extension Worker {
    mutating func stepTunnel(_ client: UInt32) -> Bool {
        let upstream = slots[client].partner
        var isMoving = false
        noteTaken(upstream)
        noteTaken(client)
        if slots[upstream].output.isEmpty {
            switch relay(client, to: upstream, client: client) {
            case .moved: isMoving = true
            case .waits: break
            case .over: return false
            }
        }
        if slots[client].output.isEmpty {
            switch relay(upstream, to: client, client: client) {
            case .moved: isMoving = true
            case .waits: break
            case .over: return false
            }
        }
        noteWaiting(upstream)
        noteWaiting(client)
        return isMoving
    }

    /// A side that has taken all there was may be silent for ever.
    private mutating func noteTaken(_ side: UInt32) {
        if timers.place(of: side) == Wait.stall.rawValue, !hasWaiting(side) { timers.clear(side) }
    }

    /// What waits for a side must be taken in time, as an answer must.
    private mutating func noteWaiting(_ side: UInt32) {
        if hasWaiting(side), timers.place(of: side) == nil { wait(side, .stall) }
    }

    private mutating func relay(_ from: UInt32, to: UInt32, client: UInt32) -> Step {
        if isSpliced(to) { return spliceTunnel(from, to: to, client: client) }
        var bytes: Buffer
        if let held = slots[from].input.take() {
            // Sent before the other side agreed to leave HTTP: it was not for us to read.
            bytes = held
        } else {
            guard slots[from].ready.contains(.readable) else { return .waits }
            bytes = workBuffer()
            switch receive(from, into: &bytes) {
            case .bytes(let count):
                slots[client].words = conversation.listen(
                    to: count, of: client, after: slots[client].words, at: now.monotonic)
            case .blocked:
                buffers.recycle(bytes)
                return .waits
            case .ended:
                buffers.recycle(bytes)
                return endTunnel(from, client: client)
            case .failed:
                buffers.recycle(bytes)
                closeBoth(client)
                return .over(false)
            }
        }
        if from == client { noteActivity(client) }
        let isFull = bytes.count >= Self.portion
        guard deliver(bytes, to: to) else {
            closeBoth(client)
            return .over(false)
        }
        if isFull { beginSplicing(from: from, to: to) }
        return .moved
    }

    /// One side sends no more: the other is told so, and both are closed when the second does the same.
    mutating func endTunnel(_ from: UInt32, client: UInt32) -> Step {
        if from != client { return upstreamEnded(client, inOrder: true) ? .waits : .over(false) }
        switch slots[client].exchange.clientDidEnd() {
        case .shutDownUpstream:
            endSending(slots[client].partner)
            wait(client, .halfClosed)
            return .waits
        case .carryOn: return .waits
        case .abort, .closeBoth:
            closeBoth(client)
            return .over(false)
        }
    }
}
