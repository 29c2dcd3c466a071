internal import OrreryWire

/// Takes the requests of one connection out of its bytes, one after the other.
struct ControlReader {
    private let bodyLimit: Int
    private var pending: Pending?

    /// A request whose head has been read.
    private struct Pending {
        var request: ControlInterface.Request
        var reader: BodyReader
        var isHead: Bool
        var keepsAlive: Bool
        /// The answer, if it does not depend on the body; that is read then, but not kept.
        var refusal: ControlInterface.Answer?
        var count = 0
    }

    enum Outcome {
        case incomplete
        /// The client waits to be told that it may send the body.
        case wantsBody
        case answer(ControlInterface.Answer, isHead: Bool, keepsAlive: Bool)
    }

    init(bodyLimit: Int) { self.bodyLimit = bodyLimit }

    /// Takes the next request, or what is there of it, from the front of `input`.
    mutating func read(_ input: inout [UInt8], _ service: any ControlService) -> Outcome {
        guard pending == nil else { return readBody(&input, service) }
        var head = RequestHead()
        var limits = HeadLimits()
        // Nothing is decided by the host here.
        limits.takesEscapedHosts = true
        switch head.parse(input.span, limits: limits) {
        case .incomplete: return .incomplete
        case .bad(let fault): return refuse(fault.status)
        case .complete: break
        }
        let request = Self.request(head, input)
        input.removeFirst(head.length)
        if case .length(let length) = head.body, length > UInt64(bodyLimit) { return refuse(413) }
        let refusal = service.refusal(of: request)
        pending = Pending(
            request: request, reader: BodyReader(head.body), isHead: head.method == .head, keepsAlive: head.keepsAlive,
            refusal: refusal)
        let mayWait = head.fields.expectsContinue && head.version == .http11 && input.isEmpty && !head.body.isNone
        guard mayWait else { return readBody(&input, service) }
        // RFC 9110 10.1.1: whoever is refused is told now, and need not send the body.
        guard let refusal else { return .wantsBody }
        return conclude(refusal, keepsAlive: false)
    }

    private mutating func readBody(_ input: inout [UInt8], _ service: any ControlService) -> Outcome {
        guard var body = pending else { return .incomplete }
        while !body.reader.isEnded, !input.isEmpty {
            var span = input.mutableSpan
            let step = body.reader.take(&span)
            guard !step.isBad else { return refuse(400) }
            body.count += step.count
            guard body.count <= bodyLimit else { return refuse(413) }
            if body.refusal == nil { body.request.body += input[step.offset..<step.offset + step.count] }
            input.removeFirst(step.consumed)
            guard step.consumed > 0 else { break }
        }
        pending = body
        guard body.reader.isEnded else { return .incomplete }
        return conclude(body.refusal ?? service.answer(body.request), keepsAlive: body.keepsAlive)
    }

    private mutating func conclude(_ answer: ControlInterface.Answer, keepsAlive: Bool) -> Outcome {
        let isHead = pending?.isHead ?? false
        pending = nil
        return .answer(answer, isHead: isHead, keepsAlive: keepsAlive)
    }

    /// Nothing after it can be understood.
    private mutating func refuse(_ status: Int) -> Outcome {
        conclude(.text(status, "\(StatusPage.line(status))"), keepsAlive: false)
    }

    private static func request(_ head: borrowing RequestHead, _ bytes: [UInt8]) -> ControlInterface.Request {
        func text(_ slice: Slice) -> String { String(decoding: bytes[slice.range], as: UTF8.self) }
        var request = ControlInterface.Request(
            method: text(head.methodName), path: text(head.path), query: text(head.query))
        if !head.fields.host.isEmpty { request.host = text(head.fields.host) }
        for index in 0..<head.fields.markCount where head.fields.mark(index).name == .authorization {
            request.authorization = text(head.fields.mark(index).value)
        }
        return request
    }
}
