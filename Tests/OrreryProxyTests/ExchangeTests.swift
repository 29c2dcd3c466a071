import OrreryWire
import Testing

@testable import OrreryProxy

/// Every corner of a request and its answer, without a socket.
struct ExchangeTests {
    @Test func aPlainRequestKeepsBothConnections() {
        var exchange = Exchange(Exchange.Request())
        #expect(!exchange.wantsRequestBody && exchange.hasWholeRequest)
        exchange.upstreamChosen(isReused: false)
        exchange.answerBegan()
        #expect(exchange.head(200, .length(2)) == .relay(Exchange.Form()))
        #expect(exchange.body("ok") == BodyReader.Step(count: 2, consumed: 2))
        #expect(exchange.isAnswered == true)
        #expect(exchange.ending() == Exchange.Ending(client: .keep, keepsUpstream: true))
    }

    // MARK: The end of the body

    @Test(arguments: [(true, 200), (false, 204), (false, 304)])
    func someAnswersHaveNoBodyWhateverTheySay(_ isHead: Bool, _ status: Int) {
        var request = Exchange.Request()
        request.isHead = isHead
        for body in [BodyFraming.length(10), .chunked, .untilEnd] {
            var exchange = Exchange(request)
            guard case .relay(let form) = exchange.head(status, body) else { return _ = Issue.record("not relayed") }
            #expect(form.framing == .asGiven && form.keepsLength == (status != 204))
            #expect(exchange.isAnswered == true)
            // Where there can be no content at all, what announces some may send it after all.
            let keepsUpstream = status != 204 || body == .untilEnd
            #expect(exchange.ending() == Exchange.Ending(client: .keep, keepsUpstream: keepsUpstream))
        }
    }

    @Test func anAnswerWithoutLengthIsSentInChunksAndItsConnectionIsNotKept() {
        var exchange = Exchange(Exchange.Request())
        guard case .relay(let form) = exchange.head(200, .untilEnd) else { return _ = Issue.record("not relayed") }
        #expect(form.framing == .chunked && !form.saysClose && !form.keepsLength)
        #expect(exchange.isRechunked == true)
        _ = exchange.body("some")
        #expect(exchange.isAnswered == false)
        #expect(exchange.upstreamDidEnd(inOrder: true) == .finish)
        #expect(exchange.ending() == Exchange.Ending(client: .keep, keepsUpstream: false))
    }

    @Test func anOldClientGetsAnAnswerWithoutLengthUntilItsConnectionCloses() {
        var request = Exchange.Request()
        (request.isHTTP10, request.saysKeepAlive) = (true, true)
        for body in [BodyFraming.chunked, .untilEnd] {
            var exchange = Exchange(request)
            guard case .relay(let form) = exchange.head(200, body) else { return _ = Issue.record("not relayed") }
            #expect(form.framing == .untilClose && form.saysClose && !form.saysKeepAlive)
            // Only a reset tells a cut answer from a whole one here.
            #expect(exchange.upstreamDidEnd(inOrder: false) == .abort(reset: true))
        }
        var exchange = Exchange(request)
        guard case .relay(let form) = exchange.head(200, .length(1)) else { return _ = Issue.record("not relayed") }
        #expect(form.saysKeepAlive && !form.saysClose)
    }

    @Test(arguments: [BodyFraming.length(10), .chunked])
    func anAnswerCutShortIsCutForTheClientToo(_ body: BodyFraming) {
        for inOrder in [true, false] {
            var exchange = Exchange(Exchange.Request())
            _ = exchange.head(200, body)
            #expect(exchange.upstreamDidEnd(inOrder: inOrder) == .abort(reset: false))
        }
    }

    @Test func moreThanWasAnnouncedSpoilsTheConnection() {
        var exchange = Exchange(Exchange.Request())
        _ = exchange.head(200, .length(2))
        #expect(exchange.body("ok!") == BodyReader.Step(count: 2, consumed: 2))
        #expect(exchange.ending() == Exchange.Ending(client: .keep, keepsUpstream: false))
    }

    @Test func whoeverSaysCloseIsHeard() {
        var request = Exchange.Request()
        request.keepsAlive = false
        var exchange = Exchange(request)
        guard case .relay(let form) = exchange.head(200, .none) else { return _ = Issue.record("not relayed") }
        #expect(form.saysClose)
        #expect(exchange.ending() == Exchange.Ending(client: .close, keepsUpstream: true))
        var other = Exchange(Exchange.Request())
        _ = other.head(200, .none, keepsAlive: false)
        #expect(other.ending() == Exchange.Ending(client: .keep, keepsUpstream: false))
    }

    // MARK: Before the answer

    @Test func answersBeforeTheAnswerAreRelayedToWhomUnderstandsThem() {
        var exchange = upload()
        exchange.answerBegan()
        #expect(exchange.head(100, .untilEnd) == .relayInterim)
        #expect(exchange.head(103, .untilEnd) == .relayInterim)
        #expect(exchange.isUnanswered && exchange.wantsRequestBody)
        var old = Exchange.Request()
        old.isHTTP10 = true
        var oldExchange = Exchange(old)
        #expect(oldExchange.head(100, .untilEnd) == .dropInterim)
    }

    @Test func anUpstreamThatNeverComesToThePointIsGivenUp() {
        var exchange = Exchange(Exchange.Request())
        for _ in 1..<100 { #expect(exchange.head(103, .untilEnd) == .relayInterim) }
        #expect(exchange.head(103, .untilEnd) == .fail(.garbled))
    }

    @Test func anEarlyAnswerEndsTheUpload() {
        var exchange = upload(10)
        _ = exchange.request("123")
        exchange.answerBegan()
        guard case .relay(let form) = exchange.head(413, .none) else { return _ = Issue.record("not relayed") }
        #expect(form.saysClose)
        #expect(exchange.wantsRequestBody == false)
        // The client still sends: its connection lingers, lest a reset overtake the answer.
        #expect(exchange.ending() == Exchange.Ending(client: .linger, keepsUpstream: false))
    }

    @Test func anAnswerRightAfterTheLastByteIsNotEarly() {
        var exchange = upload(3)
        #expect(exchange.request("123").consumed == 3)
        guard case .relay(let form) = exchange.head(200, .none) else { return _ = Issue.record("not relayed") }
        #expect(!form.saysClose)
        #expect(exchange.ending() == Exchange.Ending(client: .keep, keepsUpstream: true))
    }

    @Test func anUpstreamThatTakesNoMoreMayStillAnswer() {
        var exchange = upload()
        exchange.upstreamRefusesBody()
        #expect(exchange.wantsRequestBody == false)
        guard case .relay = exchange.head(413, .length(1)) else { return _ = Issue.record("not relayed") }
        _ = exchange.body("x")
        #expect(exchange.ending() == Exchange.Ending(client: .linger, keepsUpstream: false))
        var silent = upload()
        silent.upstreamRefusesBody()
        #expect(silent.upstreamDidEnd(inOrder: true) == .fail(.closedEarly))
    }

    // MARK: Somebody leaves

    @Test func aKeptConnectionThatDiedIsAskedAgainOnce() {
        var request = Exchange.Request()
        request.isRepeatable = true
        var exchange = Exchange(request)
        exchange.upstreamChosen(isReused: true)
        #expect(exchange.upstreamDidEnd(inOrder: true) == .retry)
        exchange.upstreamChosen(isReused: true)
        #expect(exchange.upstreamDidEnd(inOrder: true) == .fail(.closedEarly))
    }

    @Test func nothingIsAskedAgainThatMayHaveHappened() {
        var request = Exchange.Request()
        request.isRepeatable = true
        var fresh = Exchange(request)
        fresh.upstreamChosen(isReused: false)
        #expect(fresh.upstreamDidEnd(inOrder: true) == .fail(.closedEarly))
        var begun = Exchange(request)
        begun.upstreamChosen(isReused: true)
        begun.answerBegan()
        #expect(begun.upstreamDidEnd(inOrder: false) == .fail(.closedEarly))
        var post = upload()
        post.upstreamChosen(isReused: true)
        #expect(post.upstreamDidEnd(inOrder: false) == .fail(.closedEarly))
    }

    @Test func aClientThatLeavesDuringItsUploadTakesTheUpstreamAlong() {
        var exchange = upload()
        #expect(exchange.clientDidEnd() == .abort)
    }

    @Test func aClientMayCloseItsHalfAndStillGetItsAnswer() {
        var exchange = Exchange(Exchange.Request())
        #expect(exchange.clientDidEnd() == .carryOn)
        guard case .relay(let form) = exchange.head(200, .none) else { return _ = Issue.record("not relayed") }
        #expect(form.saysClose)
        #expect(exchange.ending() == Exchange.Ending(client: .close, keepsUpstream: true))
    }

    // MARK: Leaving HTTP

    @Test func aTunnelEndsOneHalfAfterTheOther() {
        var exchange = Exchange(upgrade())
        #expect(exchange.head(101, .untilEnd, hasUpgrade: true) == .tunnel)
        #expect(exchange.isTunnel && !exchange.isUnanswered && !exchange.isAnswered)
        #expect(exchange.clientDidEnd() == .shutDownUpstream)
        #expect(exchange.upstreamDidEnd(inOrder: true) == .closeBoth)
        var other = Exchange(upgrade())
        _ = other.head(101, .untilEnd, hasUpgrade: true)
        #expect(other.upstreamDidEnd(inOrder: true) == .shutDownClient)
        #expect(other.clientDidEnd() == .closeBoth)
        var broken = Exchange(upgrade())
        _ = broken.head(101, .untilEnd, hasUpgrade: true)
        #expect(broken.upstreamDidEnd(inOrder: false) == .closeBoth)
    }

    @Test func nobodySwitchesUnasked() {
        var exchange = Exchange(Exchange.Request())
        #expect(exchange.head(101, .untilEnd, hasUpgrade: true) == .fail(.garbled))
        var mute = Exchange(upgrade())
        #expect(mute.head(101, .untilEnd, hasUpgrade: false) == .fail(.garbled))
        var request = upgrade()
        request.wantsWebSocket = true
        var other = Exchange(request)
        #expect(other.head(101, .untilEnd, hasUpgrade: true) == .fail(.garbled), "another protocol than was offered")
    }

    @Test func aRefusedUpgradeIsAnAnswerAndTheLast() {
        var exchange = Exchange(upgrade())
        guard case .relay(let form) = exchange.head(403, .length(2)) else { return _ = Issue.record("not relayed") }
        // The client may have sent bytes of the other protocol already: they must not be read as a request.
        #expect(form.saysClose)
        _ = exchange.body("no")
        #expect(exchange.ending() == Exchange.Ending(client: .close, keepsUpstream: false))
    }

    private func upload(_ length: UInt64 = 100) -> Exchange {
        Exchange(Exchange.Request(), body: .length(length))
    }

    private func upgrade() -> Exchange.Request {
        var request = Exchange.Request()
        request.wantsUpgrade = true
        return request
    }
}

extension Exchange {
    fileprivate mutating func head(
        _ status: Int, _ body: BodyFraming, keepsAlive: Bool = true, hasUpgrade: Bool = false
    ) -> HeadAction {
        var answer = Answer()
        (answer.status, answer.body, answer.keepsAlive, answer.hasUpgrade) = (status, body, keepsAlive, hasUpgrade)
        return answerHead(answer)
    }

    fileprivate mutating func body(_ text: String) -> BodyReader.Step {
        var bytes = Array(text.utf8)
        var span = bytes.mutableSpan
        return answerBytes(&span)
    }

    fileprivate mutating func request(_ text: String) -> BodyReader.Step {
        var bytes = Array(text.utf8)
        var span = bytes.mutableSpan
        return requestBytes(&span)
    }
}
