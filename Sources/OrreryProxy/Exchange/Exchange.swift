package import OrreryWire

/// One request and its answer, as a machine that decides and does nothing: no socket, no clock, no bytes of its own.
///
/// The worker tells it what happened and does what it answers. So every corner of the protocol, an early answer, a
/// client that leaves, a server that dies, is a test without a socket.
package struct Exchange: ~Copyable {
    /// What the head of the request says about how it must be answered.
    package struct Request: Sendable {
        package var isHead = false
        package var isHTTP10 = false
        package var keepsAlive = true
        /// The client said so itself, so it is told so in turn.
        package var saysKeepAlive = false
        package var wantsUpgrade = false
        /// The only protocol it would leave HTTP for is WebSocket.
        package var wantsWebSocket = false
        package var isRepeatable = false

        package init() {}
    }

    enum RequestSide: UInt8 {
        case sending, sent
        /// The rest of the body will not be sent on: the upstream has answered, or does not take it.
        case dropped
    }

    enum AnswerSide: UInt8 {
        case awaited
        /// Some bytes of a head have come: it is too late to ask anybody else.
        case begun
        case relaying, ended, tunnel
    }

    let request: Request
    let hasBody: Bool
    /// The request's body comes in chunks, so it goes on in chunks of ours.
    let isRequestChunked: Bool
    var requestSide: RequestSide
    var answerSide: AnswerSide = .awaited
    /// How many answers before the answer there were.
    var interims: UInt8 = 0
    /// How many agents have refused it and left it to another.
    var refusals: UInt8 = 0
    var requestBody: BodyReader
    var answerBody = BodyReader(.none)
    var isReused = false
    var hasRetried = false
    var clientKeepsAlive: Bool
    var upstreamKeepsAlive = false
    var clientEnded = false
    var upstreamEnded = false
    /// The answer ends only with the connection, so that cutting it must not look like its end.
    var endsByClosing = false
    /// The client is sent the answer in chunks of ours.
    package internal(set) var isRechunked = false

    // Always inlined, as is what makes a `Request` of a head: else each of their flags is put into a word and taken out
    // again, on both sides of the call.
    @inline(__always) package init(_ request: Request, body: BodyFraming = .none) {
        self.request = request
        requestBody = BodyReader(body)
        hasBody = !body.isNone
        isRequestChunked = body.isChunked
        requestSide = body.isNone ? .sent : .sending
        clientKeepsAlive = request.keepsAlive && !request.wantsUpgrade
    }

    /// Whether the client's body is still to be read.
    package var wantsRequestBody: Bool { requestSide == .sending }
    /// Whether nothing of an answer has been passed to the client, so that we may still write one of our own.
    package var isUnanswered: Bool {
        // Always inlined: for a call the whole exchange would be copied.
        @inline(__always) get { answerSide == .awaited || answerSide == .begun }
    }
    package var isTunnel: Bool { answerSide == .tunnel }
    /// Whether all of the request has been read, so that the connection could serve another one.
    package var hasWholeRequest: Bool { requestBody.isEnded }
    package var hasClientEnded: Bool { clientEnded }
}

extension Exchange {
    /// Why an upstream gave no answer, and the status that says so.
    package enum Failure: Equatable, Sendable {
        case unreachable, timedOut, garbled, closedEarly
        /// It could not prove that it is who it should be, or speaks no TLS that we do.
        case insecure

        package var status: Int {
            switch self {
            case .unreachable: 503
            case .timedOut: 504
            case .garbled, .closedEarly, .insecure: 502
            }
        }
    }

    /// How an answer is framed towards the client, and what is said about the connection.
    package struct Form: Equatable, Sendable {
        package enum Framing: Equatable, Sendable {
            /// Without a body, or with the length the upstream has given.
            case asGiven
            case chunked, untilClose
        }

        package var framing: Framing = .asGiven
        package var saysClose = false
        package var saysKeepAlive = false
        /// A length in the head describes what is sent, or for HEAD and 304 what would be.
        package var keepsLength = true

        package init() {}
    }

    package enum HeadAction: Equatable, Sendable {
        /// An answer before the answer (1xx): relay it, and await the real one.
        case relayInterim
        case dropInterim
        case relay(Form)
        /// Both sides have agreed to leave HTTP: relay the head, and bytes from then on.
        case tunnel
        case fail(Failure)
    }

    /// What to do with both connections once the answer is complete.
    package struct Ending: Equatable, Sendable {
        package enum Client: Equatable, Sendable { case keep, close, linger }
        package var client: Client
        package var keepsUpstream: Bool

        package init(client: Client, keepsUpstream: Bool) {
            self.client = client
            self.keepsUpstream = keepsUpstream
        }
    }

    package enum ClientAction: Equatable, Sendable {
        case carryOn
        /// Nobody waits for the answer any more, or the request never becomes whole: drop both connections.
        case abort
        /// Pass on that no more bytes come.
        case shutDownUpstream
        case closeBoth
    }

    package enum UpstreamAction: Equatable, Sendable {
        /// The answer was to end so.
        case finish
        /// The connection was kept from an earlier request and closed before it took this one: ask once more.
        case retry
        case fail(Failure)
        /// The answer is cut short: the client must see that it is. With `reset`, only an error can tell.
        case abort(reset: Bool)
        case shutDownClient
        case closeBoth
    }
}

extension Exchange {
    /// Bytes that follow the request's head. A bad step has to be answered with 400 if `isUnanswered`, else cut.
    package mutating func requestBytes(_ bytes: inout MutableSpan<UInt8>) -> BodyReader.Step {
        let step = requestBody.take(&bytes)
        if requestBody.isEnded, requestSide == .sending { requestSide = .sent }
        return step
    }

    /// How much of the request's body may go by unseen.
    package var unseenRequest: UInt64 { requestSide == .sending ? requestBody.announced : 0 }

    /// `count` bytes of the request's body went by.
    package mutating func requestPassed(_ count: Int) {
        requestBody.pass(count)
        if requestBody.isEnded, requestSide == .sending { requestSide = .sent }
    }

    /// A connection to the upstream was found or is being made.
    package mutating func upstreamChosen(isReused: Bool) { self.isReused = isReused }

    /// The first bytes of the answer have come.
    package mutating func answerBegan() {
        if answerSide == .awaited { answerSide = .begun }
    }

    /// The upstream takes no more of the request. It may have answered before it closed, so its answer is still read.
    package mutating func upstreamRefusesBody() {
        requestSide = .dropped
        upstreamKeepsAlive = false
    }

    /// The client ended its half.
    package mutating func clientDidEnd() -> ClientAction {
        clientEnded = true
        clientKeepsAlive = false
        if answerSide == .tunnel { return upstreamEnded ? .closeBoth : .shutDownUpstream }
        // A client may close its half and still wait for the answer; but a request cut short is none.
        return requestBody.isEnded || requestSide == .dropped ? .carryOn : .abort
    }

    /// The upstream ended its half, `inOrder` or with an error.
    package mutating func upstreamDidEnd(inOrder: Bool) -> UpstreamAction {
        upstreamKeepsAlive = false
        switch answerSide {
        case .awaited:
            guard isReused, !hasRetried, request.isRepeatable else { return .fail(.closedEarly) }
            hasRetried = true
            return .retry
        case .begun: return .fail(.closedEarly)
        case .relaying:
            if inOrder, answerBody.end() {
                answerSide = .ended
                return .finish
            }
            return .abort(reset: endsByClosing)
        case .tunnel:
            upstreamEnded = true
            return !inOrder || clientEnded ? .closeBoth : .shutDownClient
        case .ended: return .finish
        }
    }
}
