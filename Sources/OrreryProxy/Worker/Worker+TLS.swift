internal import OrreryWire

/// The bytes of secured connections. What other steps receive and deliver is plaintext; what waits in `output` is
/// ciphertext, since a record can be sent only as it was made.
extension Worker {
    /// Makes a connection a secured one, from its next byte on.
    mutating func secure(_ index: UInt32, _ stream: consuming TLSStream) {
        while streams.extent <= index { _ = streams.add { TLSStream() } }
        streams[index] = stream
        slots[index].isSecure = true
        // Else it begins once there is a connection.
        guard slots[index].phase != .connecting else { return }
        slots[index].phase = .handshake
        guard slots[index].isClient else { return wait(index, .connect) }
        handshakes += 1
        wait(index, .handshake)
    }

    /// Forgets what TLS remembered of a connection that is closed now; with `isOrderly` the other side is told that
    /// nothing was cut off.
    mutating func endSecurity(_ index: UInt32, isOrderly: Bool) {
        if slots[index].phase == .handshake, slots[index].isClient { handshakes -= 1 }
        if slots[index].isLent {
            if isOrderly { sayEnd(index) }
        } else if isOrderly, slots[index].descriptor >= 0, slots[index].output.isEmpty,
            !slots[index].ready.contains(.gone)
        {
            engine.end(streams[index])
            // If the kernel has no room for these few bytes now, the other side must do without.
            engine.sendReplies(to: slots[index].descriptor, through: &kernel)
        }
        streams[index] = TLSStream()
        slots[index].isSecure = false
        slots[index].lending = .none
    }

    /// Says that nothing more will be sent. Nothing may be waiting to be sent.
    mutating func endSending(_ index: UInt32) {
        if slots[index].isLent {
            // No end of the stream behind it: it could overtake records that the kernel has not made yet.
            return sayEnd(index)
        }
        if slots[index].isSecure {
            engine.end(streams[index])
            // TLS has said it; when that still waits, the connection is closed later.
            guard sendReplies(index), slots[index].output.isEmpty else { return }
        }
        kernel.shutDownSending(slots[index].descriptor)
    }

    // MARK: Receiving

    /// What came is no TLS, or was cut off: EPROTO.
    private static var broken: Transfer { .failed(71) }

    /// As `receive`.
    mutating func receiveSealed(_ index: UInt32, into buffer: inout Buffer) -> Transfer {
        guard !streams[index].hasEnded else { return stopReading(index, .ended) }
        makeRoom(&buffer)
        let limit = min(TLSEngine.portion, portionLimit, buffer.roomAfter - TLSEngine.record - 1)
        guard limit > 0 else { return stopReading(index, Self.broken) }
        let outcome = engine.receive(from: slots[index].descriptor, limit: limit, through: &kernel)
        guard case .bytes(let count) = outcome else {
            return stopReading(index, outcome == .ended && isCut(index) ? Self.broken : outcome)
        }
        if count >= portionLimit { portionIsFilled = true }
        if count < limit, !slots[index].ready.contains(.ended | .gone) { slots[index].ready.remove(.readable) }
        let before = buffer.count
        let opening = engine.open(streams[index], into: &buffer)
        if slots[index].isLent, opening == .failed || wantsOtherKeys(index) {
            sayFault(index, opening == .failed ? .badRecord : .internalError)
            engine.replies.reset()
            return stopReading(index, Self.broken)
        }
        guard sendReplies(index), opening != .failed else { return stopReading(index, Self.broken) }
        return opened(index, buffer.count - before, opening, isFull: count == limit)
    }

    private mutating func opened(
        _ index: UInt32, _ count: Int, _ opening: TLSEngine.Opening, isFull: Bool
    ) -> Transfer {
        noteReceived(index, count)
        if opening == .ended {
            // Told when it is asked for again.
            if count == 0 { return stopReading(index, .ended) }
            slots[index].ready.insert(.readable)
        }
        if count > 0 { return .bytes(count) }
        // Nobody who means well fills a whole portion with nothing.
        if isFull { return stopReading(index, Self.broken) }
        // Part of a record, or a word of TLS itself. With an end announced behind it, the end is read now.
        guard slots[index].ready.contains(.readable) else { return .blocked }
        return stopReading(index, isCut(index) ? Self.broken : .ended)
    }

    /// Whether all that has come over a kept connection is a word of TLS itself: tickets come late now and then.
    mutating func saysNothing(_ upstream: UInt32) -> Bool {
        guard slots[upstream].ready.contains(.readable) else { return false }
        var bytes = workBuffer()
        let outcome = receiveSealed(upstream, into: &bytes)
        buffers.recycle(bytes)
        return outcome == .blocked && !slots[upstream].ready.contains(.ended | .gone)
    }

    private mutating func stopReading(_ index: UInt32, _ outcome: Transfer) -> Transfer {
        slots[index].ready.remove(.readable)
        return outcome
    }

    /// Whether an end without TLS's word for it means that something was cut off. Of a client's connection every
    /// message says itself how long it is, and so do those of a tunnel.
    private mutating func isCut(_ index: UInt32) -> Bool {
        guard !slots[index].isClient, slots[index].partner != Slab<Slot>.none else { return false }
        return !slots[slots[index].partner].exchange.isTunnel
    }

    /// The same bytes with room after them for all that one receive can decrypt to.
    private mutating func makeRoom(_ buffer: inout Buffer) {
        guard buffer.roomAfter < TLSEngine.portion, buffer.capacity < BufferPool.largeCapacity else { return }
        var larger = buffers.buffer(for: BufferPool.largeCapacity - Self.frontRoom, room: Self.frontRoom)
        buffer.read { larger.append($0) }
        swap(&buffer, &larger)
        buffers.recycle(larger)
    }

    // MARK: Sending

    /// As `deliver`.
    mutating func deliverSealed(_ plain: consuming Buffer, to index: UInt32) -> Bool {
        guard slots[index].phase != .handshake, slots[index].phase != .connecting else {
            // A request that waits for its connection to be secured.
            slots[index].replay.put(plain)
            return true
        }
        if slots[index].isLent {
            noteSent(index, plain.count)
            return transmit(plain, to: index)
        }
        let isDelivered = seal(plain, to: index)
        buffers.recycle(plain)
        return isDelivered
    }

    /// Sends bytes that the caller keeps.
    mutating func seal(_ plain: borrowing Buffer, to index: UInt32) -> Bool {
        guard !plain.isEmpty else { return true }
        let size = TLSEngine.sealedSize(plain.count)
        // The largest buffers are as large as the plaintext may be, and a little larger is wanted now and then.
        var sealed = size <= BufferPool.largeCapacity ? buffers.buffer(for: size) : Buffer(capacity: size)
        guard engine.seal(streams[index], plain, into: &sealed) else {
            buffers.recycle(sealed)
            return false
        }
        noteSent(index, plain.count)
        return slots[index].output.isEmpty ? transmit(sealed, to: index) : append(sealed, to: index)
    }

    /// Sends ciphertext to a connection for which nothing waits, and lets what the kernel does not take wait there.
    mutating func transmit(_ sealed: consuming Buffer, to index: UInt32) -> Bool {
        var sealed = sealed
        if slots[index].ready.contains(.writable) {
            if case .failed = sealed.send(to: slots[index].descriptor, through: &kernel) {
                buffers.recycle(sealed)
                return false
            }
            if !sealed.isEmpty { slots[index].ready.remove(.writable) }
        }
        if sealed.isEmpty { buffers.recycle(sealed) } else { slots[index].output.put(fitted(sealed)) }
        return true
    }

    /// Lets ciphertext wait behind what waits already. False when that is too much.
    private mutating func append(_ sealed: consuming Buffer, to index: UInt32) -> Bool {
        guard var waiting = slots[index].output.take() else { return transmit(sealed, to: index) }
        let size = waiting.count + sealed.count
        // Only answers to TLS's own messages come behind others, and those are small: somebody asks without reading.
        guard size <= BufferPool.largeCapacity * 2 else {
            buffers.recycle(sealed)
            buffers.recycle(waiting)
            return false
        }
        if waiting.roomAfter < sealed.count {
            var larger = size <= BufferPool.largeCapacity ? buffers.buffer(for: size) : Buffer(capacity: size)
            waiting.read { larger.append($0) }
            swap(&waiting, &larger)
            buffers.recycle(larger)
        }
        sealed.read { waiting.append($0) }
        buffers.recycle(sealed)
        slots[index].output.put(waiting)
        return true
    }

    /// Sends what TLS itself has to say. False when the connection is broken.
    mutating func sendReplies(_ index: UInt32) -> Bool {
        guard !engine.replies.isEmpty else { return true }
        // The kernel would take it for data.
        if slots[index].isLent {
            engine.replies.reset()
            return false
        }
        var replies = buffers.buffer(for: engine.replies.count)
        engine.replies.read { replies.append($0) }
        engine.replies.reset()
        return slots[index].output.isEmpty ? transmit(replies, to: index) : append(replies, to: index)
    }
}
