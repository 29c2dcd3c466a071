internal import OrreryWire

/// Answers of our own: refusals, errors, and what a deadline ends.
extension Worker {
    /// A head that cannot be understood. Nothing after it can be either.
    mutating func refuse(_ client: UInt32, _ status: Int) -> Bool {
        var request = Exchange.Request()
        request.keepsAlive = false
        slots[client].phase = .exchange
        slots[client].exchange = Exchange(request)
        noteRefusal(status)
        if isRecording { beginBareRecord(client) }
        return answer(client, status, thenLinger: true)
    }

    /// An answer from the head alone; the body, if there is one, is not read.
    mutating func answerBefore(_ client: UInt32, _ status: Int, _ bytes: consuming Buffer) -> Bool {
        // What follows may be meant for the host that it wants to be connected to, and must not be read as a request.
        if bytes.read({ head.methodName.isWord("CONNECT", $0) }) { slots[client].exchange.closeAfterwards() }
        guard status == 404 || status == 503, canAskForPage(client) else {
            leaveHead(client, bytes)
            return answer(client, status)
        }
        var out = headBuffer()
        bytes.read { writeErrorRequest(status, $0, to: &out) }
        leaveHead(client, bytes)
        return askForPage(client, status, out)
    }

    mutating func answerHealth(_ client: UInt32, _ bytes: consuming Buffer) -> Bool {
        // Nobody wants a line every few seconds for each probe.
        if isRecording { records[client].isOpen = false }
        leaveHead(client, bytes)
        var out = headBuffer()
        let afterwards = ownEnding(client)
        dateLine.read {
            StatusPage.write(
                200, fields: "Content-Type: application/json\r\n", body: "{\"status\":\"OK\"}",
                isHead: head.method == .head, saysClose: afterwards != .keep, date: $0, to: &out)
        }
        return conclude(client, out, afterwards)
    }

    /// A person is sent to the login page and comes back from there; a program is told.
    mutating func answerLoggedOut(_ client: UInt32, _ bytes: consuming Buffer) -> Bool {
        var out = headBuffer()
        let afterwards = ownEnding(client)
        let isPage = bytes.read { head.method == .get && !head.wantsUpgrade && accepts($0) }
        let saysClose = afterwards != .keep
        if isPage {
            bytes.read { bytes in
                dateLine.read { writeLogin(bytes, saysClose: saysClose, date: $0, to: &out) }
            }
        } else {
            dateLine.read {
                StatusPage.write(
                    403, fields: "Content-Type: application/json\r\n",
                    body: "{\"status\":403,\"message\":\"This browser has been logged out.\"}",
                    isHead: head.method == .head, saysClose: saysClose, date: $0, to: &out)
            }
        }
        leaveHead(client, bytes)
        metrics.add(.gateLoggedOut)
        noteAnswer(client, isPage ? 302 : 403)
        return conclude(client, out, afterwards)
    }

    private func writeLogin(
        _ bytes: Span<UInt8>, saysClose: Bool, date: Span<UInt8>, to out: inout Buffer
    ) {
        out.append("HTTP/1.1 302 Found\r\nLocation: /hub/login?next=")
        appendEscaped(bytes.extracting(head.path.range), to: &out)
        appendEscaped(bytes.extracting(head.query.range), to: &out)
        out.append("\r\nCache-Control: no-store\r\nContent-Length: 0\r\n")
        out.append(date)
        if saysClose { out.append("Connection: close\r\n") }
        out.append("\r\n")
    }

    /// Whether a field `Accept` names HTML: what a browser sends when a person opens a page.
    mutating func accepts(_ bytes: Span<UInt8>) -> Bool {
        var start = Int(head.fields.lines.start)
        while start < Int(head.fields.lines.end) {
            var end = start
            while bytes[end] != 10 { end += 1 }
            if end - start > 7, isSame(bytes, Slice(start, start + 7), as: "accept:") {
                for index in start + 7..<max(start + 7, end - 8)
                where isSame(bytes, Slice(index, index + 9), as: "text/html") { return true }
            }
            start = end + 1
        }
        return false
    }

    /// What becomes of the connection after an answer of our own. Those do not tell an old client that it may go on.
    mutating func ownEnding(_ client: UInt32) -> Exchange.Ending.Client {
        if slots[client].exchange.request.isHTTP10 { slots[client].exchange.closeAfterwards() }
        return slots[client].exchange.ending().client
    }

    /// The head has been dealt with; what came behind it may be another request.
    mutating func leaveHead(_ client: UInt32, _ bytes: consuming Buffer) {
        var bytes = bytes
        bytes.consume(head.length)
        keepInput(client, bytes)
    }

    /// Answers with a small page, in place of the upstream's answer, of which nothing has been passed on yet. `allowed`
    /// are the methods that a 405 names.
    mutating func answer(
        _ client: UInt32, _ status: Int, thenLinger: Bool = false, allowed: StaticString = StatusPage.allMethods
    ) -> Bool {
        dropUpstream(client)
        if let replay = slots[client].replay.take() { buffers.recycle(replay) }
        guard slots[client].output.isEmpty else {
            // An answer before the answer has not even left yet: the client reads nothing.
            close(client, reset: true)
            return false
        }
        var afterwards = ownEnding(client)
        if status == 400 || thenLinger { afterwards = .linger }
        var out = headBuffer()
        let isHead = slots[client].exchange.request.isHead
        noteAnswer(client, status)
        let saysClose = afterwards != .keep
        dateLine.read { date in
            if slots[client].exchange.request.wantsUpgrade {
                StatusPage.write(
                    status, fields: "", body: "", isHead: isHead, saysClose: saysClose, date: date, allowed: allowed,
                    to: &out)
            } else if status != 204, let page = shared.errorPages?.page(status) {
                StatusPage.write(
                    status, page: page.span, isHead: isHead, saysClose: saysClose, date: date, allowed: allowed,
                    to: &out)
            } else {
                StatusPage.write(
                    status, isHead: isHead, saysClose: saysClose, date: date, allowed: allowed, to: &out)
            }
        }
        return conclude(client, out, afterwards)
    }

    /// Sends an answer of ours; what becomes of the connection then.
    mutating func conclude(
        _ client: UInt32, _ out: consuming Buffer, _ afterwards: Exchange.Ending.Client
    ) -> Bool {
        guard deliver(out, to: client) else {
            close(client)
            return false
        }
        return settle(client, afterwards)
    }

    /// The upstream gives no answer.
    mutating func fail(_ client: UInt32, _ failure: Exchange.Failure) -> Bool {
        noteFailure(failure)
        logFailure(client, failure)
        if slots[client].isInner, slots[client].output.isEmpty { return answerLost(client) }
        if !stale.questions.isEmpty, prefersStale(client, failure.status) { return answerStale(client) }
        dropUpstream(client)
        // A page that cannot be had leaves the error it was for.
        let status = slots[client].errorStatus == 0 ? failure.status : Int(slots[client].errorStatus)
        guard canAskForPage(client), let replay = slots[client].replay.take() else { return answer(client, status) }
        var limits = HeadLimits()
        (limits.bytes, limits.target, limits.fields, limits.takesEscapedHosts) = (.max, .max, .max, true)
        // What we wrote ourselves is whole, but with what we added it may be more than a head can hold.
        guard replay.read({ head.parse($0, limits: limits) }) == .complete else {
            buffers.recycle(replay)
            return answer(client, status)
        }
        var out = headBuffer()
        if let note = requestNotes.removeValue(forKey: client) {
            writeErrorRequest(status, path: note.url.span, query: .init(), to: &out)
        } else {
            replay.read { writeErrorRequest(status, $0, to: &out) }
        }
        buffers.recycle(replay)
        return askForPage(client, status, out)
    }

    // MARK: Error pages

    private mutating func canAskForPage(_ client: UInt32) -> Bool {
        shared.errorTarget != nil && !slots[client].isInner && slots[client].errorStatus == 0
            && slots[client].exchange.hasWholeRequest
            && !slots[client].exchange.request.wantsUpgrade && slots[client].output.isEmpty
    }

    /// The request for an error page: `GET <target>/<status>?url=<path and query>`.
    private func writeErrorRequest(_ status: Int, _ bytes: Span<UInt8>, to out: inout Buffer) {
        writeErrorRequest(
            status, path: bytes.extracting(head.path.range), query: bytes.extracting(head.query.range), to: &out)
    }

    private func writeErrorRequest(_ status: Int, path: Span<UInt8>, query: Span<UInt8>, to out: inout Buffer) {
        guard let target = shared.errorTarget?.target else { return }
        out.append("GET ")
        for byte in target.path.utf8 { out.append(byte) }
        out.append("/")
        out.append(decimal: UInt64(status))
        out.append("?url=")
        appendEscaped(path, to: &out)
        appendEscaped(query, to: &out)
        out.append(" HTTP/1.1\r\nHost: ")
        for byte in target.authority.utf8 { out.append(byte) }
        out.append("\r\n\r\n")
    }

    private mutating func askForPage(_ client: UInt32, _ status: Int, _ out: consuming Buffer) -> Bool {
        guard let endpoint = shared.errorTarget?.endpoint else {
            buffers.recycle(out)
            return answer(client, status)
        }
        slots[client].errorStatus = UInt16(status)
        slots[client].activity = nil
        let request = slots[client].exchange.request
        slots[client].exchange = Exchange(request)
        if leavesBy != nil { slots[client].exchange.closeAfterwards() }
        return send(client, out, to: endpoint)
    }

    func appendEscaped(_ bytes: Span<UInt8>, to out: inout Buffer) {
        for index in 0..<bytes.count {
            let byte = bytes[index]
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: out.append(byte)
            default:
                out.append(UInt8(ascii: "%"))
                for digit in [byte >> 4, byte & 15] {
                    out.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10)
                }
            }
        }
    }

    // MARK: Deadlines

    /// A connection's deadline has come.
    mutating func expire(_ index: UInt32) {
        switch slots[index].phase {
        case .free: return
        case .pooled:
            pools.remove(index, from: slots)
            close(index)
        case .connecting:
            dead.wasSilent(slots[index].endpoint, now: now.monotonic)
            let client = slots[index].partner
            if fail(client, .timedOut) { pump(client) }
        case .offered:
            dead.wasSilent(slots[index].endpoint, now: now.monotonic)
            let client = slots[index].partner
            if fail(client, .timedOut) { pump(client) }
        case .handshake: giveUp(index)
        case .head: expireHead(index)
        case .exchange where slots[index].isClient: expireExchange(index)
        // A tunnel's, which does not take what waits for it.
        case .exchange: closeBoth(slots[index].partner, reset: true)
        case .finishing: expireFinishing(index)
        case .lingering: close(index)
        case .leaving: lookAtLeaving(index)
        }
    }

    private mutating func expireHead(_ client: UInt32) {
        guard slots[client].isHeadBegun else { return close(client) }
        if refuse(client, 408) { pump(client) }
    }

    /// It has not taken the end of its answer: see `mustShowItsCut`.
    private mutating func expireFinishing(_ client: UInt32) {
        if hasWaiting(client) { metrics.add(.refusedSlowReader) }
        close(client, reset: mustShowItsCut(client))
    }

    /// Whether an orderly end of the connection would pass for that of an answer of which some is missing.
    mutating func mustShowItsCut(_ client: UInt32) -> Bool {
        guard slots[client].isClient, slots[client].exchange.cutNeedsReset else { return false }
        return slots[client].phase == .exchange || slots[client].phase == .finishing && hasWaiting(client)
    }

    private mutating func expireExchange(_ client: UInt32) {
        let exchange = slots[client].exchange.isUnanswered
        guard exchange, slots[client].output.isEmpty else {
            metrics.add(.refusedSlowReader)
            return closeBoth(client, reset: true)
        }
        guard slots[client].exchange.wantsRequestBody else {
            if fail(client, .timedOut) { pump(client) }
            return
        }
        switch judgeUpload(client) {
        case .enough: wait(client, uploadWait)
        case .tooSlow:
            metrics.add(.refusedSlowBody)
            if answer(client, 408) { pump(client) }
        case .upstreamTooSlow: if fail(client, .timedOut) { pump(client) }
        }
    }
}
