import OrreryWire

/// Connections that have their purpose: bytes both ways, as they come. One buffer each way at most, so that who reads
/// slowly holds back who sends.
extension RelayLoop {
    /// Portions that one connection may move before the others have their turn.
    private static var turnLimit: Int { 4 }
    /// While somebody else has words to say, a download that comes in bursts, as one does that a link bounds, moves so much
    /// before they have their turn: 32 KiB, and not 96, is what a key press waits for.
    private static var sharedPortion: Int { 2 * TLSEngine.record }
    /// After so many portions without a pause it is bound by us, and what a GiB costs counts: in short ones it is a third more.
    private static var burst: UInt8 { 12 }
    /// What is a word and no download.
    private static var word: Int { 4 << 10 }
    /// So many words in a row are a conversation.
    private static var conversation: UInt8 { 3 }
    /// For how many milliseconds after a word another one is to be expected.
    private static var wordMemory: UInt64 { 1000 }

    mutating func relay(_ data: UInt32) {
        let local = slots[data].partner
        guard flush(data), flush(local) else { return closePair(data, reset: true) }
        var isMoving = true
        var hasMoved = false
        let isShared =
            slots[data].streak < Self.burst && lastWord.connection != data
            && now.monotonic < lastWord.at + Self.wordMemory
        if isShared, slots[data].sharedTurn == turns { return enqueue(data) }
        let portion = isShared ? Self.sharedPortion : TLSEngine.portion
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

    /// A message has come of `data`. The question for a download is a small one, too, and so is its last piece: neither makes a
    /// conversation.
    private mutating func listen(to count: Int, of data: UInt32) {
        guard count <= Self.word else { return slots[data].words = 0 }
        slots[data].words = min(slots[data].words, .max - 1) + 1
        if slots[data].words >= Self.conversation { lastWord = (data, now.monotonic) }
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
            listen(to: count, of: data)
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
