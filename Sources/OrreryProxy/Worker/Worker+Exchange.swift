internal import OrreryWire

/// Relaying: the body of the request one way, the answer the other, and bytes both ways once they left HTTP.
///
/// Back-pressure is that a side is not read while the other has bytes waiting: at most one portion is ever held.
extension Worker {
    mutating func stepExchange(_ client: UInt32) -> Bool {
        let upstream = slots[client].partner
        guard upstream != Slab<Slot>.none, slots[upstream].phase == .exchange else { return false }
        var isMoving = false
        if isSpliced(upstream) || slots[client].exchange.wantsRequestBody, slots[upstream].output.isEmpty {
            switch stepRequest(client, upstream) {
            case .moved: isMoving = true
            case .waits: break
            case .over(let more): return more
            }
        }
        if isSpliced(client) { return spliceAnswer(client, upstream) || isMoving }
        guard slots[client].output.isEmpty, slots[upstream].ready.contains(.readable) else {
            pace(client)
            return isMoving
        }
        return stepAnswer(client, upstream) || isMoving
    }

    enum Step {
        case moved, waits
        /// The exchange is not what it was; whether the connection can go on.
        case over(Bool)
    }

    // MARK: Request

    private mutating func stepRequest(_ client: UInt32, _ upstream: UInt32) -> Step {
        if isSpliced(upstream) { return spliceRequest(client, upstream) }
        var bytes: Buffer
        if let held = slots[client].input.take() {
            bytes = held
        } else {
            guard slots[client].ready.contains(.readable) else { return .waits }
            bytes = workBuffer()
            switch receive(client, into: &bytes) {
            case .bytes: break
            case .blocked:
                buffers.recycle(bytes)
                return .waits
            case .ended, .failed:
                buffers.recycle(bytes)
                // A request cut short is none, and nobody is left to tell.
                if slots[client].exchange.clientDidEnd() == .abort { closeBoth(client) }
                return .over(false)
            }
        }
        uploadMoved(client, bytes.count)
        return forwardRequest(client, upstream, bytes)
    }

    private mutating func forwardRequest(_ client: UInt32, _ upstream: UInt32, _ bytes: consuming Buffer) -> Step {
        var bytes = bytes
        let isFull = bytes.count >= Self.portion
        var out = headBuffer()
        guard moveBody(client, &bytes, to: &out) else {
            buffers.recycle(bytes)
            buffers.recycle(out)
            return .over(answer(client, 400))
        }
        keepInput(client, bytes)
        if !slots[client].exchange.wantsRequestBody { wait(client, .answer) }
        guard deliver(out, to: upstream) else {
            // It may have answered before it closed: what it said is still there to be read.
            slots[client].exchange.upstreamRefusesBody()
            slots[upstream].ready.insert(.readable)
            return .moved
        }
        if !slots[upstream].output.isEmpty { uploadHeld(client) }
        if isFull, slots[client].exchange.unseenRequest >= Self.bulk { beginSplicing(from: client, to: upstream) }
        return .moved
    }

    // MARK: Answer

    private mutating func stepAnswer(_ client: UInt32, _ upstream: UInt32) -> Bool {
        var bytes: Buffer
        if let held = slots[upstream].input.take() {
            bytes = held.roomAfter >= 4096 ? held : larger(held)
        } else {
            bytes = workBuffer()
        }
        switch receive(upstream, into: &bytes) {
        case .blocked:
            keepHeadStart(upstream, bytes)
            pace(client)
            return false
        case .ended:
            buffers.recycle(bytes)
            return upstreamEnded(client, inOrder: true)
        case .failed:
            buffers.recycle(bytes)
            return upstreamEnded(client, inOrder: false)
        case .bytes: break
        }
        if slots[client].exchange.isUnanswered { return takeHeads(client, upstream, bytes) }
        return relayAnswer(client, bytes)
    }

    private mutating func larger(_ bytes: consuming Buffer) -> Buffer {
        var larger = buffers.buffer(for: BufferPool.largeCapacity)
        bytes.read { larger.append($0) }
        buffers.recycle(bytes)
        return larger
    }

    private mutating func keepHeadStart(_ upstream: UInt32, _ bytes: consuming Buffer) {
        if bytes.isEmpty { buffers.recycle(bytes) } else { slots[upstream].input.put(fitted(bytes)) }
    }

    /// Bytes of a body, changed in place to what the client is told.
    private mutating func relayAnswer(_ client: UInt32, _ bytes: consuming Buffer) -> Bool {
        var bytes = bytes
        let isFull = bytes.count >= Self.portion
        let step = bytes.change { slots[client].exchange.answerBytes(&$0) }
        bytes.consume(step.offset)
        bytes.truncate(to: step.count)
        if !stale.questions.isEmpty { bytes.read { collectAnswer(client, $0, 0..<$0.count) } }
        let isLast = slots[client].exchange.isAnswered
        if slots[client].exchange.isRechunked {
            if step.count > 0 {
                bytes.prependChunkSize(step.count)
                bytes.append("\r\n")
            }
            if isLast { bytes.append("0\r\n\r\n") }
        }
        guard deliver(bytes, to: client) else {
            closeBoth(client)
            return false
        }
        guard !step.isBad else { return cut(client) }
        guard isLast else {
            if isFull, slots[client].exchange.unseenAnswer >= Self.bulk {
                beginSplicing(from: slots[client].partner, to: client)
            }
            pace(client, isNew: true)
            return true
        }
        return finish(client)
    }

    private enum NextHead {
        case action(Exchange.HeadAction)
        case incomplete, stale
        case failed(Exchange.Failure)
    }

    /// Heads, of which there may be several: answers before the answer, and the answer.
    mutating func takeHeads(_ client: UInt32, _ upstream: UInt32, _ bytes: consuming Buffer) -> Bool {
        slots[client].exchange.answerBegan()
        switch nextHead(client, bytes) {
        case .action(let action):
            if case .relay(let form) = action, goesOnAsItCame(client, form) { return pass(client, bytes) }
            return writeHeads(client, upstream, bytes, first: action)
        case .incomplete:
            keepHeadStart(upstream, bytes)
            return true
        case .stale:
            buffers.recycle(bytes)
            return answerStale(client)
        case .failed(let failure):
            buffers.recycle(bytes)
            return fail(client, failure)
        }
    }

    private mutating func nextHead(_ client: UInt32, _ bytes: borrowing Buffer) -> NextHead {
        switch bytes.read({ answerHead.parse($0, limits: headLimits) }) {
        case .incomplete: return .incomplete
        case .bad: return .failed(.garbled)
        case .complete: break
        }
        // Without content it is no page, and the error that it was for cannot be framed like it.
        if slots[client].errorStatus != 0, answerHead.status == 204 || answerHead.status == 304 {
            return .failed(.garbled)
        }
        if !stale.questions.isEmpty {
            if prefersStale(client, answerHead.status) { return .stale }
            if answerHead.status >= 200 { bytes.read { noteAnswerToQuestion(client, $0) } }
        }
        let action = slots[client].exchange.answerHead(Exchange.Answer(answerHead))
        if case .fail(let failure) = action { return .failed(failure) }
        return .action(action)
    }

    private mutating func writeHeads(
        _ client: UInt32, _ upstream: UInt32, _ bytes: consuming Buffer, first: Exchange.HeadAction
    ) -> Bool {
        var bytes = bytes
        var out = headBuffer(for: bytes.count + ResponseWriter.added)
        var action = first
        while true {
            write(client, action, bytes, to: &out)
            bytes.consume(answerHead.length)
            guard slots[client].exchange.isUnanswered, !bytes.isEmpty else { return takeRest(client, bytes, out) }
            switch nextHead(client, bytes) {
            case .action(let next): action = next
            case .incomplete:
                keepHeadStart(upstream, bytes)
                return deliverAnswer(client, out)
            case .stale:
                buffers.recycle(bytes)
                buffers.recycle(out)
                return answerStale(client)
            case .failed(let failure):
                buffers.recycle(bytes)
                buffers.recycle(out)
                return fail(client, failure)
            }
        }
    }

    /// Whether the answer, as it is in the buffer, is what the client is to be told. Most are.
    private mutating func goesOnAsItCame(_ client: UInt32, _ form: Exchange.Form) -> Bool {
        slots[client].errorStatus == 0 && requestNotes.isEmpty && stale.questions.isEmpty
            && ResponseWriter.changesNothing(answerHead, form)
    }

    /// Sends an answer on as it came: its head, and what is there of its body.
    private mutating func pass(_ client: UInt32, _ bytes: consuming Buffer) -> Bool {
        var bytes = bytes
        noteRelay(client, 0)
        if let replay = slots[client].replay.take() { buffers.recycle(replay) }
        bytes.consume(answerHead.length)
        let step = bytes.change { slots[client].exchange.answerBytes(&$0) }
        bytes.rewind(answerHead.length)
        bytes.truncate(to: answerHead.length + step.count)
        return deliverAnswer(client, bytes)
    }

    private mutating func noteRelay(_ client: UInt32, _ errorStatus: Int) {
        noteFirstByte(client)
        noteAnswer(client, errorStatus == 0 ? answerHead.status : errorStatus)
        // What is answered so is no use of a route; else it is noted when the answer ends.
        if answerHead.status >= 300 { slots[client].activity = nil }
    }

    private mutating func write(
        _ client: UInt32, _ action: Exchange.HeadAction, _ bytes: borrowing Buffer,
        to out: inout Buffer
    ) {
        let errorStatus = Int(slots[client].errorStatus)
        switch action {
        case .relayInterim where errorStatus == 0: bytes.read { ResponseWriter.writeInterim(answerHead, $0, to: &out) }
        case .relay(let form):
            noteRelay(client, errorStatus)
            if !requestNotes.isEmpty, let note = requestNotes.removeValue(forKey: client), errorStatus == 0,
                plan.rewritesRedirects, RequestNote.isRedirect(answerHead.status)
            {
                return writeRedirect(note, form, bytes, to: &out)
            }
            bytes.read { bytes in
                dateLine.read { date in
                    if errorStatus != 0 {
                        ResponseWriter.writeErrorPage(
                            answerHead, bytes, status: errorStatus, form: form, date: date, to: &out)
                    } else {
                        ResponseWriter.write(answerHead, bytes, form: form, date: date, to: &out)
                    }
                }
            }
        case .tunnel:
            noteFirstByte(client)
            noteAnswer(client, 101)
            metrics.add(.tunnelsOpened)
            slots[client].words = 0
            timers.clear(client)
            bytes.read { ResponseWriter.writeSwitch(answerHead, $0, to: &out) }
        case .relayInterim, .dropInterim, .fail: break
        }
    }

    private mutating func writeRedirect(
        _ note: RequestNote, _ form: Exchange.Form, _ bytes: borrowing Buffer, to out: inout Buffer
    ) {
        bytes.read { bytes in
            dateLine.read { date in
                ResponseWriter.writeRedirect(
                    answerHead, bytes, form: form, date: date, note: note, plan: plan, to: &out)
            }
        }
    }

    /// What came behind the head in the same bytes.
    private mutating func takeRest(_ client: UInt32, _ bytes: consuming Buffer, _ out: consuming Buffer) -> Bool {
        var bytes = bytes
        var out = out
        var isBad = false
        if let replay = slots[client].replay.take() { buffers.recycle(replay) }
        if slots[client].exchange.isTunnel {
            bytes.read { out.append($0) }
        } else if !slots[client].exchange.isUnanswered {
            let step = bytes.change { slots[client].exchange.answerBytes(&$0) }
            isBad = step.isBad
            if !stale.questions.isEmpty {
                bytes.read { collectAnswer(client, $0, step.offset..<step.offset + step.count) }
            }
            let isRechunked = slots[client].exchange.isRechunked
            let isLast = slots[client].exchange.isAnswered
            append(step, of: bytes, to: &out, isChunked: isRechunked, isLast: isLast)
        }
        buffers.recycle(bytes)
        let goesOn = deliverAnswer(client, out)
        return isBad && goesOn ? cut(client) : goesOn
    }

    /// From here on the upstream's body makes no sense. The client gets what did, and then an end that is none: chunks
    /// without the last one, or a reset where the end of the connection would pass for the answer's.
    private mutating func cut(_ client: UInt32) -> Bool {
        guard !slots[client].exchange.cutNeedsReset else {
            closeBoth(client, reset: true)
            return false
        }
        metrics.add(.answersCut)
        dropUpstream(client)
        return settle(client, .close)
    }

    private mutating func deliverAnswer(_ client: UInt32, _ out: consuming Buffer) -> Bool {
        guard deliver(out, to: client) else {
            closeBoth(client)
            return false
        }
        // What comes after a whole answer has a deadline of its own; else that of the answer's beginning ends here.
        if slots[client].exchange.isAnswered { return finish(client) }
        if !slots[client].exchange.isUnanswered { timers.clear(client) }
        return true
    }
}

extension Exchange.Answer {
    /// What a head says about how it must be passed on.
    init(_ head: borrowing ResponseHead) {
        self.init()
        status = head.status
        body = head.body
        keepsAlive = head.keepsAlive
        hasUpgrade = !head.fields.upgrade.isEmpty
        isWebSocket = head.fields.isWebSocket
    }
}
