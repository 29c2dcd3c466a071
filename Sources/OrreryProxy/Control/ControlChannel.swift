internal import OrreryWire

/// The bytes of one connection of whoever runs the proxy, in the clear or in TLS.
///
/// Concurrency: belongs to the thread of its engine.
struct ControlChannel: ~Copyable {
    /// TLS of all connections of one thread.
    final class Security {
        let engine = TLSEngine()
    }

    let descriptor: CInt
    private var security: Security?
    private var stream: TLSStream
    /// What is still to be sent: so far as it is plaintext, and what has become ciphertext.
    private var plain: [UInt8] = []
    private var taken = 0
    private var sealed = Buffer(capacity: 0)
    /// Why there is no TLS with the other side, until somebody asks.
    private(set) var failure: TLSFailure?

    /// In the clear.
    init(_ descriptor: CInt) {
        self.descriptor = descriptor
        stream = TLSStream()
    }

    /// In TLS. Nil when memory is out.
    init?(_ descriptor: CInt, _ context: TLSContext, _ security: Security) {
        guard let stream = security.engine.accept(context) else { return nil }
        self.descriptor = descriptor
        self.security = security
        self.stream = stream
    }

    // MARK: Receiving

    /// Receives once, to the end of `bytes`. `.bytes(0)` is something that was for TLS alone.
    mutating func receive(into bytes: inout [UInt8], through kernel: inout LinuxKernel) -> Transfer {
        guard let security else {
            var buffer = Buffer(capacity: TLSEngine.portion)
            let outcome = buffer.receive(from: descriptor, through: &kernel)
            bytes.append(buffer)
            return outcome
        }
        if stream.isEstablished, stream.hasEnded { return .ended }
        let outcome = security.engine.receive(from: descriptor, through: &kernel)
        guard case .bytes = outcome else { return outcome }
        guard stream.isEstablished || shakeHands(security.engine) else { return failure == nil ? .bytes(0) : .ended }
        var plain = Buffer(capacity: TLSEngine.portion + TLSEngine.record + 1)
        let opening = security.engine.open(stream, into: &plain)
        takeReplies(security.engine)
        guard opening != .failed else { return .failed(71) }
        bytes.append(plain)
        return .bytes(plain.count)
    }

    /// Whether the handshake is over.
    private mutating func shakeHands(_ engine: borrowing TLSEngine) -> Bool {
        let outcome = engine.shakeHands(stream)
        takeReplies(engine)
        if case .failed(let reason) = outcome { failure = reason }
        return outcome == .done
    }

    // MARK: Sending

    /// Lets bytes wait for `flush`.
    mutating func queue(_ bytes: [UInt8]) { plain += bytes }

    enum Flushed { case all, blocked, broken }

    /// Sends what the kernel takes.
    mutating func flush(through kernel: inout LinuxKernel) -> Flushed {
        while true {
            while !sealed.isEmpty {
                switch sealed.send(to: descriptor, through: &kernel) {
                case .bytes: continue
                case .blocked: return .blocked
                case .ended, .failed: return .broken
                }
            }
            guard taken < plain.count else { break }
            guard sealNext() else { return .broken }
        }
        plain = []
        taken = 0
        return .all
    }

    /// Makes the next piece of what waits ready to be sent.
    private mutating func sealNext() -> Bool {
        let count = min(plain.count - taken, TLSEngine.portion)
        var piece = Buffer(capacity: count)
        piece.append(plain.span.extracting(taken..<taken + count))
        taken += count
        guard let security else {
            sealed = piece
            return true
        }
        makeRoom(TLSEngine.sealedSize(count))
        return security.engine.seal(stream, piece, into: &sealed)
    }

    /// Ciphertext of TLS's own; it goes behind what waits already.
    private mutating func takeReplies(_ engine: borrowing TLSEngine) {
        let count = engine.replies.count
        guard count > 0 else { return }
        makeRoom(count)
        engine.replies.read { sealed.append($0) }
        engine.replies.reset()
    }

    private mutating func makeRoom(_ count: Int) {
        guard sealed.roomAfter < count else { return }
        var larger = Buffer(capacity: sealed.count + count)
        sealed.read { larger.append($0) }
        sealed = larger
    }

    /// Says that nothing more will be sent.
    mutating func endSending(through kernel: inout LinuxKernel) {
        if let security {
            security.engine.end(stream)
            takeReplies(security.engine)
            _ = flush(through: &kernel)
        }
        kernel.shutDownSending(descriptor)
    }

    /// From now on in the clear: the other side does not speak TLS.
    mutating func dropSecurity() {
        security = nil
        stream = TLSStream()
        failure = nil
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ buffer: borrowing Buffer) {
        buffer.read { bytes in for index in 0..<bytes.count { append(bytes[index]) } }
    }
}
