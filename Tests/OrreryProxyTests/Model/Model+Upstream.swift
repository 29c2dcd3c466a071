/// What the model's upstreams make of what they get.
extension Model {
    mutating func serve(_ index: Int) {
        while faults.isEmpty, !upstreams[index].received.isEmpty {
            guard let reading = upstreams[index].current else {
                guard begin(index) else { return }
                continue
            }
            if reading.isWhole, !reading.isTunnel, upstreams[index].unsent.isEmpty {
                // Who is about to close reads no more.
                guard upstreams[index].ending == .none else { return upstreams[index].received = [] }
                upstreams[index].current = nil
                continue
            }
            guard !reading.isWhole || reading.isTunnel else {
                faults.append("\(upstreams[index].received.count) bytes came behind request \(reading.number)")
                return
            }
            guard take(index) else { return }
        }
    }

    /// Another request begins.
    private mutating func begin(_ index: Int) -> Bool {
        guard let head = modelHead(upstreams[index].received[...]) else { return false }
        upstreams[index].received.removeFirst(head.length)
        guard let number = head.fields["x-number"].flatMap({ Int($0) }), let request = requests[number] else {
            faults.append("nobody sent \(head.line)")
            return false
        }
        check(head.line, head.fields, of: request, at: index)
        var reading = ModelUpstream.Reading(number: number)
        reading.length = head.fields["content-length"].flatMap { Int($0) }
        reading.isChunked = head.fields["transfer-encoding"] != nil
        reading.isTunnel = head.fields["upgrade"] != nil
        upstreams[index].current = reading
        upstreams[index].requests.append(number)
        upstreams[index].sentCount = 0
        let answer = answers[number] ?? ModelAnswer(to: request, by: &chance, isGentle: isGentle)
        answers[number] = answer
        if answer.isEarly || answer.status == 101 { reply(index, answer) }
        return take(index)
    }

    private mutating func check(_ line: String, _ fields: [String: String], of request: ModelRequest, at index: Int) {
        let upstream = upstreams[index]
        if line != "\(request.method) \(request.path) HTTP/1.1" {
            faults.append("request \(request.number) became \(line)")
        }
        if upstream.address != request.upstream {
            faults.append("request \(request.number) went to \(upstream.address)")
        }
        if request.kind == .broken || request.kind == .local {
            faults.append("request \(request.number) was passed on")
        }
        let client = clients.first { $0.requests.contains { $0.number == request.number } }
        if fields["x-forwarded-for"] != client?.host {
            faults.append("request \(request.number) came from another client")
        }
        // RFC 9112 9.3.1: again only over a connection that was used before, and only what does no more when it is repeated.
        guard
            let before = upstreams.first(where: { $0.serial != upstream.serial && $0.requests.contains(request.number) }
            )
        else { return }
        let sent = before.requests.last == request.number ? before.sentCount : 0
        if !request.isRepeatable || before.requests.count < 2 || (before.requests.last == request.number && sent > 0) {
            faults.append("request \(request.number) was sent again")
        }
    }

    /// Takes what there is of a request's body; false when more must come.
    private mutating func take(_ index: Int) -> Bool {
        guard var reading = upstreams[index].current, let request = requests[reading.number] else { return false }
        let received = upstreams[index].received
        var isWhole = true
        if reading.isTunnel {
            reading.body += received
            upstreams[index].received = []
            if !request.tunnel.starts(with: reading.body) {
                faults.append("tunnel \(request.number) carries other bytes")
            }
        } else if reading.isChunked {
            let (content, rest, isEnded, isBad) = modelChunks(received[...])
            if isBad { faults.append("request \(request.number) has chunks that are none") }
            isWhole = isEnded
            if isEnded {
                reading.body = content
                upstreams[index].received = Array(rest)
            } else if !request.content.starts(with: content) {
                faults.append("request \(request.number) has another body")
            }
        } else {
            let wanted = (reading.length ?? 0) - reading.body.count
            reading.body += received.prefix(wanted)
            upstreams[index].received.removeFirst(min(wanted, received.count))
            isWhole = reading.body.count == reading.length ?? 0
        }
        if !reading.isTunnel {
            let isRight = isWhole ? request.content == reading.body : request.content.starts(with: reading.body)
            if !isRight { faults.append("request \(request.number) has another body") }
        }
        upstreams[index].current = reading
        guard isWhole, !reading.isWhole else { return false }
        upstreams[index].current?.isWhole = true
        guard let answer = answers[reading.number] else { return false }
        if !answer.isEarly, answer.status != 101 { reply(index, answer) }
        // The next request may come once the answer has gone.
        return !upstreams[index].received.isEmpty
    }

    private mutating func reply(_ index: Int, _ answer: ModelAnswer) {
        guard !answer.isSilent, !upstreams[index].hasEnded else { return }
        upstreams[index].unsent += answer.bytes
        upstreams[index].sentCount = 0
        upstreams[index].ending = answer.ending
    }
}
