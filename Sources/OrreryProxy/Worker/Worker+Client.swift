internal import OrreryWire

/// The client's side: one step after the other, from the first byte of a head to the end of the answer.
extension Worker {
    mutating func clientReady(_ client: UInt32) {
        if slots[client].ready.contains(.gone) {
            // Reset, or closed in both directions: nobody is there to read an answer.
            guard slots[client].exchange.isTunnel else { return closeBoth(client) }
            // What it sent last is still passed on, if the other side takes it.
            wait(client, .halfClosed)
        }
        pump(client)
    }

    /// Steps of one connection in a turn. Each moves a portion at most, so that a key press waits for a fifth of a millisecond
    /// of somebody's download; and a request takes fewer.
    private static var stepsPerTurn: Int { 4 }

    /// Lets a connection do all it can now, within bounds that leave the others their turn.
    mutating func pump(_ client: UInt32) {
        let isShared = conversation.wantsRoom(beside: client, streak: slots[client].streak, at: now.monotonic)
        if isShared, slots[client].filledTurn == turns { return enqueue(client) }
        (portionLimit, portionIsFilled) = (isShared ? Conversation.portion : .max, false)
        for _ in 0..<Self.stepsPerTurn {
            guard step(client) else { return slots[client].streak = 0 }
            // The steps from one request to the next are short.
            if isShared, portionIsFilled { break }
        }
        if isShared { slots[client].filledTurn = turns }
        slots[client].streak = min(slots[client].streak, .max - 1) + 1
        enqueue(client)
    }

    /// Does one thing; true when there may be another. The connection may be closed afterwards only when it is false.
    private mutating func step(_ client: UInt32) -> Bool {
        switch flush(client) {
        case .broken:
            closeBoth(client)
            return false
        case .waiting where slots[client].phase != .exchange: return false
        case .empty, .waiting: break
        }
        switch slots[client].phase {
        case .handshake: return shakeHands(client)
        case .head: return readHead(client)
        case .exchange: return slots[client].exchange.isTunnel ? stepTunnel(client) : stepExchange(client)
        case .finishing: return conclude(client, slots[client].afterwards)
        case .lingering: return discard(client)
        case .leaving:
            hearLeaving(client)
            return false
        case .free, .connecting, .offered, .pooled: return false
        }
    }

    // MARK: Head

    private mutating func readHead(_ client: UInt32) -> Bool {
        var bytes: Buffer
        var isFresh = false
        if let held = slots[client].input.take() {
            bytes = held
            // What came behind an earlier request has not been looked at yet.
            if !slots[client].isHeadBegun { return tryHead(client, bytes) }
        } else {
            guard slots[client].ready.contains(.readable) else { return false }
            bytes = workBuffer()
            isFresh = true
        }
        guard isFresh || slots[client].ready.contains(.readable) else { return holdHead(client, bytes) }
        let before = bytes.count
        if bytes.roomAfter < 1024 { bytes = roomier(bytes) }
        switch receive(client, into: &bytes) {
        case .blocked:
            if !isFresh { return holdHead(client, bytes) }
            buffers.recycle(bytes)
            return false
        case .ended, .failed:
            buffers.recycle(bytes)
            close(client)
            return false
        case .bytes:
            if isFresh || mayEndHead(bytes, from: before) { return tryHead(client, bytes) }
            return holdHead(client, bytes)
        }
    }

    /// The same bytes with at least a KiB of room after them, where there is less.
    private mutating func roomier(_ bytes: consuming Buffer) -> Buffer {
        var larger = buffers.buffer(for: min(bytes.count * 2 + 1024, BufferPool.largeCapacity))
        bytes.read { larger.append($0) }
        buffers.recycle(bytes)
        return larger
    }

    /// Whether it is worth reading the head again: its end has come, or a line end that is none, or it is too long.
    /// Else every byte of a slow head would have it read from its beginning.
    private mutating func mayEndHead(_ bytes: borrowing Buffer, from start: Int) -> Bool {
        guard bytes.count < headLimits.bytes else { return true }
        return bytes.read { bytes in
            for index in max(start, 1)..<max(start, 1, bytes.count) where bytes[index] == 10 {
                if bytes[index - 1] != 13 || (index >= 3 && bytes[index - 2] == 10) { return true }
            }
            return false
        }
    }

    private mutating func holdHead(_ client: UInt32, _ bytes: consuming Buffer) -> Bool {
        if !slots[client].isHeadBegun {
            slots[client].isHeadBegun = true
            wait(client, .head)
        }
        slots[client].input.put(fitted(bytes))
        return slots[client].ready.contains(.readable)
    }

    private mutating func tryHead(_ client: UInt32, _ bytes: consuming Buffer) -> Bool {
        let outcome = bytes.read { head.parse($0, limits: headLimits) }
        switch outcome {
        case .incomplete where mayBeAgent(client, bytes): return beginAgent(client, bytes)
        case .incomplete: return holdHead(client, bytes)
        case .bad where mayBeAgent(client, bytes): return beginAgent(client, bytes)
        case .bad(let fault):
            buffers.recycle(bytes)
            return refuse(client, fault.status)
        case .complete:
            slots[client].isHeadBegun = false
            return begin(client, bytes)
        }
    }

    // MARK: Exchange

    /// A whole head is here: finds where it goes, and sends it there with what came of the body.
    private mutating func begin(_ client: UInt32, _ bytes: consuming Buffer) -> Bool {
        refresh()
        // It is idle no more, and makes no room for what it asks for itself.
        timers.clear(client)
        if slots[client].isInner { return beginInner(client, bytes) }
        slots[client].phase = .exchange
        slots[client].errorStatus = 0
        slots[client].activity = nil
        if !stale.questions.isEmpty { stale.questions[client] = nil }
        slots[client].exchange = Exchange(Exchange.Request(head), body: head.body)
        if leavesBy != nil { slots[client].exchange.closeAfterwards() }
        var bytes = bytes
        if isRecording { beginRecord(client, bytes) }
        let verdict = judgeTimed(bytes)
        switch verdict {
        case .answer(let status): return answerBefore(client, status, bytes)
        case .healthy: return answerHealth(client, bytes)
        case .loggedOut: return answerLoggedOut(client, bytes)
        case .gate(let refusal):
            if isRecording { recordPerson(client) }
            return answerGate(client, refusal, bytes)
        case .enter: return answerEnter(client, bytes)
        case .pass(let match, let endpoint, let session):
            slots[client].activity = match.activity
            metrics.add(head.wantsUpgrade ? .requestsUpgrade : .requestsWeb)
            if isRecording { recordPerson(client) }
            slots[client].browserSession = head.wantsUpgrade ? session : 0
            if logsRequests { logRequest(bytes, match) }
            if needsNote(match) {
                noteRequest(client, bytes, match)
            } else if !requestNotes.isEmpty {
                requestNotes[client] = nil
            }
            if match.isHub { bytes.read { noteQuestion(client, $0) } }
            // For a head alone a small one, which can be kept to ask again; all else is there for the body's sake.
            let limit = RequestWriter.limit(head, match, plan)
            var out = head.body.isNone ? buffers.buffer(for: limit) : headBuffer(for: limit + bytes.count + 64)
            writeHead(client, bytes, match, to: &out)
            bytes.consume(head.length)
            guard moveBody(client, &bytes, to: &out) else {
                buffers.recycle(bytes)
                buffers.recycle(out)
                return answer(client, 400)
            }
            keepInput(client, bytes)
            return send(client, out, to: endpoint)
        }
    }

    /// Whether the request goes on in such a way that its answer, or the page in place of it, must know what it was.
    private mutating func needsNote(_ match: RouteMatch) -> Bool {
        plan.rewritesRedirects || !match.base.isEmpty || !match.query.isEmpty || !plan.includesPrefix
    }

    private mutating func noteRequest(_ client: UInt32, _ bytes: borrowing Buffer, _ match: RouteMatch) {
        var target = buffers.buffer(for: match.authority.count)
        routes.append(match.authority, of: match, to: &target)
        requestNotes[client] = RequestNote(
            target: target.read { bytes in (0..<bytes.count).map { bytes[$0].lowercased } },
            host: bytes.read { bytes in head.fields.host.range.map { bytes[$0] } },
            url: bytes.read { bytes in
                head.path.range.map { bytes[$0] } + head.query.range.map { bytes[$0] }
            })
        buffers.recycle(target)
    }

    private mutating func writeHead(
        _ client: UInt32, _ bytes: borrowing Buffer, _ match: RouteMatch, to out: inout Buffer
    ) {
        let address = slots[client].endpoint.address
        let isSecure = slots[client].isSecure
        bytes.read { bytes in
            RequestWriter.write(
                head, bytes, from: address, isSecure: isSecure, over: match, plan, to: &out,
                text: { if !$0.isEmpty { routes.append($0, of: match, to: &$1) } },
                visitor: { gate.writeFields(to: &$0) })
        }
    }

    /// Keeps what came behind a request until it is its turn.
    mutating func keepInput(_ client: UInt32, _ bytes: consuming Buffer) {
        if bytes.isEmpty { buffers.recycle(bytes) } else { slots[client].input.put(fitted(bytes)) }
    }

    /// Moves what is there of the request's body behind the bytes of `out`, framed as the upstream is told. False when
    /// its chunks are broken.
    mutating func moveBody(_ client: UInt32, _ bytes: inout Buffer, to out: inout Buffer) -> Bool {
        guard slots[client].exchange.wantsRequestBody, !bytes.isEmpty else { return true }
        noteActivity(client)
        let step = bytes.change { slots[client].exchange.requestBytes(&$0) }
        guard !step.isBad else { return false }
        let isChunked = slots[client].exchange.isRequestChunked
        let isLast = !slots[client].exchange.wantsRequestBody
        append(step, of: bytes, to: &out, isChunked: isChunked, isLast: isLast)
        bytes.consume(step.consumed)
        return true
    }

    /// Appends the content that `step` found in `bytes`.
    mutating func append(
        _ step: BodyReader.Step, of bytes: borrowing Buffer, to out: inout Buffer, isChunked: Bool, isLast: Bool
    ) {
        if step.count > 0 {
            if isChunked {
                out.append(hexadecimal: step.count)
                out.append("\r\n")
            }
            bytes.read { out.append($0.extracting(step.offset..<step.offset + step.count)) }
            if isChunked { out.append("\r\n") }
        }
        if isChunked, isLast { out.append("0\r\n\r\n") }
    }

    // MARK: The end

    /// The answer is complete, or there is none: what becomes of the connection once all is sent.
    mutating func settle(_ client: UInt32, _ afterwards: Exchange.Ending.Client) -> Bool {
        guard slots[client].output.isEmpty else {
            slots[client].phase = .finishing
            slots[client].afterwards = afterwards
            wait(client, .stall)
            return false
        }
        return conclude(client, afterwards)
    }

    private mutating func conclude(_ client: UInt32, _ afterwards: Exchange.Ending.Client) -> Bool {
        slots[client].phase = .finishing
        if isRecording { endRecord(client) }
        switch afterwards {
        case .keep:
            slots[client].phase = .head
            wait(client, idleWait)
            return !slots[client].input.isEmpty || slots[client].ready.contains(.readable)
        case .close:
            // Closing with bytes unread would reset the connection, and the reset could overtake the answer.
            if slots[client].input.isEmpty, !slots[client].ready.contains(.readable) {
                close(client)
                return false
            }
        case .linger: break
        }
        if let input = slots[client].input.take() { buffers.recycle(input) }
        endSending(client)
        slots[client].phase = .lingering
        wait(client, .linger)
        return true
    }

    private mutating func discard(_ client: UInt32) -> Bool {
        guard slots[client].ready.contains(.readable) else { return false }
        var bytes = workBuffer()
        let outcome = receive(client, into: &bytes)
        buffers.recycle(bytes)
        switch outcome {
        case .bytes: return true
        case .blocked: return false
        case .ended, .failed:
            close(client)
            return false
        }
    }
}

extension Exchange.Request {
    /// What a head says about how it must be answered.
    @inline(__always) init(_ head: borrowing RequestHead) {
        self.init()
        isHead = head.method == .head
        isHTTP10 = head.version == .http10
        keepsAlive = head.keepsAlive
        saysKeepAlive = head.fields.connection.contains(.keepAlive)
        wantsUpgrade = head.wantsUpgrade
        wantsWebSocket = head.wantsWebSocket
        isRepeatable = head.isRepeatable
    }
}
