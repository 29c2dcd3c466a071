import OrreryLink
import OrreryModel
import OrreryWire
import Synchronization

/// The proxy's end of one connection that an agent has made: TLS by our own engine, bytes by blocking calls.
///
/// Concurrency: belongs to one thread at a time.
final class ProxyEnd: @unchecked Sendable {
    private let stream: Stream
    private let engine = TLSEngine()
    private let tls: TLSStream
    private var understood: [UInt8] = []
    private var reader = FrameReader()
    private(set) var isDone = false
    private(set) var failure: TLSFailure?

    /// Shakes hands; `isDone` says whether that went well.
    init(_ stream: Stream, _ context: TLSContext) {
        self.stream = stream
        tls = engine.accept(context) ?? TLSStream()
        while !isDone, failure == nil, fill() {}
    }

    var agreedProtocol: String { tls.agreedProtocol }
    var peerPublicKey: [UInt8]? { tls.peerPublicKey }
    /// The agent has said that it sends no more.
    var hasEnded: Bool { tls.hasEnded }

    @discardableResult func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            var plain = Buffer(capacity: 64 << 10)
            plain.append(Array(rest.prefix(64 << 10)).span)
            rest = rest.dropFirst(64 << 10)
            var sealed = Buffer(capacity: TLSEngine.sealedSize(plain.count))
            guard engine.seal(tls, plain, into: &sealed), stream.send(Self.bytes(sealed)) else { return false }
        }
        return true
    }

    @discardableResult func send(_ text: String) -> Bool { send(Array(text.utf8)) }
    @discardableResult func send(_ frame: ControlFrame) -> Bool { send(frame.encode()) }

    /// Exactly `count` bytes, or fewer when they end.
    func receive(_ count: Int) -> [UInt8] {
        while understood.count < count, fill() {}
        defer { understood.removeFirst(min(count, understood.count)) }
        return Array(understood.prefix(count))
    }

    func text(_ count: Int) -> String { String(decoding: receive(count), as: UTF8.self) }

    /// All that comes up to the end.
    func all() -> [UInt8] {
        while fill() {}
        defer { understood = [] }
        return understood
    }

    /// The next message; nil when the connection ends before.
    func frame() -> ControlFrame? {
        while true {
            if let frame = try? reader.next() { return frame }
            if understood.isEmpty { guard fill() else { return nil } }
            reader.take(understood)
            understood = []
        }
    }

    /// The next message of this type.
    func frame(_ type: String) -> ControlFrame? {
        while let next = frame() { if next.type == type { return next } }
        return nil
    }

    /// The answer to a hand-off.
    func answer() -> HandoffAnswer? {
        while true {
            if let (answer, count) = (try? HandoffAnswer.read(understood)) ?? nil {
                understood.removeFirst(count)
                return answer
            }
            guard fill() else { return nil }
        }
    }

    /// Why a hand-off was refused; nil when it was not.
    func refusal() -> HandoffAnswer.Code? {
        guard case .refused(let code, let say) = answer(), !say.isEmpty else { return nil }
        return code
    }

    /// Whether the agent ends the connection with nothing more said; `inOrder` when TLS says so.
    func ends() -> Bool {
        while fill() {}
        return understood.isEmpty
    }

    /// Says that we send no more.
    func end() {
        engine.end(tls)
        sendReplies()
    }

    func shutDown() { stream.shutDown() }
    func reset() { stream.resetWhenClosed() }

    /// Receives once. False at the end.
    private func fill() -> Bool {
        guard !isDone || !tls.hasEnded, let bytes = stream.receive(TLSEngine.portion), !bytes.isEmpty else {
            return false
        }
        engine.received.reset()
        engine.received.append(bytes.span)
        if !isDone { shake() }
        guard isDone else { return failure == nil }
        var plain = Buffer(capacity: 128 << 10)
        let opening = engine.open(tls, into: &plain)
        understood += Self.bytes(plain)
        sendReplies()
        return opening == .open || !plain.isEmpty
    }

    private func shake() {
        switch engine.shakeHands(tls) {
        case .waits: break
        case .done: isDone = true
        case .failed(let reason): failure = reason
        }
        sendReplies()
    }

    private func sendReplies() {
        stream.send(Self.bytes(engine.replies))
        engine.replies.reset()
    }

    private static func bytes(_ buffer: borrowing Buffer) -> [UInt8] {
        // The span is the buffer's own, for as long as this runs.
        buffer.read { bytes in unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) } }
    }
}
