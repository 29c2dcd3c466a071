internal import OrreryWire

/// One connection of whoever runs the proxy. Requests are read one at a time: the next one waits until the answer to the
/// last has left, so a connection holds one request and one answer, whatever is sent.
final class ControlConnection {
    let descriptor: CInt
    /// When it is closed if nothing more happens.
    private(set) var deadline: UInt64
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var sent = 0
    private var reader: ControlReader
    private var stage = Stage.open

    private enum Stage {
        case open
        /// The connection ends with the answer that goes out.
        case last
        /// All is said. What still comes is thrown away, so that no reset overtakes the answer.
        case lingering
    }

    /// For a whole request and its answer, and between two, in milliseconds.
    private let patience: UInt64
    private static let linger: UInt64 = 2_000
    /// How many things it does before others have their turn.
    private static let turn = 64

    init(_ descriptor: CInt, bodyLimit: Int, patience: UInt64, now: Moment) {
        self.descriptor = descriptor
        self.patience = patience
        deadline = now.monotonic + patience
        reader = ControlReader(bodyLimit: bodyLimit)
    }

    enum Progress {
        case waits
        /// It has had its turn and could go on.
        case hasMore
        case over
    }

    /// Does what can be done now, a turn's worth of it.
    func serve(_ service: any ControlService, _ now: Moment, _ kernel: inout LinuxKernel) -> Progress {
        guard flush(now, &kernel) else { return .over }
        var buffer = Buffer(capacity: 64 << 10)
        for _ in 0..<Self.turn {
            // While an answer waits nothing is read, so that who does not read is not written for either.
            guard output.isEmpty else { return .waits }
            if answerNext(service, now) {
                guard flush(now, &kernel) else { return .over }
                continue
            }
            buffer.reset()
            switch buffer.receive(from: descriptor, through: &kernel) {
            case .blocked: return .waits
            case .ended, .failed: return .over
            case .bytes where stage == .lingering: continue
            case .bytes: buffer.read { bytes in for index in 0..<bytes.count { input.append(bytes[index]) } }
            }
        }
        return .hasMore
    }

    /// Whether there was something to say.
    private func answerNext(_ service: any ControlService, _ now: Moment) -> Bool {
        guard stage == .open, !input.isEmpty else { return false }
        switch reader.read(&input, service) {
        case .incomplete: return false
        case .wantsBody: output.append(contentsOf: "HTTP/1.1 100 Continue\r\n\r\n".utf8)
        case .answer(let answer, let isHead, let keepsAlive):
            deadline = now.monotonic + patience
            if !keepsAlive { stage = .last }
            write(answer, isHead: isHead, now)
        }
        return true
    }

    private func write(_ answer: ControlInterface.Answer, isHead: Bool, _ now: Moment) {
        var head = "HTTP/1.1 \(Self.line(answer.status))\r\nDate: \(HTTPDate.text(now.wall / 1000))\r\n"
        for line in answer.lines { head += line + "\r\n" }
        if let type = answer.type { head += "Content-Type: \(type)\r\n" }
        if answer.status != 204 { head += "Content-Length: \(answer.body.count)\r\n" }
        head +=
            stage == .open
            ? "Connection: keep-alive\r\nKeep-Alive: timeout=\(patience / 1000)\r\n" : "Connection: close\r\n"
        output.append(contentsOf: (head + "\r\n").utf8)
        if !isHead { output.append(contentsOf: answer.body) }
    }

    /// Sends what the kernel takes. False when the connection is to be closed.
    private func flush(_ now: Moment, _ kernel: inout LinuxKernel) -> Bool {
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
        guard stage == .last else { return true }
        stage = .lingering
        input = []
        deadline = now.monotonic + Self.linger
        kernel.shutDownSending(descriptor)
        return true
    }

    private static func line(_ status: Int) -> String {
        switch status {
        case 201: "201 Created"
        case 204: "204 No Content"
        case 409: "409 Conflict"
        default: "\(StatusPage.line(status))"
        }
    }
}
