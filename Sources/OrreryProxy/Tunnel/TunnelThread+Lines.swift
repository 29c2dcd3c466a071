internal import OrreryLink
internal import OrreryWire

/// The bytes of agents' connections.
extension TunnelThread {
    /// A connection has come from a worker, which has seen its handshake to the end.
    mutating func arrive(_ connection: consuming Descriptor, _ traveller: consuming Traveller) {
        let key = KeyID(subjectPublicKeyInfo: traveller.publicKey)
        let (kind, address, publicKey, early) = (
            traveller.kind, traveller.address, traveller.publicKey, traveller.early
        )
        // Nobody waits for a data connection of a key that is not in the book.
        let number = tunnel.book.number(of: key)
        guard kind == .control || number != nil, let index = lines.add(fresh: { Line(key: key) }) else { return }
        let descriptor = connection.release()
        lines[index].kind = kind == .control ? .control : .greeting
        lines[index].descriptor = descriptor
        lines[index].stream = traveller.intoStream()
        lines[index].isWritable = true
        lines[index].key = key
        lines[index].number = number ?? 0
        lines[index].address = address
        lines[index].publicKey = kind == .control ? publicKey : []
        lines[index].agent = nil
        lines[index].cluster = ""
        lines[index].greeting = []
        lines[index].deadline = now.monotonic + ControlTalk.helloLimit
        engine.adopt(lines[index].stream)
        // Who stops reading for a minute must not lose what is on its way: bytes of people go over data connections.
        if kind == .control { kernel.watchOver(descriptor) } else { kernel.keepAlive(descriptor) }
        kernel.watch(descriptor, token: token(index))
        if kind == .control, !beginTalk(index) { return }
        if !early.isEmpty { take(early, on: index) }
        // What came while it was on its way may have made its event already.
        if lines[index].kind != .free, lines[index].descriptor == descriptor { hear(index) }
    }

    /// Reads all that is there.
    mutating func hear(_ index: UInt32) {
        let serial = token(index)
        while lines[index].kind != .free, token(index) == serial {
            switch engine.receive(from: lines[index].descriptor, through: &kernel) {
            case .blocked: return
            case .ended, .failed: return close(index, because: "the agent has left")
            case .bytes: break
            }
            var plain = Buffer(capacity: engine.received.count + 2 * TLSEngine.record)
            let opening = engine.open(lines[index].stream, into: &plain)
            guard sendReplies(index), opening != .failed else { return close(index, because: "it broke off") }
            let bytes = plain.read { bytes in (0..<bytes.count).map { bytes[$0] } }
            if !bytes.isEmpty { take(bytes, on: index) }
            if opening == .ended, lines[index].kind != .free, token(index) == serial {
                return close(index, because: "the agent has left")
            }
        }
    }

    private mutating func take(_ bytes: [UInt8], on index: UInt32) {
        switch lines[index].kind {
        case .free: return
        case .control: takeFrames(bytes, on: index)
        case .greeting:
            lines[index].greeting += bytes
            if lines[index].greeting.count >= DataGreeting.count { greet(index) }
        // An agent that speaks unasked is none of ours.
        case .idle: close(index, because: "it spoke before it was asked")
        }
    }

    // MARK: Sending

    /// Encrypts and sends. False when the connection is broken, or when the other side takes nothing.
    mutating func send(_ bytes: [UInt8], on index: UInt32) -> Bool {
        var text = Buffer(capacity: bytes.count)
        text.append(bytes.span)
        var sealed = Buffer(capacity: TLSEngine.sealedSize(bytes.count))
        guard engine.seal(lines[index].stream, text, into: &sealed) else { return false }
        return transmit(sealed, on: index)
    }

    private mutating func sendReplies(_ index: UInt32) -> Bool {
        guard !engine.replies.isEmpty else { return true }
        var replies = Buffer(capacity: engine.replies.count)
        engine.replies.read { replies.append($0) }
        engine.replies.reset()
        return transmit(replies, on: index)
    }

    private mutating func transmit(_ sealed: consuming Buffer, on index: UInt32) -> Bool {
        guard let waiting = lines[index].output.take() else { return put(sealed, on: index) }
        // Frames are small and rare: who lets this much wait does not read.
        guard waiting.count + sealed.count <= 512 << 10 else { return false }
        var all = Buffer(capacity: waiting.count + sealed.count)
        waiting.read { all.append($0) }
        sealed.read { all.append($0) }
        return put(all, on: index)
    }

    private mutating func put(_ sealed: consuming Buffer, on index: UInt32) -> Bool {
        var sealed = sealed
        while !sealed.isEmpty, lines[index].isWritable {
            switch sealed.send(to: lines[index].descriptor, through: &kernel) {
            case .bytes: continue
            case .failed: return false
            case .blocked, .ended: lines[index].isWritable = false
            }
        }
        if !sealed.isEmpty { lines[index].output.put(sealed) }
        return true
    }

    /// Sends on what waits.
    mutating func flush(_ index: UInt32) -> Bool {
        guard let waiting = lines[index].output.take() else { return true }
        return put(waiting, on: index)
    }

    // MARK: The end

    /// Closes a connection and forgets all about it.
    mutating func close(_ index: UInt32, because reason: String) {
        let kind = lines[index].kind
        guard kind != .free else { return }
        // First, so that what is done about it finds it gone.
        lines[index].kind = .free
        switch kind {
        case .control: controlEnded(index, reason)
        case .idle: dataEnded(index)
        case .free, .greeting: break
        }
        if lines[index].output.isEmpty {
            engine.end(lines[index].stream)
            engine.sendReplies(to: lines[index].descriptor, through: &kernel)
        }
        kernel.close(lines[index].descriptor, reset: false)
        forget(index)
    }

    /// Frees a place whose descriptor is not ours any more.
    mutating func forget(_ index: UInt32) {
        lines[index].kind = .free
        lines[index].descriptor = -1
        lines[index].stream = TLSStream()
        _ = lines[index].output.take()
        lines[index].talk = nil
        lines[index].reader = FrameReader(limit: ControlFrame.strangerLimit)
        lines[index].publicKey = []
        lines[index].generation &+= 1
        lines.remove(index)
    }
}
