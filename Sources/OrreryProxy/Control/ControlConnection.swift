internal import OrreryWire

/// One connection of whoever runs the proxy. Requests are read one at a time: the next one waits until the answer to the
/// last has left, so a connection holds one request and one answer, whatever is sent.
final class ControlConnection {
    private var channel: ControlChannel
    /// When it is closed if nothing more happens.
    private(set) var deadline: UInt64
    private var input: [UInt8] = []
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

    init(_ channel: consuming ControlChannel, bodyLimit: Int, patience: UInt64, now: Moment) {
        self.channel = channel
        self.patience = patience
        deadline = now.monotonic + patience
        reader = ControlReader(bodyLimit: bodyLimit)
    }

    var descriptor: CInt { channel.descriptor }

    enum Progress {
        case waits
        /// It has had its turn and could go on.
        case hasMore
        case over
    }

    /// Does what can be done now, a turn's worth of it.
    func serve(_ service: any ControlService, _ now: Moment, _ kernel: inout LinuxKernel) -> Progress {
        for _ in 0..<Self.turn {
            // While an answer waits nothing is read, so that who does not read is not written for either.
            switch flush(now, &kernel) {
            case .all: break
            case .blocked: return .waits
            case .broken: return .over
            }
            if answerNext(service, now) { continue }
            switch channel.receive(into: &input, through: &kernel) {
            case .blocked: return .waits
            case .ended, .failed:
                guard stage == .open, channel.failure != nil else { return .over }
                giveUpTLS()
            case .bytes: if stage == .lingering { input = [] }
            }
        }
        return .hasMore
    }

    /// Why there was no TLS with the other side; nil when there was, or it is not known yet.
    private(set) var failure: TLSFailure?

    /// The other side hears of it, if it speaks HTTP without TLS, and is done with.
    private func giveUpTLS() {
        failure = channel.failure
        stage = .last
        guard failure?.kind == .plainHTTP else { return }
        channel.dropSecurity()
        channel.queue(
            Array("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8))
    }

    /// Whether there was something to say.
    private func answerNext(_ service: any ControlService, _ now: Moment) -> Bool {
        guard stage == .open, !input.isEmpty else { return false }
        switch reader.read(&input, service) {
        case .incomplete: return false
        case .wantsBody: channel.queue(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
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
        channel.queue(Array((head + "\r\n").utf8))
        if !isHead { channel.queue(answer.body) }
    }

    /// Sends what the kernel takes, and goes on to the end when the last has been said.
    private func flush(_ now: Moment, _ kernel: inout LinuxKernel) -> ControlChannel.Flushed {
        let outcome = channel.flush(through: &kernel)
        guard outcome == .all, stage == .last else { return outcome }
        stage = .lingering
        input = []
        deadline = now.monotonic + Self.linger
        channel.endSending(through: &kernel)
        return .all
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
