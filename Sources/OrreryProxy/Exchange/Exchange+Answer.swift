package import OrreryWire

extension Exchange {
    /// What the head of an answer says about how it must be passed on.
    package struct Answer: Sendable {
        package var status = 200
        package var body: BodyFraming = .untilEnd
        package var keepsAlive = true
        package var hasUpgrade = false
        package var isWebSocket = false

        package init() {}
    }

    /// The head of an answer has come.
    // Always inlined, like the initialiser.
    @inline(__always) package mutating func answerHead(_ answer: Answer) -> HeadAction {
        if answer.status == 101 { return switchProtocol(answer) }
        if answer.status < 200 {
            interims += 1
            // Servers send one or two; one that never stops would never be answered for.
            guard interims < 100 else { return .fail(.garbled) }
            return request.isHTTP10 ? .dropInterim : .relayInterim
        }
        // RFC 9110 9.3.2, 15.3.5, 15.4.5: these have no body, whatever their lengths say.
        let isBodiless = request.isHead || answer.status == 204 || answer.status == 304
        answerBody = BodyReader(isBodiless ? .none : answer.body)
        answerSide = answerBody.isEnded ? .ended : .relaying
        // Servers that refuse an upgrade may have stopped reading HTTP all the same, and would let the next request wait.
        upstreamKeepsAlive = answer.keepsAlive && !request.wantsUpgrade && (isBodiless || answer.body != .untilEnd)
        // RFC 9112 6.3: content where there can be none. If it comes after all, it must not answer the next request.
        if answer.status == 204, answer.body.hasContent { upstreamKeepsAlive = false }
        if requestSide == .sending {
            // Answered early. What the client still sends is nobody's any more, so its connection ends with this.
            requestSide = .dropped
            upstreamKeepsAlive = false
        }
        return .relay(form(answer, isBodiless: isBodiless))
    }

    private mutating func switchProtocol(_ answer: Answer) -> HeadAction {
        // A server that switches without being asked would turn the client's next request into bytes of a tunnel.
        guard request.wantsUpgrade, answer.hasUpgrade, answer.isWebSocket || !request.wantsWebSocket else {
            return .fail(.garbled)
        }
        answerSide = .tunnel
        return .tunnel
    }

    private mutating func form(_ answer: Answer, isBodiless: Bool) -> Form {
        var form = Form()
        form.keepsLength = answer.status != 204
        if !isBodiless, answer.body.isChunked || answer.body == .untilEnd {
            form.keepsLength = false
            form.framing = request.isHTTP10 ? .untilClose : .chunked
        }
        isRechunked = form.framing == .chunked
        if form.framing == .untilClose {
            clientKeepsAlive = false
            endsByClosing = true
        }
        if requestSide == .dropped || clientEnded { clientKeepsAlive = false }
        form.saysClose = !clientKeepsAlive
        form.saysKeepAlive = clientKeepsAlive && request.saysKeepAlive
        return form
    }

    /// Bytes that follow the answer's head. After a bad step the answer must be cut.
    package mutating func answerBytes(_ bytes: inout MutableSpan<UInt8>) -> BodyReader.Step {
        let step = answerBody.take(&bytes)
        if answerBody.isEnded, answerSide == .relaying { answerSide = .ended }
        // More than was announced: nobody can say what those bytes are, so nobody gets them.
        if step.consumed < bytes.count { upstreamKeepsAlive = false }
        return step
    }

    /// How much of the answer may go by unseen: it has a length, and the client is told nothing in between.
    package var unseenAnswer: UInt64 { answerSide == .relaying && !isRechunked ? answerBody.announced : 0 }

    /// `count` bytes of the answer went by.
    package mutating func answerPassed(_ count: Int) {
        answerBody.pass(count)
        if answerBody.isEnded { answerSide = .ended }
    }

    /// Whether the whole answer has been read.
    package var isAnswered: Bool { answerSide == .ended }

    /// The whole answer has been passed on.
    // Always inlined: for a call the whole exchange would be copied.
    @inline(__always) package func ending() -> Ending {
        guard requestBody.isEnded else { return Ending(client: .linger, keepsUpstream: false) }
        return Ending(
            client: clientKeepsAlive ? .keep : .close, keepsUpstream: upstreamKeepsAlive && requestSide == .sent)
    }

    /// The client's connection is not to serve another request: the proxy is stopping.
    package mutating func closeAfterwards() { clientKeepsAlive = false }

    /// An answer is now cut short; whether only a reset can tell the client.
    package var cutNeedsReset: Bool { endsByClosing }
}
