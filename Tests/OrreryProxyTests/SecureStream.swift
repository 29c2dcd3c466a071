import OrreryWire

@testable import OrreryProxy

/// A blocking connection in TLS, to a proxy that runs.
final class SecureStream {
    private let stream: Stream
    private let engine = TLSEngine()
    private let tls: TLSStream
    private(set) var failure: TLSFailure?
    private(set) var isDone = false
    private var understood: [UInt8] = []

    /// Connects and shakes hands; `failure` says when that fails.
    convenience init(port: UInt16, _ context: TLSContext, name: String = "localhost") throws {
        self.init(try Stream(port: port), context, name: name)
    }

    /// The same over a connection that is there.
    init(_ stream: Stream, _ context: TLSContext, name: String) {
        self.stream = stream
        tls = engine.connect(context, to: name) ?? TLSStream()
        shake()
        while !isDone, failure == nil, fill() {}
    }

    var isResumed: Bool { tls.isResumed }

    @discardableResult func send(_ text: String) -> Bool {
        var plain = Buffer(capacity: text.utf8.count + 1)
        for byte in text.utf8 { plain.append(byte) }
        var sealed = Buffer(capacity: TLSEngine.sealedSize(plain.count))
        return engine.seal(tls, plain, into: &sealed) && stream.send(Self.bytes(sealed))
    }

    @discardableResult func send(_ bytes: [UInt8]) -> Bool {
        var plain = Buffer(capacity: bytes.count + 1)
        plain.append(bytes.span)
        var sealed = Buffer(capacity: TLSEngine.sealedSize(plain.count))
        return engine.seal(tls, plain, into: &sealed) && stream.send(Self.bytes(sealed))
    }

    /// Says that no more comes, and goes on listening.
    func endSending() {
        engine.end(tls)
        sendReplies()
    }

    /// The next bytes, as many as are there; empty at the end.
    func receiveSome() -> [UInt8] {
        while understood.isEmpty, fill() {}
        defer { understood = [] }
        return understood
    }

    /// All that comes up to and with `mark`, or to the end.
    func receive(through mark: String) -> String {
        let mark = Array(mark.utf8)
        var count = mark.count
        while true {
            while count <= understood.count {
                if understood[count - mark.count..<count].elementsEqual(mark) { return take(count) }
                count += 1
            }
            guard fill() else { return take(understood.count) }
        }
    }

    /// An answer with a length: its head and body.
    func answer() -> (head: String, body: String) {
        let head = receive(through: "\r\n\r\n")
        let field = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
        let length = field.flatMap { Int($0.dropFirst(16)) } ?? 0
        while understood.count < length, fill() {}
        return (head, take(min(length, understood.count)))
    }

    /// Whether the other side has ended it in order.
    func endsInOrder() -> Bool {
        while fill() {}
        return tls.hasEnded
    }

    private func take(_ count: Int) -> String {
        defer { understood.removeFirst(count) }
        return String(decoding: understood.prefix(count), as: UTF8.self)
    }

    /// Receives once. False at the end.
    private func fill() -> Bool {
        guard let bytes = stream.receive(TLSEngine.portion), !bytes.isEmpty else { return false }
        engine.received.reset()
        for byte in bytes { engine.received.append(byte) }
        if !isDone { shake() }
        guard isDone else { return failure == nil }
        var plain = Buffer(capacity: 128 << 10)
        guard engine.open(tls, into: &plain) != .failed else { return false }
        understood += Self.bytes(plain)
        sendReplies()
        return true
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
        var bytes: [UInt8] = []
        buffer.read { span in for index in 0..<span.count { bytes.append(span[index]) } }
        return bytes
    }
}
