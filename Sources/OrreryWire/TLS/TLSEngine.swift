internal import COpenSSL

/// TLS of all connections of one thread, as a thing that turns bytes into other bytes: ciphertext in `received` becomes
/// plaintext in a buffer of the caller's, plaintext becomes ciphertext. It knows no socket.
///
/// All connections share one place from which OpenSSL reads and to which it writes, so that a connection costs no memory
/// but OpenSSL's own. Whatever a call leaves of `received` is part of a record and kept by OpenSSL; the caller begins
/// with an empty buffer the next time.
///
/// Concurrency: belongs to one thread.
@safe package struct TLSEngine: ~Copyable {
    /// `received` and `replies`. Behind a pointer, so that a caller may lend us a part of itself while we work.
    private let buffers: UnsafeMutablePointer<Buffer>
    private let wire: UnsafeMutablePointer<orrery_wire>
    private let bio: OpaquePointer

    /// Whether connections can be handed to a kernel that encrypts. Then their records are counted.
    package var lendsKeys = false
    /// Whether we make the records ourselves on connections that send much, of a configuration that `lendsKeys`. A connection
    /// whose other side then wants other keys fails: for links between programs of ours, which never do.
    package var makesOwnRecords = false

    /// How much is received at once, ciphertext or what is to become it: whole records, as many as fit in the largest kept
    /// buffer when they are sealed, or opened behind room for one more. Four of them cost more for a GiB (docs/benchmarks.md).
    package static let portion = 6 * record
    /// The most that one record holds.
    package static let record = 16 << 10

    /// Made once, and never freed: a connection may outlive the engine that made it.
    private static let method = unsafe SharedPointer(orrery_wire_method())

    /// Ciphertext that has come for the connection which is dealt with next.
    package var received: Buffer {
        // Both were initialised by `init` and are ours alone.
        unsafeAddress { unsafe UnsafePointer(buffers) }
        nonmutating unsafeMutableAddress { unsafe buffers }
    }

    /// What TLS itself has to say to the other side: to be sent before anything else, and forgotten.
    package var replies: Buffer {
        unsafeAddress { unsafe UnsafePointer(buffers + 1) }
        nonmutating unsafeMutableAddress { unsafe buffers + 1 }
    }

    package init() {
        unsafe buffers = UnsafeMutablePointer<Buffer>.allocate(capacity: 2)
        unsafe buffers.initialize(to: Buffer(capacity: Self.portion))
        unsafe (buffers + 1).initialize(to: Buffer(capacity: BufferPool.largeCapacity))
        unsafe wire = UnsafeMutablePointer<orrery_wire>.allocate(capacity: 1)
        unsafe wire.initialize(to: orrery_wire())
        guard let method = unsafe Self.method.pointer, let bio = unsafe orrery_wire_bio(method, wire) else {
            fatalError("no memory left for TLS")
        }
        unsafe self.bio = bio
    }

    deinit {
        unsafe BIO_free(bio)
        unsafe wire.deallocate()
        unsafe buffers.deinitialize(count: 2)
        unsafe buffers.deallocate()
    }

    /// Begins with an empty `received` and receives at most `limit` bytes into it.
    package func receive(
        from descriptor: CInt, limit: Int = Self.portion, through kernel: inout some Kernel
    ) -> Transfer {
        received.reset()
        return received.receive(from: descriptor, limit: limit, through: &kernel)
    }

    /// Sends what the kernel takes of `replies`, and forgets the rest.
    package func sendReplies(to descriptor: CInt, through kernel: inout some Kernel) {
        if !replies.isEmpty { _ = replies.send(to: descriptor, through: &kernel) }
        replies.reset()
    }

    /// A connection that a client has made to us. Nil when memory is out.
    package func accept(_ context: TLSContext) -> TLSStream? {
        guard let stream = stream(context) else { return nil }
        unsafe SSL_set_accept_state(stream.ssl)
        return stream
    }

    /// A connection that we make to the server `name`: a host name or an address. Nil when memory is out, or when that
    /// cannot be a server's name.
    package func connect(_ context: TLSContext, to name: String) -> TLSStream? {
        guard let stream = stream(context), context.prepare(stream, for: name) else { return nil }
        unsafe SSL_set_connect_state(stream.ssl)
        return stream
    }

    /// Takes over a connection that was made by the engine of another thread, which must not use it any more.
    package func adopt(_ stream: borrowing TLSStream) {
        unsafe BIO_up_ref(bio)
        unsafe SSL_set_bio(stream.ssl, bio, bio)
    }

    private func stream(_ context: TLSContext) -> TLSStream? {
        guard let ssl = unsafe SSL_new(context.pointer) else {
            ERR_clear_error()
            return nil
        }
        // One reference for reading and writing together, as SSL_set_bio takes them when both are the same.
        unsafe BIO_up_ref(bio)
        unsafe SSL_set_bio(ssl, bio, bio)
        return unsafe TLSStream(owning: ssl)
    }
}

/// A pointer to something that never changes.
@safe struct SharedPointer: Sendable {
    nonisolated(unsafe) let pointer: OpaquePointer?
    init(_ pointer: OpaquePointer?) { unsafe self.pointer = pointer }
}

// MARK: Bytes

extension TLSEngine {
    package enum Handshake: Equatable, Sendable {
        /// More must come from the other side.
        case waits
        case done
        case failed(TLSFailure)
    }

    package enum Opening: Equatable, Sendable {
        /// All that could be read is in the buffer; nothing, perhaps.
        case open
        /// The other side has sent its last byte.
        case ended
        case failed
    }

    /// Goes on with a handshake as far as `received` allows. What it leaves there came after the handshake.
    package func shakeHands(_ stream: borrowing TLSStream) -> Handshake {
        if stream.isFresh, speaksHTTP { return .failed(TLSFailure(kind: .plainHTTP, reason: "HTTP without TLS")) }
        lend()
        let before = replies.count
        let code = unsafe SSL_do_handshake(stream.ssl)
        let isDone = code == 1
        let error = isDone ? SSL_ERROR_NONE : unsafe SSL_get_error(stream.ssl, code)
        take()
        // What a server says last are tickets, which go under the new keys; a client's last word does not (RFC 8446 4.4).
        if isDone, countsRecords, stream.isServer { stream.countRecords(replies, from: before) }
        if isDone { return .done }
        return error == SSL_ERROR_WANT_READ ? .waits : .failed(failure(of: stream))
    }

    /// Whether a message begins as no TLS does: with a capital letter.
    private var speaksHTTP: Bool { received.read { !$0.isEmpty && $0[0] &- UInt8(ascii: "A") < 26 } }

    /// Decrypts all of `received` to the end of `plain`, which must have room for as many bytes and one record more.
    package func open(_ stream: borrowing TLSStream, into plain: inout Buffer) -> Opening {
        precondition(plain.roomAfter > received.count + Self.record)
        lend()
        let before = replies.count
        var outcome = Opening.open
        while true {
            var count = 0
            // Our memory, `roomAfter` bytes of it.
            let code = unsafe SSL_read_ex(stream.ssl, plain.base + plain.end, plain.roomAfter, &count)
            guard code == 1 else {
                outcome = opening(of: stream)
                break
            }
            precondition(count <= plain.roomAfter)
            plain.grow(by: count)
            // Asking once more would cost a walk through OpenSSL to hear that there is nothing.
            if unsafe wire.pointee.input_count == 0 { break }
        }
        take()
        if makesOwnRecords, stream.hasOwnRecords {
            // What OpenSSL has to say has a number that is taken.
            let isQuiet = replies.count == before && !stream.owesKeys
            replies.truncate(to: before)
            return isQuiet ? outcome : .failed
        }
        // The next record is not the one that was counted.
        if countsRecords, stream.owesKeys || replies.count > before { stream.forgetSending() }
        return outcome
    }

    private func opening(of stream: borrowing TLSStream) -> Opening {
        switch unsafe SSL_get_error(stream.ssl, 0) {
        case SSL_ERROR_WANT_READ: return .open
        case SSL_ERROR_ZERO_RETURN: return .ended
        default:
            ERR_clear_error()
            return .failed
        }
    }

    /// How many bytes `count` bytes of plaintext become at most.
    package static func sealedSize(_ count: Int) -> Int { count + (count / record + 1) * 96 }

    /// Encrypts `plain` to the end of `sealed`, which must have room for `sealedSize` of it. False when the connection
    /// can send no more.
    package func seal(
        _ stream: borrowing TLSStream, _ plain: borrowing Buffer, into sealed: inout Buffer
    ) -> Bool {
        precondition(sealed.roomAfter >= Self.sealedSize(plain.count))
        if makesOwnRecords, stream.hasOwnRecords || plain.count > Self.record && stream.beginOwnRecords() {
            return stream.sealOwn(plain, as: .data, into: &sealed)
        }
        // Room was checked; nothing is read.
        unsafe wire.pointee = orrery_wire(
            input: nil, input_count: 0, output: outputStart(of: sealed), output_room: sealed.roomAfter)
        var count = 0
        let code = unsafe SSL_write_ex(stream.ssl, plain.base + plain.start, plain.count, &count)
        let before = sealed.count
        sealed.grow(by: sealed.roomAfter - (unsafe wire.pointee.output_room))
        if countsRecords { stream.countRecords(sealed, from: before) }
        guard code == 1, count == plain.count else {
            ERR_clear_error()
            return false
        }
        return true
    }

    /// The keys of what the connection sends next; nil when nobody knows them.
    package func sendingKeys(_ stream: borrowing TLSStream) -> RecordKeys? {
        lendsKeys && stream.isEstablished ? RecordKeys(of: stream) : nil
    }

    /// Says to the other side that no more comes: appends that to `replies`. Nothing once it has been said, or when
    /// there is no connection yet.
    package func end(_ stream: borrowing TLSStream) {
        guard stream.isEstablished else { return }
        guard !makesOwnRecords || !stream.hasOwnRecords else { return stream.endOwn(into: &replies) }
        received.reset()
        lend()
        if unsafe SSL_shutdown(stream.ssl) < 0 { ERR_clear_error() }
        take()
    }

    /// Somebody may go on where OpenSSL stops, and must know how many records there were.
    private var countsRecords: Bool { lendsKeys || makesOwnRecords }

    private func outputStart(of buffer: borrowing Buffer) -> UnsafeMutablePointer<UInt8> {
        unsafe (buffer.base + buffer.end).assumingMemoryBound(to: UInt8.self)
    }

    /// Lets OpenSSL read from `received` and write to `replies`, until `take()`.
    private func lend() {
        unsafe wire.pointee = orrery_wire(
            input: (received.base + received.start).assumingMemoryBound(to: UInt8.self), input_count: received.count,
            output: outputStart(of: replies), output_room: replies.roomAfter)
    }

    private func take() {
        received.consume(received.count - (unsafe wire.pointee.input_count))
        replies.grow(by: replies.roomAfter - (unsafe wire.pointee.output_room))
    }

    /// Why a handshake failed, from what OpenSSL has noted last.
    private func failure(of stream: borrowing TLSStream) -> TLSFailure {
        let error = ERR_peek_last_error()
        ERR_clear_error()
        let verdict = unsafe SSL_get_verify_result(stream.ssl)
        if verdict != 0 {
            return TLSFailure(
                kind: .untrusted, reason: unsafe String(cString: X509_verify_cert_error_string(verdict)))
        }
        guard let text = unsafe ERR_reason_error_string(error) else {
            return TLSFailure(kind: .broken, reason: "bytes that are no TLS")
        }
        let isUntrusted = orrery_error_reason(error) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE
        return TLSFailure(kind: isUntrusted ? .untrusted : .broken, reason: unsafe String(cString: text))
    }
}
