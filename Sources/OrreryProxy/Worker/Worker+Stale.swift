internal import OrreryWire

/// `GET /hub/api/user` while the hub does not answer (RFC 5861 4): see `StaleAnswers`. No other request is touched, and none
/// that says who it is by a cookie.
extension Worker {
    /// Remembers that this client asks who a token is.
    mutating func noteQuestion(_ client: UInt32, _ bytes: Span<UInt8>) {
        guard head.path.isWord("/hub/api/user", bytes), head.query.isEmpty, head.method == .get, head.body.isNone,
            !head.fields.hasCookie, !head.wantsUpgrade, let credential = credential()
        else { return }
        // Where hosts have hubs of their own, what one of them said is no word of another.
        let host = shared.routes.isByHost ? head.fields.host : Slice(0, 0)
        let key = StaleAnswers.key(of: bytes.extracting(credential.range), at: bytes.extracting(host.range))
        stale.questions[client] = StaleAnswers.Question(key: key)
    }

    /// The one credential of the request.
    private mutating func credential() -> Slice? {
        var found: Slice?
        for index in 0..<head.fields.markCount where head.fields.mark(index).name == .authorization {
            guard found == nil else { return nil }
            found = head.fields.mark(index).value
        }
        return found
    }

    /// Whether an answer of this status is to be replaced by the one before.
    mutating func prefersStale(_ client: UInt32, _ status: Int) -> Bool {
        [502, 503, 504].contains(status) && staleAnswer(client) != nil
    }

    private mutating func staleAnswer(_ client: UInt32) -> StaleAnswers.Entry? {
        guard let question = stale.questions[client], slots[client].errorStatus == 0 else { return nil }
        return stale.answer(to: question.key, at: now.monotonic, logouts)
    }

    /// The head of the answer has come: it is kept if it is a good one, and what was kept is worth nothing if it is a no.
    mutating func noteAnswerToQuestion(_ client: UInt32, _ bytes: Span<UInt8>) {
        guard var question = stale.questions.removeValue(forKey: client), slots[client].errorStatus == 0 else { return }
        if answerHead.status < 500 { stale.forget(question.key) }
        guard answerHead.status == 200, case .length(let length) = answerHead.body, length <= UInt64(stale.bodyLimit),
            let type = answerType(bytes)
        else { return }
        question.type = type
        question.length = Int(length)
        stale.questions[client] = question
    }

    /// The value of `Content-Type`, of an answer that says nothing else about what its bytes are.
    private func answerType(_ bytes: Span<UInt8>) -> [UInt8]? {
        var type: [UInt8]?
        var start = Int(answerHead.fields.lines.start)
        while start < Int(answerHead.fields.lines.end) {
            let end = place(of: 10, in: start..<Int(answerHead.fields.lines.end), bytes)
            let colon = place(of: UInt8(ascii: ":"), in: start..<end, bytes)
            if isSame(bytes, Slice(start, colon), as: "content-encoding") { return nil }
            if isSame(bytes, Slice(start, colon), as: "content-type") {
                type = (colon + 1..<end).map { bytes[$0] }.drop { $0 == 32 || $0 == 9 }.filter { $0 != 13 }
            }
            start = end + 1
        }
        return type
    }

    /// Bytes of an answer's body.
    mutating func collectAnswer(_ client: UInt32, _ bytes: Span<UInt8>, _ range: Range<Int>) {
        guard stale.questions[client]?.type != nil else { return }
        // In place: taking it out and putting it back would copy the body for every portion.
        for index in range { stale.questions[client]?.body.append(bytes[index]) }
    }

    /// The whole answer has been passed on.
    mutating func keepAnswer(_ client: UInt32) {
        guard let question = stale.questions.removeValue(forKey: client), let type = question.type,
            question.body.count == question.length
        else { return }
        let entry = StaleAnswers.Entry(body: question.body, type: type, at: now.monotonic)
        // Logged out while the hub was being asked.
        guard !logouts.contains(entry.session) else { return }
        stale.keep(entry, for: question.key)
    }

    /// Answers with what was said before. There is such an answer, and nothing of another has been passed on.
    mutating func answerStale(_ client: UInt32) -> Bool {
        guard let entry = staleAnswer(client) else { return answer(client, 503) }
        stale.questions[client] = nil
        dropUpstream(client)
        if let replay = slots[client].replay.take() { buffers.recycle(replay) }
        guard slots[client].output.isEmpty else {
            close(client, reset: true)
            return false
        }
        let afterwards = ownEnding(client)
        var out = buffers.buffer(for: entry.size + 512)
        writeStale(entry, saysClose: afterwards != .keep, to: &out)
        metrics.add(.staleAnswers)
        noteAnswer(client, 200)
        return conclude(client, out, afterwards)
    }

    private func writeStale(_ entry: StaleAnswers.Entry, saysClose: Bool, to out: inout Buffer) {
        out.append("HTTP/1.1 200 OK\r\nContent-Type: ")
        out.append(entry.type.span)
        out.append("\r\nContent-Length: ")
        out.append(decimal: UInt64(entry.body.count))
        out.append("\r\nAge: ")
        out.append(decimal: (now.monotonic - entry.moment) / 1000)
        out.append("\r\nWarning: 111 orrery-proxy \"Revalidation Failed\"\r\nCache-Control: no-store\r\n")
        dateLine.read { out.append($0) }
        if saysClose { out.append("Connection: close\r\n") }
        out.append("\r\n")
        out.append(entry.body.span)
    }
}
