import OrreryWire

/// How the parser and the slow reading differ about a message; nil when they agree.
package func requestDifference(_ message: Bytes) -> String? {
    var head = RequestHead()
    let outcome = head.parse(message.span, limits: HeadLimits())
    return difference(outcome, ReferenceRequest.read(message), { $0.status }) { expected in
        func slice(_ slice: Slice) -> Bytes { Bytes(message[slice.range]) }
        return firstDifference([
            ("length", head.length == expected.length), ("method", slice(head.methodName) == expected.method),
            ("path", slice(head.path) == expected.path), ("query", slice(head.query) == expected.query),
            ("asterisk", head.isAsterisk == expected.isAsterisk),
            ("version", (head.version == .http10) == expected.isHTTP10),
            ("host", slice(head.fields.host) == expected.host), ("body", head.body == expected.framing.asBody(.none)),
            ("keep-alive", head.keepsAlive == expected.keepsAlive),
            ("upgrade", head.wantsUpgrade == expected.wantsUpgrade),
            (
                "offer",
                !head.wantsUpgrade || slice(head.fields.upgrade) == expected.fields.values("upgrade").first
            ),
            ("delicacy", head.isPathDelicate || !expected.isPathDelicate),
            ("lines", slice(head.fields.lines) == expected.fields.written),
        ])
    }
}

/// The same for a response.
package func responseDifference(_ message: Bytes) -> String? {
    var head = ResponseHead()
    let outcome = head.parse(message.span, limits: HeadLimits())
    return difference(outcome, ReferenceResponse.read(message), { _ in 502 }) { expected in
        firstDifference([
            ("length", head.length == expected.length), ("status", head.status == expected.status),
            ("status line", Bytes(message[head.statusLine.range]) == expected.statusLine),
            ("version", head.isHTTP10 == expected.isHTTP10),
            ("body", head.body == expected.framing.asBody(.untilEnd)),
            ("keep-alive", head.keepsAlive == expected.keepsAlive),
            ("date", head.fields.hasDate == !expected.fields.values("date").isEmpty),
            ("lines", Bytes(message[head.fields.lines.range]) == expected.fields.written),
        ])
    }
}

/// The same for a chunked body that comes in two pieces.
package func chunkDifference(_ message: Bytes, _ cut: Int) -> String? {
    var reader = BodyReader(.chunked)
    var content: Bytes = []
    var consumed = 0
    var isBad = false
    for piece in [message[..<cut], message[cut...]] where !isBad && !reader.isEnded {
        var piece = Bytes(piece)
        var span = piece.mutableSpan
        let step = reader.take(&span)
        isBad = step.isBad
        if !isBad { content += piece[step.offset..<step.offset + step.count] }
        consumed += step.consumed
    }
    switch ReferenceChunks.read(message) {
    case .refused: return isBad ? nil : "not refused"
    case .unfinished: return reader.isEnded && !isBad ? "ended too early" : nil
    case .whole(let expected):
        if isBad { return "refused" }
        return firstDifference([
            ("end", reader.isEnded), ("length", consumed == expected.length), ("content", content == expected.content),
        ])
    }
}

private func difference<Message>(
    _ outcome: HeadOutcome, _ reading: Reading<Message>, _ status: (HeadFault) -> Int, _ compare: (Message) -> String?
) -> String? {
    switch (outcome, reading) {
    case (.complete, .whole(let expected)): compare(expected)
    case (.bad(let fault), .refused(let faults)):
        faults.contains(status(fault)) ? nil : "refused with \(status(fault)), not \(faults)"
    // What is wrong already cannot be mended by what follows.
    case (.incomplete, .unfinished), (.bad, .unfinished): nil
    default: "\(outcome), not \(reading)"
    }
}

private func firstDifference(_ checks: [(String, Bool)]) -> String? { checks.first { !$0.1 }.map { "another \($0.0)" } }

extension ReferenceFraming {
    fileprivate func asBody(_ unsaid: BodyFraming) -> BodyFraming {
        switch self {
        case .unsaid: unsaid
        case .chunked: .chunked
        case .length(let length): length == 0 ? .none : .length(length)
        }
    }
}

extension ReferenceRequest {
    /// Whether two servers could read the path differently.
    package var isPathDelicate: Bool {
        path.contains(37) || path.contains(92) || path.place(of: "//") != nil || path.place(of: "/.") != nil
    }
}

extension ReferenceFields {
    /// The lines as they came.
    fileprivate var written: Bytes { Bytes(lines.map { $0.text + bytes("\r\n") }.joined()) }
}
