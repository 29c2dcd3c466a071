import OrreryLink
import OrreryWire

/// Connections to proxies, from the first packet to the first word.
extension RelayLoop {
    /// Dials a control connection where one is due, and data connections where some are missing.
    mutating func tendLines() {
        for number in lines.indices {
            if leavesBy == nil, lines[number].isDue(now.monotonic) { lookUp(number) }
            for _ in 0..<(leavesBy == nil ? lines[number].dials(now.monotonic) : 0) { dial(number, .data) }
        }
    }

    /// Looks the place up anew before every control connection; data connections go where that one went.
    private mutating func lookUp(_ number: Int) {
        lines[number].state = .resolving
        let place = setting.httpProxy?.place ?? lines[number].place
        let mailbox = mailbox
        // The system's resolver blocks, for as long as a name server does not answer.
        let isStarted = LoopThread.start {
            mailbox.post(.resolved(line: number, SocketAddress.resolve(place.host, port: place.port)))
        }
        if !isStarted { lose(number: number, "this machine gives no thread to look up \(place.host)") }
    }

    mutating func resolved(_ number: Int, _ address: SocketAddress?) {
        guard lines.indices.contains(number), case .resolving = lines[number].state else { return }
        guard !lines[number].isForgotten else {
            lines[number].state = .resting(until: now.monotonic)
            return
        }
        guard let address else {
            let host = (setting.httpProxy?.place ?? lines[number].place).host
            return lose(number: number, "there is no address for \(host)")
        }
        lines[number].address = address
        dial(number, .control)
    }

    private mutating func dial(_ number: Int, _ role: RelaySlot.Role) {
        guard let address = lines[number].address else { return }
        let connection = kernel.connect(address)
        guard let index = add(connection, role, line: Int32(number)) else {
            let reason = SystemError(number: connection.failure)
            return role == .control
                ? lose(number: number, "\(address) cannot be dialled: \(reason)") : lines[number].failed(now.monotonic)
        }
        if role == .control { lines[number].state = .dialling(slot: index) }
        wait(index, .dial)
    }

    /// A connection has been made, or not.
    mutating func finishConnecting(_ index: UInt32) {
        guard slots[index].ready.contains(.writable | .gone | .readable) else { return }
        let error = kernel.connectionError(slots[index].descriptor)
        if slots[index].role == .local {
            guard error == 0 else { return failReaching(index) }
            return finishReaching(index)
        }
        guard error == 0 else { return lose(index, "\(SystemError(number: error))") }
        // A firewall on the way forgets what is silent, and nobody says so to either side.
        if slots[index].role == .control {
            kernel.watchOver(slots[index].descriptor)
        } else {
            kernel.keepAlive(slots[index].descriptor)
        }
        guard let proxy = setting.httpProxy else { return secure(index) }
        slots[index].phase = .asking
        let request = proxy.request(for: lines[Int(slots[index].line)].place)
        var bytes = buffers.buffer(for: request.count)
        bytes.append(request.span)
        if !transmit(bytes, to: index) { lose(index, "the HTTP proxy closed the connection") }
    }

    private mutating func failReaching(_ local: UInt32) {
        let say = "The session's pod refuses the connection."
        refuse(slots[local].partner, .refusedConnection, say)
    }

    /// Reads what the site's HTTP proxy answers.
    mutating func readWay(_ index: UInt32) {
        guard flush(index) else { return lose(index, "the HTTP proxy closed the connection") }
        guard slots[index].ready.contains(.readable) else { return }
        var bytes = slots[index].input.take() ?? buffers.buffer(for: 16 << 10)
        // Byte by byte up to the end of its head would be safest; nothing comes after it before we have spoken.
        let outcome = bytes.receive(from: slots[index].descriptor, limit: 8192, through: &kernel)
        let text = bytes.read { bytes in (0..<bytes.count).map { bytes[$0] } }
        if case .bytes = outcome {
            slots[index].input.put(bytes)
        } else {
            slots[index].ready.remove(.readable)
            guard outcome == .blocked else {
                buffers.recycle(bytes)
                return lose(index, "the HTTP proxy closed the connection")
            }
            slots[index].input.put(bytes)
        }
        switch HTTPProxy.answer(text) {
        case .incomplete: if slots[index].ready.contains(.readable) { enqueue(index) }
        case .open:
            recycle(slots[index].input.take())
            secure(index)
        case .refused(let why): lose(index, "the HTTP proxy lets nothing through to it: \(why)")
        }
    }

    private mutating func secure(_ index: UInt32) {
        let context = slots[index].role == .control ? setting.trust.control : setting.trust.data
        guard let stream = engine.connect(context, to: lines[Int(slots[index].line)].place.host) else {
            return lose(index, "its name cannot be that of a server")
        }
        slots[index].stream = stream
        slots[index].phase = .handshake
        engine.received.reset()
        goOn(index)
    }

    mutating func shakeHands(_ index: UInt32) {
        guard flush(index) else { return lose(index, "it closed the connection") }
        while slots[index].phase == .handshake, slots[index].ready.contains(.readable) {
            let outcome = engine.receive(from: slots[index].descriptor, through: &kernel)
            guard case .bytes(let count) = outcome else {
                slots[index].ready.remove(.readable)
                if outcome == .blocked { return }
                return lose(index, "it closed the connection before TLS was agreed on")
            }
            if count < TLSEngine.portion, !slots[index].ready.contains(.ended | .gone) {
                slots[index].ready.remove(.readable)
            }
            goOn(index)
        }
    }

    /// One step of a handshake with what has been received.
    private mutating func goOn(_ index: UInt32) {
        let outcome = engine.shakeHands(slots[index].stream)
        if case .done = outcome { return agree(index) }
        let isSent = sendReplies(index)
        if case .failed(let failure) = outcome {
            let words = failure.kind == .untrusted ? "its certificate is not good" : "TLS failed"
            return lose(index, "\(words): \(failure.reason)")
        }
        if !isSent { lose(index, "it closed the connection") }
    }

    /// TLS is agreed on. Nothing is said to a proxy that is not who it should be.
    private mutating func agree(_ index: UInt32) {
        let isControl = slots[index].role == .control
        let name = isControl ? LinkTrust.controlProtocol : LinkTrust.dataProtocol
        if let complaint = setting.trust.complaint(about: slots[index].stream, speaking: name) {
            engine.replies.reset()
            return lose(index, complaint)
        }
        // Bytes behind the handshake: they are read before anything else comes. Where there are none OpenSSL hears of that
        // as well, and gives up its buffer of 17 KiB, which a connection that waits would else keep.
        var early = workBuffer()
        let opened = sendReplies(index) ? open(index, into: &early) : .ended
        if early.isEmpty { buffers.recycle(early) } else { slots[index].input.put(early) }
        if case .failed = opened { return lose(index, "it does not take our certificate") }
        if opened == .ended { return lose(index, "it closed the connection") }
        timers.clear(index)
        if isControl { greet(index) } else { present(index) }
    }

    /// Says on a data connection whose it is; from then on it waits.
    private mutating func present(_ index: UInt32) {
        greetings &+= 1
        let greeting = DataGreeting(agent: setting.agent, number: greetings)
        guard deliver(greeting.encode(), to: index) else { return lose(index, "it closed the connection") }
        enter(index, .idle)
        slots[index].arrival = now.monotonic
        lines[Int(slots[index].line)].arrived()
        readHandoff(index)
    }
}

extension Connection {
    /// The error number of a connection that was not made.
    fileprivate var failure: CInt {
        switch self {
        case .failed(let number): number
        case .exhausted: 24
        case .connected, .started: 0
        }
    }
}
