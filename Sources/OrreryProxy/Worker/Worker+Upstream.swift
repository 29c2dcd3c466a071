internal import OrreryWire

/// The upstream's side: finding a connection, losing it, asking again.
extension Worker {
    mutating func upstreamReady(_ upstream: UInt32) {
        switch slots[upstream].phase {
        case .pooled:
            // Whatever a server says unasked is not an answer: bytes here would answer somebody's next request.
            guard slots[upstream].ready.contains(.readable | .ended | .gone) else { return }
            if slots[upstream].isSecure, saysNothing(upstream) { return }
            pools.remove(upstream, from: slots)
            close(upstream)
        case .connecting: connectionReady(upstream)
        case .handshake: handshakeReady(upstream)
        case .offered: offerReady(upstream)
        case .exchange: exchangeReady(upstream)
        case .leaving: hearLeaving(upstream)
        case .free, .head, .finishing, .lingering: return
        }
    }

    /// Kept connections are heard before everybody else: one that has ended, or has said something unasked, must not be
    /// given to a request of the same turn.
    mutating func hearKept(_ count: Int) {
        for index in 0..<count {
            let event = kernel.event(index)
            let upstream = UInt32(truncatingIfNeeded: event.token)
            guard upstream < slots.extent, slots[upstream].phase == .pooled, token(upstream) == event.token else {
                continue
            }
            slots[upstream].ready.insert(event.readiness)
            upstreamReady(upstream)
        }
    }

    private mutating func connectionReady(_ upstream: UInt32) {
        guard slots[upstream].ready.contains(.writable | .gone) else { return }
        let client = slots[upstream].partner
        let number = kernel.connectionError(slots[upstream].descriptor)
        note(number, from: slots[upstream].endpoint)
        guard number == 0 else {
            if fail(client, .unreachable) { pump(client) }
            return
        }
        if slots[upstream].isSecure {
            slots[upstream].phase = .handshake
            wait(upstream, .connect)
            return handshakeReady(upstream)
        }
        timers.clear(upstream)
        slots[upstream].phase = .exchange
        exchangeReady(upstream)
    }

    private mutating func exchangeReady(_ upstream: UInt32) {
        let client = slots[upstream].partner
        if slots[upstream].ready.contains(.gone), slots[client].exchange.isTunnel { wait(client, .halfClosed) }
        if flush(upstream) == .broken {
            if slots[client].exchange.isTunnel { return closeBoth(client) }
            // It may have answered before it closed: what it said is still there to be read.
            slots[client].exchange.upstreamRefusesBody()
            slots[upstream].ready.insert(.readable)
        }
        pump(client)
    }

    /// Sends the head of a request to an upstream, over a kept connection if there is one. An upgrade takes its connection
    /// away for good and could not be asked for twice, so it gets one of its own.
    mutating func send(_ client: UInt32, _ out: consuming Buffer, to endpoint: Endpoint) -> Bool {
        if !slots[client].exchange.request.wantsUpgrade, let upstream = pools.take(endpoint, from: slots) {
            metrics.add(.reuses)
            timers.clear(upstream)
            return send(client, out, over: upstream, isReused: true)
        }
        return connect(client, out, to: endpoint)
    }

    private mutating func connect(_ client: UInt32, _ out: consuming Buffer, to endpoint: Endpoint) -> Bool {
        switch dial(endpoint) {
        case .upstream(let upstream): return send(client, out, over: upstream, isReused: false)
        case .failed(let failure):
            // No connection could even be begun. The head names the page in error.
            if slots[client].exchange.hasBody { buffers.recycle(out) } else { slots[client].replay.put(out) }
            return fail(client, failure)
        }
    }

    private mutating func send(
        _ client: UInt32, _ out: consuming Buffer, over upstream: UInt32, isReused: Bool
    ) -> Bool {
        if slots[upstream].phase != .connecting, slots[upstream].phase != .handshake {
            slots[upstream].phase = .exchange
        }
        slots[upstream].partner = client
        slots[client].partner = upstream
        slots[client].exchange.upstreamChosen(isReused: isReused)
        if isRecording { recordUpstream(client, slots[upstream].endpoint) }
        if slots[client].exchange.wantsRequestBody { beginUpload(client) } else { wait(client, .answer) }
        guard !slots[client].exchange.hasBody, !slots[client].exchange.request.wantsUpgrade else {
            guard deliver(out, to: upstream) else { return upstreamEnded(client, inOrder: false) }
            return true
        }
        return sendKeeping(client, out, over: upstream)
    }

    /// Sends a head without a body and keeps it, to ask again or to name the page in error.
    // Always inlined, as is `park`: each has one caller, which has looked up the same places.
    @inline(__always) private mutating func sendKeeping(
        _ client: UInt32, _ out: consuming Buffer, over upstream: UInt32
    ) -> Bool {
        if slots[upstream].isSecure { return sendKeepingSealed(client, out, over: upstream) }
        var out = out
        let count = out.count
        var isBroken = false
        if slots[upstream].ready.contains(.writable) {
            if case .failed = out.send(to: slots[upstream].descriptor, through: &kernel) { isBroken = true }
            if !out.isEmpty { slots[upstream].ready.remove(.writable) }
        }
        if !out.isEmpty, !isBroken {
            var rest = buffers.buffer(for: out.count)
            out.read { rest.append($0) }
            slots[upstream].output.put(rest)
        }
        noteSent(upstream, count - out.count)
        out.rewind(count - out.count)
        slots[client].replay.put(out)
        if isBroken { return upstreamEnded(client, inOrder: false) }
        // An event tells of the answer; only a client that has closed its half is seen to now.
        return slots[client].ready.contains(.ended)
    }

    private mutating func sendKeepingSealed(_ client: UInt32, _ out: consuming Buffer, over upstream: UInt32) -> Bool {
        var copy = buffers.buffer(for: out.count)
        out.read { copy.append($0) }
        slots[client].replay.put(out)
        return deliver(copy, to: upstream) ? true : upstreamEnded(client, inOrder: false)
    }

    /// The upstream of an exchange has ended its half or is broken.
    mutating func upstreamEnded(_ client: UInt32, inOrder: Bool) -> Bool {
        switch slots[client].exchange.upstreamDidEnd(inOrder: inOrder) {
        case .retry:
            metrics.add(.retries)
            let endpoint = slots[slots[client].partner].endpoint
            dropUpstream(client)
            guard let head = slots[client].replay.take() else { return fail(client, .closedEarly) }
            return connect(client, head, to: endpoint)
        case .fail(let failure): return fail(client, failure)
        case .abort(let reset):
            closeBoth(client, reset: reset)
            return false
        case .finish: return finishAtEnd(client)
        case .shutDownClient:
            endSending(client)
            wait(client, .halfClosed)
            return true
        case .closeBoth:
            closeBoth(client)
            return false
        }
    }

    /// The answer ended with the upstream's connection; a client that reads chunks must be told.
    private mutating func finishAtEnd(_ client: UInt32) -> Bool {
        var out = buffers.buffer(for: 8)
        if slots[client].exchange.isRechunked { out.append("0\r\n\r\n") }
        guard deliver(out, to: client) else {
            closeBoth(client)
            return false
        }
        return finish(client)
    }

    /// The whole answer has been read and passed on: what becomes of both connections.
    mutating func finish(_ client: UInt32) -> Bool {
        noteActivity(client)
        if !stale.questions.isEmpty { keepAnswer(client) }
        let ending = slots[client].exchange.ending()
        let upstream = slots[client].partner
        // The page for a HEAD was asked for with GET: what comes of its content is no answer to the next request.
        let isSpoilt = slots[client].errorStatus != 0 && slots[client].exchange.request.isHead
        if ending.keepsUpstream, !isSpoilt, upstream != Slab<Slot>.none { park(client, upstream) }
        dropUpstream(client)
        if let replay = slots[client].replay.take() { buffers.recycle(replay) }
        return settle(client, ending.client)
    }

    @inline(__always) private mutating func park(_ client: UInt32, _ upstream: UInt32) {
        let isQuiet = !slots[upstream].ready.contains(.readable | .ended | .gone)
        // An upload that was answered early may still lie in the pipe: behind the next request it would be read as one.
        guard isQuiet, slots[upstream].output.isEmpty, !isSpliced(upstream), slots[upstream].input.isEmpty,
            pools.keep(upstream, in: slots)
        else { return }
        slots[client].partner = Slab<Slot>.none
        slots[upstream].partner = Slab<Slot>.none
        slots[upstream].phase = .pooled
        wait(upstream, .pooled)
    }
}
