internal import OrreryWire

/// One connection to the REST interface: reads whole requests, at most a body's limit of them, and writes whole answers.
final class ControlConnection {
    let descriptor: CInt
    /// When it is closed if nothing more happens.
    private(set) var deadline: UInt64
    private let bodyLimit: Int
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var sent = 0
    private var ends = false

    /// For a whole request, and between two.
    static let patience: UInt64 = 75_000

    init(_ descriptor: CInt, bodyLimit: Int, deadline: UInt64) {
        self.descriptor = descriptor
        self.bodyLimit = bodyLimit
        self.deadline = deadline
    }

    /// Does what can be done now. False when the connection is to be closed.
    func serve(
        _ readiness: Readiness, _ interface: any ControlService, _ now: Moment, _ kernel: inout LinuxKernel
    ) -> Bool {
        guard flush(&kernel) else { return false }
        var buffer = Buffer(capacity: 64 << 10)
        while output.isEmpty, !ends {
            buffer.reset()
            switch buffer.receive(from: descriptor, through: &kernel) {
            case .blocked: return true
            case .ended, .failed: return false
            case .bytes: buffer.read { bytes in for index in 0..<bytes.count { input.append(bytes[index]) } }
            }
            answerAll(interface, now)
            guard flush(&kernel) else { return false }
        }
        return !(ends && output.isEmpty)
    }

    private func flush(_ kernel: inout LinuxKernel) -> Bool {
        while sent < output.count {
            let outcome = unsafe output.withUnsafeBytes { bytes in
                // Inside the array, which lives as long as this call; `sent` is below its count.
                unsafe bytes.baseAddress.map {
                    unsafe kernel.send(descriptor, from: $0 + sent, count: bytes.count - sent)
                }
            }
            switch outcome {
            case .bytes(let count): sent += count
            case .blocked: return true
            case .ended, .failed, nil: return false
            }
        }
        output = []
        sent = 0
        return !ends
    }

    // MARK: Requests

    private func answerAll(_ interface: any ControlService, _ now: Moment) {
        while !input.isEmpty, !ends {
            var head = RequestHead()
            switch head.parse(input.span, limits: HeadLimits()) {
            case .incomplete: return
            case .bad(let fault): return refuse(fault.status)
            case .complete: break
            }
            guard let (body, length) = body(of: head) else { return }
            let request = request(head, body)
            input.removeFirst(length)
            deadline = now.monotonic + Self.patience
            ends = !head.keepsAlive
            write(interface.answer(request), isHead: head.method == .head)
        }
    }

    /// The body, and how many bytes head and body have. Nil when it has not all come yet, or is refused.
    private func body(of head: RequestHead) -> (body: [UInt8], length: Int)? {
        if case .length(let length) = head.body, length > UInt64(bodyLimit) {
            refuse(413)
            return nil
        }
        var reader = BodyReader(head.body)
        var bytes = Array(input[head.length...])
        var span = bytes.mutableSpan
        let step = reader.take(&span)
        guard !step.isBad else {
            refuse(400)
            return nil
        }
        guard reader.isEnded else {
            if bytes.count > bodyLimit { refuse(413) }
            return nil
        }
        return (Array(bytes[step.offset..<step.offset + step.count]), head.length + step.consumed)
    }

    private func request(_ head: RequestHead, _ body: [UInt8]) -> ControlInterface.Request {
        var request = ControlInterface.Request(
            method: text(head.methodName), path: text(head.path), query: text(head.query), body: body)
        for index in 0..<head.fields.markCount where head.fields.mark(index).name == .authorization {
            request.authorization = text(head.fields.mark(index).value)
        }
        return request
    }

    private func text(_ slice: Slice) -> String { String(decoding: input[slice.range], as: UTF8.self) }

    // MARK: Answers

    private func refuse(_ status: Int) {
        input = []
        ends = true
        write(.text(status, "\(StatusPage.line(status))"), isHead: false)
    }

    private func write(_ answer: ControlInterface.Answer, isHead: Bool) {
        var head = "HTTP/1.1 \(Self.line(answer.status))\r\n"
        if let type = answer.type { head += "Content-Type: \(type)\r\n" }
        if answer.status != 204 { head += "Content-Length: \(answer.body.count)\r\n" }
        if ends { head += "Connection: close\r\n" }
        output.append(contentsOf: (head + "\r\n").utf8)
        if !isHead { output.append(contentsOf: answer.body) }
    }

    private static func line(_ status: Int) -> String {
        switch status {
        case 201: "201 Created"
        case 204: "204 No Content"
        default: "\(StatusPage.line(status))"
        }
    }
}
