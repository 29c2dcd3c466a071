import OrreryWire

/// Connections that have their purpose: bytes both ways, as they come. One buffer each way at most, so that who reads
/// slowly holds back who sends.
extension RelayLoop {
    /// Portions that one connection may move before the others have their turn.
    private static var turnLimit: Int { 4 }

    mutating func relay(_ data: UInt32) {
        let local = slots[data].partner
        guard flush(data), flush(local) else { return closePair(data, reset: true) }
        var isMoving = true
        var hasMoved = false
        let isShared = conversation.wantsRoom(beside: data, streak: slots[data].streak, at: now.monotonic)
        if isShared, slots[data].sharedTurn == turns { return enqueue(data) }
        let portion = isShared ? Conversation.portion : TLSEngine.portion
        for _ in 0..<(isShared ? 1 : Self.turnLimit) where isMoving {
            switch (move(data, to: local, portion, of: data), move(local, to: data, portion, of: data)) {
            case (.broken, _), (_, .broken): return closePair(data, reset: true)
            case (.moved, _), (_, .moved): (isMoving, hasMoved) = (true, true)
            case (.waits, .waits): isMoving = false
            }
        }
        if slots[data].hasEnded, slots[local].hasEnded, slots[data].output.isEmpty, slots[local].output.isEmpty {
            return closePair(data, reset: false)
        }
        // A program that has gone away after its last byte may leave a pod that never closes: nobody would ever know.
        if hasMoved, slots[data].hasEnded || slots[local].hasEnded { wait(data, .halfClosed) }
        if isMoving { enqueue(data) }
        if isMoving, isShared { slots[data].sharedTurn = turns }
        // One that waits for its reader is bound by that reader, not by us.
        let hasMore = isMoving && (slots[local].ready.contains(.readable) || slots[data].ready.contains(.readable))
        slots[data].streak = hasMore ? min(slots[data].streak, .max - 1) + 1 : 0
    }

    private enum Move { case moved, waits, broken }

    /// Moves `portion` bytes at most, of the connection that is known as `data`.
    private mutating func move(_ from: UInt32, to: UInt32, _ portion: Int, of data: UInt32) -> Move {
        guard slots[to].output.isEmpty, !slots[from].hasEnded else { return .waits }
        if let held = slots[from].input.take() { return deliver(held, to: to) ? .moved : .broken }
        guard slots[from].ready.contains(.readable) else { return .waits }
        var bytes = workBuffer()
        switch receive(from, into: &bytes, limit: portion) {
        case .bytes(let count):
            slots[data].words = conversation.listen(
                to: count, of: data, after: slots[data].words, at: now.monotonic)
            return deliver(bytes, to: to) ? .moved : .broken
        case .blocked:
            buffers.recycle(bytes)
            return .waits
        case .ended:
            buffers.recycle(bytes)
            slots[from].hasEnded = true
            return endSending(to) ? .moved : .broken
        case .failed:
            buffers.recycle(bytes)
            return .broken
        }
    }
}
