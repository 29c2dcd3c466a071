// Public, because `event` is inlined into the loops that use it: each event is asked for twice.
public import CLinux
internal import Glibc

/// The real kernel: one epoll instance and the events of its last wait.
///
/// Concurrency: belongs to the thread that made it.
@safe public struct LinuxKernel: Kernel {
    private let epoll: CInt
    private let timer: CInt
    /// When the timer goes off; `.max` when it does not.
    @usableFromInline var alarm = UInt64.max
    @usableFromInline let events: UnsafeMutablePointer<linux_events>
    @inlinable static var limit: CInt { 256 }
    @inlinable static var timerToken: UInt64 { .max - 2 }

    /// Nil when the process has no descriptor or memory left. `end` gives back what this takes.
    public init?() {
        let number = linux_epoll_create()
        let timer = linux_timer_create()
        guard number >= 0, timer >= 0, let events = unsafe linux_events_create(Self.limit) else { return nil }
        epoll = number
        self.timer = timer
        unsafe self.events = events
        // Edge triggered, so it need not be read.
        watch(timer, token: Self.timerToken)
    }

    /// Closes the epoll instance. The kernel must not be used afterwards.
    public func end() {
        _ = Glibc.close(epoll)
        _ = Glibc.close(timer)
        unsafe linux_events_free(events)
    }

    /// Gives this thread a table of descriptors of its own, in which are only this kernel's and `kept`.
    ///
    /// The kernel then need not guard the table against other threads: 3% of a small request. And descriptors that other
    /// parts of the process open later are none of this thread's, so that closing them there closes them. Where the
    /// system forbids it, all goes on in the common table.
    /// False then.
    public func leaveDescriptorTable(keeping kept: [CInt]) -> Bool {
        var kept = kept + [epoll, timer]
        return unsafe linux_unshare_descriptors(&kept, CInt(kept.count)) == 0
    }

    public func watch(_ descriptor: CInt, token: UInt64) { _ = linux_epoll_add(epoll, descriptor, token, 0) }
    public func watchSource(_ descriptor: CInt, token: UInt64) { _ = linux_epoll_add(epoll, descriptor, token, 1) }
    public func unwatch(_ descriptor: CInt) { _ = linux_epoll_remove(epoll, descriptor) }

    public mutating func wait(until deadline: Deadline) -> Int {
        // A timeout of epoll's own would set and cancel a timer of the kernel at every wait. Deadlines mostly move away,
        // so ours is set anew only when one is nearer, or when it went off too early.
        if case .at(let moment) = deadline, moment < alarm {
            linux_timer_set(timer, moment)
            alarm = moment
        }
        let count = unsafe linux_epoll_wait(epoll, events, deadline == .now ? 0 : -1)
        precondition(count >= 0, "epoll_wait failed with error \(-count): its descriptor was closed under the loop")
        return Int(count)
    }

    @inlinable public mutating func event(_ index: Int) -> Event {
        precondition(index >= 0 && index < Self.limit)
        let number = CInt(index)
        let event = unsafe Event(
            token: linux_event_token(events, number),
            readiness: Readiness(bits: UInt8(truncatingIfNeeded: linux_event_readiness(events, number))))
        if event.token == Self.timerToken { alarm = .max }
        return event
    }

    public func accept(_ listener: CInt) -> Acceptance {
        var peer = linux_address()
        let descriptor = unsafe linux_accept(listener, &peer)
        if descriptor >= 0 { return .accepted(descriptor, SocketAddress(peer)) }
        switch -descriptor {
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
        default: return .none
        }
    }

    public func refuseNewcomers(_ listener: CInt) { _ = linux_refuse_newcomers(listener) }

    public func stopListening(_ listener: CInt) { _ = linux_stop_listening(listener) }

    public func connect(_ address: SocketAddress) -> Connection {
        var connecting: CInt = 0
        let descriptor = unsafe linux_connect(address.raw, &connecting)
        guard descriptor < 0 else { return connecting == 0 ? .connected(descriptor) : .started(descriptor) }
        return Self.failure(-descriptor)
    }

    private static func failure(_ number: CInt) -> Connection {
        switch number {
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: .exhausted
        default: .failed(number)
        }
    }

    public func connect(path: String) -> Connection {
        let descriptor = unsafe path.withCString { unsafe linux_connect_unix($0, path.utf8.count) }
        return descriptor < 0 ? Self.failure(-descriptor) : .connected(descriptor)
    }

    public func ask(_ channel: CInt, for word: UInt64, token: UInt64) -> Bool {
        linux_channel_send(channel, token, word, -1) == 0
    }

    public func takeHanded(_ channel: CInt) -> Handed? {
        var token: UInt64 = 0
        var word: UInt64 = 0
        var descriptor: CInt = -1
        guard unsafe linux_channel_receive(channel, &token, &word, &descriptor) == 1 else { return nil }
        return Handed(token: token, word: word, descriptor: descriptor < 0 ? nil : descriptor)
    }

    public func hand(_ descriptor: CInt, over channel: CInt, word: UInt64, token: UInt64) -> Bool {
        linux_channel_send(channel, token, word, descriptor) == 0
    }

    /// Lets the kernel find out within a minute that the other side of an idle connection is gone. One whose other side only
    /// takes nothing stays, for however long.
    package func keepAlive(_ descriptor: CInt) { linux_keep_alive(descriptor) }

    /// The same, and within twenty seconds if bytes are on their way. Ends a connection too whose other side is there and takes
    /// nothing for so long: not for what people's bytes go over.
    package func watchOver(_ descriptor: CInt) { linux_watch_over(descriptor) }

    /// Lets no more than about `bytes` of a connection wait in the kernel until they are received, instead of the system's some
    /// megabytes. What is on its way counts, so that this bounds the pace of a connection to far away.
    package func boundArrivals(_ descriptor: CInt, to bytes: Int) { linux_bound_arrivals(descriptor, CInt(bytes)) }

    public func connectionError(_ descriptor: CInt) -> CInt { linux_socket_error(descriptor) }

    @unsafe public func receive(_ descriptor: CInt, into target: UnsafeMutableRawPointer, count: Int) -> Transfer {
        let got = unsafe linux_receive(descriptor, target, count)
        if got > 0 { return .bytes(got) }
        if got == 0 { return .ended }
        return -got == Int(EAGAIN) ? .blocked : .failed(CInt(-got))
    }

    @unsafe public func send(_ descriptor: CInt, from source: UnsafeRawPointer, count: Int) -> Transfer {
        let sent = unsafe linux_send(descriptor, source, count)
        if sent >= 0 { return .bytes(sent) }
        return -sent == Int(EAGAIN) ? .blocked : .failed(CInt(-sent))
    }

    public func makePipe(capacity: Int) -> Pipe? {
        var ends: [2 of CInt] = [-1, -1]
        var span = ends.mutableSpan
        let code = unsafe span.withUnsafeMutableBufferPointer {
            unsafe linux_pipe($0.baseAddress, CInt(clamping: capacity))
        }
        return code == 0 ? Pipe(outlet: ends[0], inlet: ends[1]) : nil
    }

    public func close(_ pipe: Pipe) {
        _ = Glibc.close(pipe.outlet)
        _ = Glibc.close(pipe.inlet)
    }

    public func splice(from source: CInt, to target: CInt, count: Int) -> Transfer {
        let moved = linux_splice(source, target, count)
        if moved > 0 { return .bytes(moved) }
        if moved == 0 { return .ended }
        return -moved == Int(EAGAIN) ? .blocked : .failed(CInt(-moved))
    }

    /// Whether the kernel of this machine can encrypt what a connection sends.
    package static var offersTLS: Bool { linux_tls_is_offered() == 1 }

    public func encrypt(_ descriptor: CInt, with keys: borrowing RecordKeys) -> Bool {
        unsafe linux_tls_send_with(descriptor, keys.raw) == 0
    }

    public func sendAlert(_ descriptor: CInt, _ alert: TLSAlert) -> Transfer {
        let sent = linux_tls_alert(descriptor, alert.level, alert.rawValue)
        if sent >= 0 { return .bytes(sent) }
        return -sent == Int(EAGAIN) ? .blocked : .failed(CInt(-sent))
    }

    public func unconfirmed(_ descriptor: CInt) -> Int { Int(linux_unconfirmed(descriptor)) }

    public func shutDownSending(_ descriptor: CInt) { _ = linux_shut_down_sending(descriptor) }

    public func close(_ descriptor: CInt, reset: Bool) {
        if reset { linux_reset_on_close(descriptor) }
        // Never again after EINTR: Linux has released the number by then, and another thread may own it.
        _ = Glibc.close(descriptor)
    }

    public func clearSignal(_ descriptor: CInt) { linux_eventfd_clear(descriptor) }

    public func now() -> Moment { .now() }

    public func stopwatch() -> UInt64 {
        var reading = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &reading)
        return UInt64(reading.tv_sec) * 1_000_000_000 + UInt64(reading.tv_nsec)
    }
}

extension Moment {
    /// What both clocks of this machine show.
    public static func now() -> Moment {
        var monotonic = timespec()
        var wall = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &monotonic)
        unsafe clock_gettime(CLOCK_REALTIME, &wall)
        return Moment(monotonic: monotonic.milliseconds, wall: wall.milliseconds)
    }
}

extension timespec {
    fileprivate var milliseconds: UInt64 { UInt64(tv_sec) * 1000 + UInt64(tv_nsec) / 1_000_000 }
}
