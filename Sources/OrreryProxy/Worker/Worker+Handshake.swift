internal import OrreryLink
internal import OrreryWire

/// From a connection to a secured one.
extension Worker {
    /// How many handshakes of clients go on in one turn. Each takes as long as ten requests, and those want to be served
    /// meanwhile.
    private static var handshakesPerTurn: Int { 2 }

    /// A client has connected.
    mutating func welcome(_ client: UInt32) {
        guard let context = contexts.server else {
            slots[client].phase = .head
            return wait(client, idleWait)
        }
        guard let stream = engine.accept(context) else { return close(client, reset: true) }
        makeHandshakeRoom()
        secure(client, stream)
    }

    /// Whoever is slowest makes room: it is the one that does not mean to finish.
    mutating func makeHandshakeRoom() {
        guard handshakes >= shared.limits.handshakes, let slowest = timers.first(Wait.handshake.rawValue) else {
            return
        }
        metrics.add(.refusedHandshake)
        giveUp(slowest)
    }

    /// Ends a handshake that takes too long.
    mutating func giveUp(_ index: UInt32) {
        if slots[index].isClient {
            metrics.add(.clientHandshakesFailed)
            return close(index)
        }
        let client = slots[index].partner
        if fail(client, .timedOut) { pump(client) }
    }

    enum Greeting {
        case waits, done
        case failed(TLSFailure)
        /// The other side has left.
        case gone
    }

    /// Goes on with a client's handshake. True when there is more to do.
    mutating func shakeHands(_ client: UInt32) -> Bool {
        guard slots[client].ready.contains(.readable) || !slots[client].input.isEmpty else { return false }
        guard handshakesThisTurn < Self.handshakesPerTurn else {
            enqueue(client)
            return false
        }
        handshakesThisTurn += 1
        switch greet(client) {
        case .waits: return slots[client].ready.contains(.readable)
        case .done:
            metrics.add(.clientHandshakes)
            if shared.tunnel != nil, let kind = LinkProtocol(rawValue: streams[client].agreedProtocol) {
                return passOn(client, kind)
            }
            guard contexts.server != nil else { break }
            return beginSecured(client)
        case .failed(let failure) where failure.kind == .plainHTTP: return answerPlain(client)
        case .failed(let failure):
            shared.log.write(.debug, "no TLS with \(slots[client].endpoint.address.host): \(failure.reason)")
            metrics.add(.clientHandshakesFailed)
        case .gone: metrics.add(.clientHandshakesFailed)
        }
        close(client)
        return false
    }

    /// Receives once, and lets the handshake go on with that.
    mutating func greet(_ index: UInt32) -> Greeting {
        engine.received.reset()
        // Read before it was known that it is a handshake.
        if slots[index].isClient, let early = slots[index].input.take() {
            early.read { engine.received.append($0) }
            buffers.recycle(early)
            return goOn(index)
        }
        if slots[index].ready.contains(.readable) {
            switch engine.receive(from: slots[index].descriptor, through: &kernel) {
            case .bytes(let count):
                if count < TLSEngine.portion, !slots[index].ready.contains(.ended | .gone) {
                    slots[index].ready.remove(.readable)
                }
            case .blocked:
                slots[index].ready.remove(.readable)
                return .waits
            case .ended, .failed: return .gone
            }
        }
        return goOn(index)
    }

    private mutating func goOn(_ index: UInt32) -> Greeting {
        let outcome = engine.shakeHands(streams[index])
        guard sendReplies(index) else { return .gone }
        switch outcome {
        case .waits: return .waits
        case .failed(let failure): return .failed(failure)
        case .done:
            return .done
        }
    }

    /// The handshake is over; the first request may have come with its end.
    private mutating func beginSecured(_ client: UInt32) -> Bool {
        handshakes -= 1
        slots[client].phase = .head
        wait(client, idleWait)
        guard !engine.received.isEmpty else { return true }
        var bytes = workBuffer()
        let opening = engine.open(streams[client], into: &bytes)
        guard sendReplies(client), opening != .failed else {
            buffers.recycle(bytes)
            close(client)
            return false
        }
        // Told when it is read again.
        if opening == .ended { slots[client].ready.insert(.readable) }
        noteReceived(client, bytes.count)
        keepInput(client, bytes)
        return true
    }

    // MARK: Upstreams

    /// What connections to upstreams are secured with. Nil when there is nothing to judge them by.
    mutating func clientContext() -> TLSContext? {
        if let context = contexts.client { return context }
        contexts.client = shared.tls.clientContext(shared.log)
        return contexts.client
    }

    /// Something has come from an upstream that has not proved its name yet, or it can be sent something.
    mutating func handshakeReady(_ upstream: UInt32) {
        let client = slots[upstream].partner
        guard flush(upstream) != .broken else {
            if fail(client, .closedEarly) { pump(client) }
            return
        }
        repeat {
            switch greet(upstream) {
            case .waits: break
            case .done: return beginRequest(client, upstream)
            case .failed(let failure):
                noteDistrust(slots[upstream].endpoint, failure)
                if fail(client, .insecure) { pump(client) }
                return
            case .gone:
                metrics.add(.upstreamHandshakesFailed)
                if fail(client, .closedEarly) { pump(client) }
                return
            }
        } while slots[upstream].ready.contains(.readable)
    }

    /// The upstream is who it should be: it is sent what was meant for it.
    private mutating func beginRequest(_ client: UInt32, _ upstream: UInt32) {
        metrics.add(.upstreamHandshakes)
        timers.clear(upstream)
        slots[upstream].phase = .exchange
        var early = workBuffer()
        let opening = engine.received.isEmpty ? .open : engine.open(streams[upstream], into: &early)
        let isSilent = early.isEmpty && opening == .open
        buffers.recycle(early)
        // It has been asked nothing yet.
        guard isSilent, sendReplies(upstream) else {
            if fail(client, .garbled) { pump(client) }
            return
        }
        if let request = slots[upstream].replay.take(), !deliver(request, to: upstream) {
            if upstreamEnded(client, inOrder: false) { pump(client) }
            return
        }
        pump(client)
    }

    /// Says why an upstream is not believed: once in a minute for each.
    private mutating func noteDistrust(_ endpoint: Endpoint, _ failure: TLSFailure) {
        metrics.add(.upstreamHandshakesFailed)
        if let last = distrusted[endpoint], now.monotonic < last + 60_000 { return }
        if distrusted.count >= 256 { distrusted = [:] }
        distrusted[endpoint] = now.monotonic
        shared.log.write(.error, "no TLS with \(shared.routes.peers.name(endpoint)): \(failure.reason)")
    }

    // MARK: Clients without TLS

    /// A browser was told `http://` for a port that speaks TLS.
    private mutating func answerPlain(_ client: UInt32) -> Bool {
        metrics.add(.clientHandshakesFailed)
        endSecurity(client, isOrderly: false)
        var out = headBuffer()
        dateLine.read {
            StatusPage.write(
                400, fields: "Content-Type: text/plain\r\n",
                body: "This port speaks HTTPS: the address must begin with https://\n", isHead: false, saysClose: true,
                date: $0, to: &out)
        }
        slots[client].phase = .head
        return conclude(client, out, .linger)
    }
}
