internal import OrreryWire

/// Getting, losing and holding connections and buffers.
extension Worker {
    mutating func token(_ index: UInt32) -> UInt64 { UInt64(slots[index].generation) << 32 | UInt64(index) }

    /// Accepts who waits at `listener`, but not for ever: connections that are open already want their turn too. True when
    /// more may be waiting.
    @discardableResult mutating func acceptAll(at listener: CInt) -> Bool {
        var accepted = 0
        while accepted < 64 {
            switch kernel.accept(listener) {
            case .none: return false
            // Said before the kernel has looked whether anybody waits: nobody is closed for somebody who is not there.
            case .exhausted where accepted > 0: return true
            case .exhausted where makeRoom(): continue
            case .exhausted:
                pauseAccepting()
                return false
            case .accepted(let descriptor, let address):
                accepted += 1
                guard let index = openSomehow(descriptor, Endpoint(address), isClient: true) else {
                    metrics.add(.refusedConnection)
                    kernel.close(descriptor, reset: true)
                    pauseAccepting()
                    return false
                }
                if listener == innerListener { welcomeInner(index) } else { admitOrRefuse(index) }
            }
        }
        return true
    }

    private mutating func admitOrRefuse(_ client: UInt32) {
        if admit(client) { welcome(client) } else { turnAway(client) }
    }

    private mutating func pauseAccepting() {
        guard acceptsAgain == nil else { return }
        shared.log.write(.warn, "no descriptor left for another connection; accepting again in a moment")
        kernel.unwatch(listener)
        if innerListener >= 0 { kernel.unwatch(innerListener) }
        acceptsAgain = now.monotonic + 100
    }

    mutating func resumeAccepting() {
        acceptsAgain = nil
        guard leavesBy == nil || doorClosesBy != nil else { return }
        kernel.watchSource(listener, token: Self.listenerToken)
        if innerListener >= 0 { kernel.watchSource(innerListener, token: Self.innerToken) }
    }

    /// The same as `open`, and where no place is left, that of a connection nobody needs just now.
    mutating func openSomehow(_ descriptor: CInt, _ endpoint: Endpoint, isClient: Bool) -> UInt32? {
        if let index = open(descriptor, endpoint, isClient: isClient) { return index }
        return makeRoom() ? open(descriptor, endpoint, isClient: isClient) : nil
    }

    /// A place for a connection, watched from now on. Nil when all are taken.
    mutating func open(_ descriptor: CInt, _ endpoint: Endpoint, isClient: Bool) -> UInt32? {
        guard let index = slots.add(fresh: { Slot(endpoint: endpoint) }) else { return nil }
        slots[index].descriptor = descriptor
        slots[index].endpoint = endpoint
        slots[index].isClient = isClient
        slots[index].isSecure = false
        slots[index].isInner = false
        slots[index].lending = .none
        slots[index].ready = .none
        slots[index].partner = Slab<Slot>.none
        slots[index].isHeadBegun = false
        slots[index].activity = nil
        slots[index].exchange = Exchange(Exchange.Request())
        slots[index].browserSession = 0
        // Without a descriptor it is still to be handed over.
        if descriptor >= 0 { kernel.watch(descriptor, token: token(index)) }
        if isClient { clients += 1 }
        noteOpen(isClient: isClient)
        if isRecording, isClient { beginRecords(index) }
        return index
    }

    /// Closes one connection and forgets all about it.
    mutating func close(_ index: UInt32, reset: Bool = false) {
        if slots[index].isLent, !reset, leaveLater(index) { return }
        // Of one that leaves this was noted when it began to.
        if slots[index].phase != .leaving { noteClose(index) }
        if slots[index].isClient {
            clients -= 1
            forgetAddress(index)
        }
        if slots[index].phase == .connecting { dead.wasAbandoned(slots[index].endpoint, now: now.monotonic) }
        timers.clear(index)
        if slots[index].isSecure { endSecurity(index, isOrderly: !reset) }
        recycleBuffers(index)
        if !requestNotes.isEmpty { requestNotes[index] = nil }
        if !leaving.isEmpty { leaving[index] = nil }
        if !bound.isEmpty, let whose = bound.removeValue(forKey: index) { shared.tunnel?.figures.unbind(whose.key) }
        if !stale.questions.isEmpty { stale.questions[index] = nil }
        endSplicing(to: index)
        if slots[index].descriptor >= 0 { kernel.close(slots[index].descriptor, reset: reset) }
        slots[index].descriptor = -1
        slots[index].generation &+= 1
        slots[index].phase = .free
        slots.remove(index)
    }

    mutating func recycleBuffers(_ index: UInt32) {
        if let buffer = slots[index].input.take() { buffers.recycle(buffer) }
        if let buffer = slots[index].output.take() { buffers.recycle(buffer) }
        if let buffer = slots[index].replay.take() { buffers.recycle(buffer) }
    }

    /// Closes the upstream side of a client's exchange, if there is one.
    mutating func dropUpstream(_ client: UInt32) {
        let upstream = slots[client].partner
        guard upstream != Slab<Slot>.none else { return }
        slots[client].partner = Slab<Slot>.none
        close(upstream)
    }

    mutating func closeBoth(_ client: UInt32, reset: Bool = false) {
        dropUpstream(client)
        close(client, reset: reset)
    }

    mutating func wait(_ index: UInt32, _ what: Wait) { timers.set(index, what.rawValue, now: now.monotonic) }

    // MARK: Buffers

    /// How much is received at once.
    static var portion: Int { 64 << 10 }
    /// Room in front of what is received, for the size of a chunk.
    static var frontRoom: Int { 32 }

    /// A buffer that a portion fits in, with room for its framing on both sides.
    // Always inlined, as is the next: what is taken is three numbers, and taking it a few loads.
    @inline(__always) mutating func workBuffer() -> Buffer { buffers.largeBuffer(room: Self.frontRoom) }

    /// A buffer for heads that we write, with some body.
    @inline(__always) mutating func headBuffer() -> Buffer { buffers.largeBuffer() }

    /// The same, with room for at least `count` bytes.
    mutating func headBuffer(for count: Int) -> Buffer { buffers.buffer(for: max(count, BufferPool.largeCapacity)) }

    /// The same bytes in a buffer of their size, if that is smaller: what waits should not hold much more than it is.
    mutating func fitted(_ buffer: consuming Buffer, room: Int = 0) -> Buffer {
        guard buffer.capacity > 16 << 10, buffer.count + room <= 16 << 10 else { return buffer }
        var smaller = buffers.buffer(for: buffer.count + room)
        buffer.read { smaller.append($0) }
        buffers.recycle(buffer)
        return smaller
    }

    /// Receives into `buffer` and keeps `ready` in step with what the kernel said.
    mutating func receive(_ index: UInt32, into buffer: inout Buffer) -> Transfer {
        if slots[index].isSecure { return receiveSealed(index, into: &buffer) }
        let limit = min(Self.portion, portionLimit, buffer.roomAfter)
        let outcome = buffer.receive(from: slots[index].descriptor, limit: limit, through: &kernel)
        switch outcome {
        case .bytes(let count):
            noteReceived(index, count)
            if count >= portionLimit { portionIsFilled = true }
            // A short read has drained it, and an event will tell of more; except of an end that was told already.
            if count < limit, !slots[index].ready.contains(.ended | .gone) {
                slots[index].ready.remove(.readable)
            }
        case .blocked, .ended, .failed: slots[index].ready.remove(.readable)
        }
        return outcome
    }

    /// Sends the bytes of `buffer` to a connection for which nothing waits, and lets what the kernel does not take wait
    /// there. False when the connection is broken.
    mutating func deliver(_ buffer: consuming Buffer, to index: UInt32) -> Bool {
        if slots[index].isSecure { return deliverSealed(buffer, to: index) }
        var buffer = buffer
        if !buffer.isEmpty, slots[index].ready.contains(.writable) {
            switch buffer.send(to: slots[index].descriptor, through: &kernel) {
            case .bytes(let count): noteSent(index, count)
            case .failed:
                buffers.recycle(buffer)
                return false
            case .blocked, .ended: break
            }
            if !buffer.isEmpty { slots[index].ready.remove(.writable) }
        }
        if buffer.isEmpty { buffers.recycle(buffer) } else { slots[index].output.put(fitted(buffer)) }
        return true
    }

    enum Flushed { case empty, waiting, broken }

    /// Sends on what waits for a connection.
    mutating func flush(_ index: UInt32) -> Flushed {
        guard let buffer = slots[index].output.take() else {
            if slots[index].lending == .owesEnd { sayEnd(index) }
            return .empty
        }
        guard slots[index].ready.contains(.writable) else {
            slots[index].output.put(buffer)
            return .waiting
        }
        let isSent = slots[index].isSecure ? transmit(buffer, to: index) : deliver(buffer, to: index)
        guard isSent else { return .broken }
        return slots[index].output.isEmpty ? .empty : .waiting
    }

    // MARK: Turns

    /// Lets a connection go on after all others had their turn.
    mutating func enqueue(_ index: UInt32) {
        guard !slots[index].isQueued else { return }
        slots[index].isQueued = true
        slots[index].nextQueued = Slab<Slot>.none
        if lastQueued == Slab<Slot>.none { firstQueued = index } else { slots[lastQueued].nextQueued = index }
        lastQueued = index
    }

    mutating func runQueue() {
        let last = lastQueued
        while firstQueued != Slab<Slot>.none {
            let index = firstQueued
            firstQueued = slots[index].nextQueued
            if firstQueued == Slab<Slot>.none { lastQueued = Slab<Slot>.none }
            slots[index].isQueued = false
            if slots[index].phase != .free, slots[index].isClient { pump(index) }
            if index == last { return }
        }
    }

    // MARK: Date

    mutating func setDate() {
        if failures > 0 { logOtherFailures() }
        dateSecond = now.wall / 1000
        dateLine.reset()
        dateLine.append("Date: ")
        HTTPDate.append(dateSecond, to: &dateLine)
        dateLine.append("\r\n")
    }
}
