/// What a model's client must have got.
extension Model {
    /// Goes through everything a client has received: its answers in their order, and nothing else.
    func check(_ client: ModelClient) -> [String] {
        var rest = client.received[...]
        for request in client.requests {
            guard !rest.isEmpty else { return [] }
            switch take(request, from: &rest) {
            case .next: continue
            case .last: return rest.isEmpty ? [] : ["\(rest.count) bytes behind the last answer, to \(request.number)"]
            case .wrong(let fault): return ["the answer to \(request.number): \(fault)"]
            }
        }
        return rest.isEmpty ? [] : ["\(rest.count) bytes that answer nothing"]
    }

    /// Requests of a client that broke nothing, and have no whole answer.
    func unanswered(_ client: ModelClient) -> [String] {
        var rest = client.received[...]
        for request in client.requests {
            let before = rest.count
            guard case .next = take(request, from: &rest) else {
                let isTunnel = answers[request.number]?.status == 101
                let answer = answers[request.number]
                let isLast = request.number == client.requests.last?.number
                // After the last answer the connection may have ended, if everything came.
                if isTunnel || (before > 0 && isLast) || request.saysClose { return tunnelRest(request, client) }
                return [
                    "request \(request.number) has no whole answer: \(before) bytes, \(String(describing: answer?.status))"
                ]
            }
            // Refused before it was whole, or told to be the last: what follows is not read.
            if client.received.isEmpty { return [] }
        }
        return []
    }

    private func tunnelRest(_ request: ModelRequest, _ client: ModelClient) -> [String] {
        guard let answer = answers[request.number] else { return ["request \(request.number) never arrived"] }
        guard answer.status == 101 else { return [] }
        let sent = upstreams.first { $0.requests.contains(request.number) }?.current?.body ?? []
        let isWhole = client.received.suffix(answer.tunnel.count) == answer.tunnel[...]
        return isWhole && sent == request.tunnel ? [] : ["tunnel \(request.number) lost bytes"]
    }

    private enum Outcome {
        case next, last
        case wrong(String)
    }

    private func take(_ request: ModelRequest, from rest: inout ArraySlice<UInt8>) -> Outcome {
        while let head = modelHead(rest) {
            rest = rest.dropFirst(head.length)
            guard let status = head.line.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
                return .wrong("no status in \(head.line)")
            }
            guard head.fields["x-number"] == "\(request.number)" else {
                return takeOwn(request, status, head.fields, &rest)
            }
            guard let answer = answers[request.number] else { return .wrong("relayed, but nobody answered") }
            if (100..<200).contains(status), status != 101 {
                if request.isHTTP10 { return .wrong("an answer before the answer, for an old client") }
                continue
            }
            if status != answer.status { return .wrong("\(status), not \(answer.status)") }
            if status == 101 { return takeTunnel(answer, &rest) }
            return takeBody(request, answer, head.fields, &rest)
        }
        // A head that was cut: the connection must have ended with it.
        rest = []
        return .last
    }

    private func takeTunnel(_ answer: ModelAnswer, _ rest: inout ArraySlice<UInt8>) -> Outcome {
        let bytes = Array(rest)
        rest = []
        return answer.tunnel.starts(with: bytes) ? .last : .wrong("the tunnel carries other bytes")
    }

    /// An error of ours.
    private func takeOwn(
        _ request: ModelRequest, _ status: Int, _ fields: [String: String], _ rest: inout ArraySlice<UInt8>
    ) -> Outcome {
        let answer = answers[request.number]
        var allowed = request.refusals.union(isGentle ? [] : [408, 502, 503, 504])
        if answer?.isGarbage == true { allowed.insert(502) }
        guard allowed.contains(status) else { return .wrong("\(status) of ours: \(fields)") }
        let length = fields["content-length"].flatMap { Int($0) } ?? 0
        // Of a head that never became whole nobody knows that it was to be HEAD.
        let isPage = request.method != "HEAD" || (status == 408 && rest.count == length)
        rest = rest.dropFirst(isPage ? length : 0)
        return fields["connection"] == "close" ? .last : .next
    }

    private func takeBody(
        _ request: ModelRequest, _ answer: ModelAnswer, _ fields: [String: String], _ rest: inout ArraySlice<UInt8>
    ) -> Outcome {
        let isLast = fields["connection"] == "close" || request.isHTTP10
        guard request.hasAnswerBody, answer.status != 204, answer.status != 304 else { return isLast ? .last : .next }
        var content: [UInt8]
        var isWhole = true
        if fields["transfer-encoding"] != nil {
            let chunks = modelChunks(rest)
            if chunks.isBad { return .wrong("chunks that are none") }
            (content, rest, isWhole) = (chunks.content, chunks.rest, chunks.isEnded)
        } else if let length = fields["content-length"].flatMap({ Int($0) }) {
            content = Array(rest.prefix(length))
            isWhole = content.count == length
            rest = rest.dropFirst(length)
        } else {
            content = Array(rest)
            rest = []
            // Only the end of the connection tells; a reset would have told that it was cut.
            isWhole = content == answer.content
        }
        let isRight = isWhole ? content == answer.content : answer.content.starts(with: content)
        // What was to end with the connection ends where somebody ended it.
        let isEndedEarly = answer.isOpenEnded && answer.isCut && answer.content.starts(with: content)
        if !isRight, !isEndedEarly { return .wrong("other content: \(content.count) of \(answer.content.count) bytes") }
        if isWhole { return isLast ? .last : .next }
        if isGentle { return .wrong("\(content.count) of \(answer.content.count) bytes") }
        return rest.isEmpty ? .last : .wrong("bytes behind an answer that was cut")
    }
}
