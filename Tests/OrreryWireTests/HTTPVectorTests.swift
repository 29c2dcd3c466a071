import HTTPReference
import OrreryWire
import Testing

/// The tables of `HTTPVector`, each message whole and in every two pieces.
struct HTTPVectorTests {
    @Test(
        arguments: HTTPVector.requestFraming + HTTPVector.requestLine + HTTPVector.requestHost
            + HTTPVector.requestFields + HTTPVector.requestWishes)
    func aRequestIsJudged(_ vector: HTTPVector) {
        let bytes = Array(vector.text.utf8.map { $0 })
        var head = RequestHead()
        let outcome = head.parse(bytes.span, limits: HeadLimits())
        #expect(status(outcome) { $0.status } == vector.status)
        #expect(contradictions(bytes, outcome) { head.parse($0, limits: HeadLimits()) } == [])
    }

    @Test(arguments: HTTPVector.responses)
    func anAnswerIsJudged(_ vector: HTTPVector) {
        let bytes = Array(vector.text.utf8)
        var head = ResponseHead()
        let outcome = head.parse(bytes.span, limits: HeadLimits())
        #expect(status(outcome) { _ in 502 } == vector.status)
        #expect(contradictions(bytes, outcome) { head.parse($0, limits: HeadLimits()) } == [])
    }

    @Test(arguments: HTTPVector.chunks)
    func chunksAreJudged(_ vector: HTTPVector) {
        for cut in 0..<vector.text.utf8.count {
            var reader = BodyReader(.chunked)
            var isBad = false
            for piece in [vector.text.utf8.prefix(cut), vector.text.utf8.dropFirst(cut)] where !isBad {
                var bytes = Array(piece)
                var span = bytes.mutableSpan
                isBad = reader.take(&span).isBad
            }
            #expect(isBad == (vector.status != nil), "cut at \(cut)")
            #expect(reader.isEnded == (vector.status == nil), "cut at \(cut)")
        }
    }

    /// What is offered, and whether it is passed on.
    @Test(arguments: [
        ("websocket", true), ("WebSocket", true), ("foo/2", true), ("h2c", false), ("H2C", false), ("h2", false),
        ("HTTP/2.0", false), ("websocket, h2c", false), ("TLS/1.2", false), ("h2c/1", false), ("h2cx", true),
    ])
    func someOffersAreIgnored(_ offer: String, _ isPassed: Bool) {
        var head = RequestHead()
        let bytes = Array("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: \(offer)\r\n\r\n".utf8)
        let outcome = head.parse(bytes.span, limits: HeadLimits())
        #expect(outcome == .complete)
        #expect(head.wantsUpgrade == isPassed)
        #expect(head.wantsWebSocket == (offer.lowercased() == "websocket"))
    }

    private func status(_ outcome: HeadOutcome, _ of: (HeadFault) -> Int) -> Int? {
        switch outcome {
        case .complete: nil
        case .bad(let fault): of(fault)
        // None of the tables has half a message.
        case .incomplete: 0
        }
    }

    /// A beginning may be refused before the whole is there, but never for another reason, and never if the whole is good.
    private func contradictions(
        _ bytes: [UInt8], _ whole: HeadOutcome, _ parse: (Span<UInt8>) -> HeadOutcome
    ) -> [String] {
        (0..<bytes.count).filter { $0 < 500 || $0 % 997 == 0 || $0 > bytes.count - 10 }.compactMap { count in
            let part = parse(bytes.span.extracting(first: count))
            return part == .incomplete || (part == whole && whole != .complete) ? nil : "\(count) bytes: \(part)"
        }
    }
}
