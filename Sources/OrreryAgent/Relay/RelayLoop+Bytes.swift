import OrreryWire

/// Bytes of connections: what others receive and deliver is plain, whatever goes over the wire.
extension RelayLoop {
    /// What came is no TLS, or was cut off: EPROTO.
    private static var broken: Transfer { .failed(71) }

    /// Receives what there is, `most` bytes on the wire at most, to the end of `buffer`, which has room for a portion and one
    /// record.
    mutating func receive(
        _ index: UInt32, into buffer: inout Buffer, limit most: Int = TLSEngine.portion
    ) -> Transfer {
        guard slots[index].isSecure else { return receivePlain(index, into: &buffer, limit: most) }
        while true {
            guard !slots[index].stream.hasEnded else { return .ended }
            let limit = min(most, buffer.roomAfter - TLSEngine.record - 1)
            let outcome = engine.receive(from: slots[index].descriptor, limit: limit, through: &kernel)
            guard case .bytes(let count) = outcome else {
                slots[index].ready.remove(.readable)
                // An end without TLS's word for it: somebody cut the connection.
                return outcome == .ended ? Self.broken : outcome
            }
            if count < limit, !slots[index].ready.contains(.ended | .gone) { slots[index].ready.remove(.readable) }
            let opened = open(index, into: &buffer)
            if opened != .blocked || !slots[index].ready.contains(.readable) { return opened }
        }
    }

    /// Decrypts what has been received. `.blocked` when it was part of a record, or a word of TLS itself.
    mutating func open(_ index: UInt32, into buffer: inout Buffer) -> Transfer {
        let before = buffer.count
        let opening = engine.open(slots[index].stream, into: &buffer)
        guard sendReplies(index), opening != .failed else { return Self.broken }
        let count = buffer.count - before
        if count > 0 {
            // The end is told when it is asked for again.
            if opening == .ended { slots[index].ready.insert(.readable) }
            return .bytes(count)
        }
        return opening == .ended ? .ended : .blocked
    }

    private mutating func receivePlain(_ index: UInt32, into buffer: inout Buffer, limit most: Int) -> Transfer {
        let limit = min(most, buffer.roomAfter)
        let outcome = buffer.receive(from: slots[index].descriptor, limit: limit, through: &kernel)
        switch outcome {
        case .bytes(let count) where count == limit || slots[index].ready.contains(.ended | .gone): break
        default: slots[index].ready.remove(.readable)
        }
        return outcome
    }

    /// Sends bytes, encrypted where they must be; what the kernel does not take waits. False when the connection is broken.
    mutating func deliver(_ plain: consuming Buffer, to index: UInt32) -> Bool {
        guard slots[index].isSecure else { return transmit(plain, to: index) }
        let size = TLSEngine.sealedSize(plain.count)
        // The largest buffers are as large as the plaintext may be, and a little larger is wanted now and then.
        var sealed = size <= BufferPool.largeCapacity ? buffers.buffer(for: size) : Buffer(capacity: size)
        let isSealed = engine.seal(slots[index].stream, plain, into: &sealed)
        buffers.recycle(plain)
        guard isSealed else {
            buffers.recycle(sealed)
            return false
        }
        return transmit(sealed, to: index)
    }

    mutating func deliver(_ bytes: [UInt8], to index: UInt32) -> Bool {
        var plain = buffers.buffer(for: max(1, bytes.count))
        plain.append(bytes.span)
        return deliver(plain, to: index)
    }

    /// Sends what TLS itself has to say. False when the connection is broken.
    mutating func sendReplies(_ index: UInt32) -> Bool {
        guard !engine.replies.isEmpty else { return true }
        var replies = buffers.buffer(for: engine.replies.count)
        engine.replies.read { replies.append($0) }
        engine.replies.reset()
        return transmit(replies, to: index)
    }

    /// Says that nothing more will be sent.
    mutating func endSending(_ index: UInt32) -> Bool {
        guard slots[index].isSecure else {
            kernel.shutDownSending(slots[index].descriptor)
            return true
        }
        engine.replies.reset()
        engine.end(slots[index].stream)
        return sendReplies(index)
    }

    /// Sends bytes as they are, behind those that wait.
    mutating func transmit(_ bytes: consuming Buffer, to index: UInt32) -> Bool {
        if let waiting = slots[index].output.take() { return append(bytes, behind: waiting, of: index) }
        var bytes = bytes
        if slots[index].ready.contains(.writable) {
            if case .failed = bytes.send(to: slots[index].descriptor, through: &kernel) {
                buffers.recycle(bytes)
                return false
            }
            if !bytes.isEmpty { slots[index].ready.remove(.writable) }
        }
        if bytes.isEmpty { buffers.recycle(bytes) } else { slots[index].output.put(bytes) }
        return true
    }

    private mutating func append(_ bytes: consuming Buffer, behind waiting: consuming Buffer, of index: UInt32) -> Bool
    {
        let size = waiting.count + bytes.count
        // Relayed bytes never come behind others. Frames and answers of TLS do, and those are small: somebody asks
        // without reading.
        guard size <= BufferPool.largeCapacity * 2 else { return false }
        var larger = size <= BufferPool.largeCapacity ? buffers.buffer(for: size) : Buffer(capacity: size)
        waiting.read { larger.append($0) }
        bytes.read { larger.append($0) }
        buffers.recycle(waiting)
        buffers.recycle(bytes)
        slots[index].output.put(larger)
        return true
    }

    /// Sends what waits, as far as the kernel takes it. False when the connection is broken.
    mutating func flush(_ index: UInt32) -> Bool {
        guard slots[index].ready.contains(.writable), var bytes = slots[index].output.take() else { return true }
        if case .failed = bytes.send(to: slots[index].descriptor, through: &kernel) {
            buffers.recycle(bytes)
            return false
        }
        if bytes.isEmpty {
            buffers.recycle(bytes)
        } else {
            slots[index].ready.remove(.writable)
            slots[index].output.put(bytes)
        }
        return true
    }

    /// An empty buffer that one receive cannot fill.
    mutating func workBuffer() -> Buffer { buffers.largeBuffer() }
}
