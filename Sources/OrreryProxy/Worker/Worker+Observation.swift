internal import OrreryWire

/// What is counted on the way of a request. Each is a few stores to this worker's own memory.
extension Worker {
    /// The head of an answer goes to the client, whoever wrote it.
    @inline(__always) mutating func noteAnswer(_ client: UInt32, _ status: Int) {
        metrics.answered(status)
        if isRecording { recordAnswer(client, status) }
    }

    /// The head of the upstream's answer is here; its deadline must still be set.
    @inline(__always) mutating func noteFirstByte(_ client: UInt32) {
        // Nobody has written down when the request was complete: its deadline was set then, which says the same. An
        // answer that overtakes its request's body has none, and is not counted.
        guard let waited = timers.elapsed(client, Wait.answer.rawValue, now: now.monotonic) else { return }
        metrics.firstByte(after: waited)
    }

    mutating func noteOpen(isClient: Bool) { metrics.add(isClient ? .clientsOpened : .upstreamsOpened) }

    /// A connection is closed; it still says what it was.
    mutating func noteClose(_ index: UInt32) {
        guard slots[index].isClient else { return metrics.add(.upstreamsClosed) }
        if isRecording { endRecord(index) }
        metrics.add(.clientsClosed)
        guard slots[index].phase == .exchange else { return }
        if slots[index].exchange.isTunnel { return metrics.add(.tunnelsClosed) }
        metrics.add(slots[index].exchange.isUnanswered ? .clientsLeft : .answersCut)
    }

    @inline(__always) mutating func noteReceived(_ index: UInt32, _ count: Int) {
        metrics.add(slots[index].isClient ? .bytesFromClients : .bytesFromUpstreams, count)
        if isRecording, slots[index].isClient { records[index].received += UInt64(count) }
    }

    @inline(__always) mutating func noteSent(_ index: UInt32, _ count: Int) {
        metrics.add(slots[index].isClient ? .bytesToClients : .bytesToUpstreams, count)
        if isRecording, slots[index].isClient { records[index].sent += UInt64(count) }
    }

    mutating func noteFailure(_ failure: Exchange.Failure) {
        switch failure {
        case .unreachable: metrics.add(.failedUnreachable)
        case .timedOut: metrics.add(.failedTimedOut)
        case .garbled: metrics.add(.failedGarbled)
        case .insecure: metrics.add(.failedInsecure)
        case .closedEarly: metrics.add(.failedClosedEarly)
        }
    }

    /// A head was refused with `status`.
    mutating func noteRefusal(_ status: Int) {
        switch status {
        case 408: metrics.add(.refusedSlowHead)
        case 414, 431: metrics.add(.refusedHead)
        default: break
        }
    }

    // MARK: Timing, now and then

    /// As `judge`; one time in 256 with a clock in hand.
    mutating func judgeTimed(_ bytes: borrowing Buffer) -> Verdict {
        judgements &+= 1
        guard judgements == 0 else { return bytes.read { judge($0) } }
        let start = kernel.stopwatch()
        let verdict = bytes.read { judge($0) }
        metrics.timed(.lookup, nanoseconds: kernel.stopwatch() &- start)
        return verdict
    }

    /// Notes that the client's route is used.
    mutating func noteActivity(_ client: UInt32) {
        guard let cell = slots[client].activity else { return }
        notes &+= 1
        guard notes == 0 else { return activity.note(cell, at: now.wall) }
        let start = kernel.stopwatch()
        activity.note(cell, at: now.wall)
        metrics.timed(.activity, nanoseconds: kernel.stopwatch() &- start)
    }

    /// When a turn began, if it is one of the 16 that is timed.
    mutating func turnBegan() -> UInt64? {
        turns &+= 1
        return turns & 15 == 0 ? kernel.stopwatch() : nil
    }

    mutating func turnEnded(_ start: UInt64?) {
        guard let start else { return }
        metrics.timed(.turn, nanoseconds: kernel.stopwatch() &- start)
    }
}
