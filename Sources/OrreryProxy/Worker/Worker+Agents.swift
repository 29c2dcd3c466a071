internal import OrreryLink
internal import OrreryWire

/// Connections that agents have dialled: given to the tunnel when they come, and taken from it with a request in hand.
extension Worker {
    // MARK: Coming

    /// Whether bytes that are no HTTP begin a handshake of an agent with a proxy that speaks to browsers in the clear.
    mutating func mayBeAgent(_ client: UInt32, _ bytes: borrowing Buffer) -> Bool {
        guard contexts.agents != nil, contexts.server == nil, !slots[client].isHeadBegun, !slots[client].isInner else {
            return false
        }
        // RFC 8446 5.1: a handshake. No method of HTTP begins so.
        return bytes.read { !$0.isEmpty && $0[0] == 22 }
    }

    /// Begins a handshake with what was read of it. True when there is more to do.
    mutating func beginAgent(_ client: UInt32, _ bytes: consuming Buffer) -> Bool {
        guard let context = contexts.agents, bytes.count <= TLSEngine.portion, let stream = engine.accept(context)
        else {
            buffers.recycle(bytes)
            close(client)
            return false
        }
        slots[client].input.put(bytes)
        makeHandshakeRoom()
        secure(client, stream)
        return true
    }

    /// An agent has seen its handshake to the end: the tunnel's thread has the connection from now on.
    mutating func passOn(_ client: UInt32, _ kind: LinkProtocol) -> Bool {
        var early = workBuffer()
        let opening = engine.received.isEmpty ? .open : engine.open(streams[client], into: &early)
        let text = early.read { bytes in (0..<bytes.count).map { bytes[$0] } }
        buffers.recycle(early)
        // A resumed connection would prove no key, whoever it was once.
        if opening == .open, sendReplies(client), slots[client].output.isEmpty, !streams[client].isResumed,
            let publicKey = streams[client].peerPublicKey, KeyID.isAgentKey(publicKey), let tunnel = shared.tunnel
        {
            var stream = TLSStream()
            swap(&stream, &streams[client])
            let word = tunnel.cloakroom.leave(
                Traveller(
                    stream: stream, kind: kind, publicKey: publicKey, address: slots[client].endpoint.address,
                    early: text))
            // Else this loop would go on hearing of it: the other descriptor keeps the connection open.
            kernel.unwatch(slots[client].descriptor)
            if !kernel.hand(slots[client].descriptor, over: channel, word: word, token: Self.channelToken) {
                _ = tunnel.cloakroom.take(word)
            }
            handshakes -= 1
            slots[client].isSecure = false
            slots[client].phase = .head
        }
        close(client)
        return false
    }

    // MARK: Asked for

    /// Tells a data connection where it leads, and sends the request along, in one piece.
    mutating func offer(_ upstream: UInt32, _ traveller: consuming Traveller) {
        let (client, binding) = (slots[upstream].partner, traveller.binding)
        bound[upstream] = binding
        streams[upstream] = traveller.intoStream()
        engine.adopt(streams[upstream])
        guard let tunnel = shared.tunnel, let binding, !tunnel.book.isStruck(binding.key),
            let target = handoff(upstream)
        else {
            if answerAway(client) { pump(client) }
            return
        }
        dead.answered(slots[upstream].endpoint)
        slots[upstream].phase = .offered
        wait(upstream, .connect)
        // It has waited, and may have ended meanwhile like a kept one.
        slots[client].exchange.upstreamChosen(isReused: true)
        guard let request = slots[upstream].replay.take() else { return offerReady(upstream) }
        var out = buffers.buffer(for: request.count + 400)
        out.append(Handoff(target, trace: nextTrace()).encode().span)
        request.read { out.append($0) }
        // Kept until the agent has taken it: another one may have to be asked.
        slots[upstream].replay.put(request)
        let isSent = seal(out, to: upstream)
        buffers.recycle(out)
        guard isSent else { return offerLost(client) }
        offerReady(upstream)
    }

    private mutating func handoff(_ upstream: UInt32) -> Handoff.Target? {
        switch shared.routes.peers.peer(slots[upstream].endpoint.peer) {
        case .cluster(_, let pod, let port): .pod(uid: pod, port: port)
        case .api: .api
        default: nil
        }
    }

    private mutating func nextTrace() -> String {
        traces &+= 1
        return String(traces, radix: 36)
    }

    private mutating func offerLost(_ client: UInt32) {
        if upstreamEnded(client, inOrder: false) { pump(client) }
    }

    /// Something has come from an agent that was told where its connection leads, or it can be sent more.
    mutating func offerReady(_ upstream: UInt32) {
        let client = slots[upstream].partner
        guard flush(upstream) != .broken else { return offerLost(client) }
        guard slots[upstream].ready.contains(.readable) else { return }
        var bytes = workBuffer()
        if let held = slots[upstream].input.take() {
            held.read { bytes.append($0) }
            buffers.recycle(held)
        }
        switch receive(upstream, into: &bytes) {
        case .bytes: break
        case .blocked:
            if bytes.isEmpty { buffers.recycle(bytes) } else { slots[upstream].input.put(fitted(bytes)) }
            return
        case .ended, .failed:
            buffers.recycle(bytes)
            return offerLost(client)
        }
        do throws(LinkError) {
            let limit = HandoffAnswer.limit
            let beginning = bytes.read { bytes in (0..<min(bytes.count, limit)).map { bytes[$0] } }
            guard let found = try HandoffAnswer.read(beginning) else {
                slots[upstream].input.put(fitted(bytes))
                return
            }
            bytes.consume(found.count)
            switch found.answer {
            case .accepted: offerTaken(upstream, bytes)
            case .refused(let code, let say):
                buffers.recycle(bytes)
                offerRefused(upstream, code, say)
            }
        } catch {
            buffers.recycle(bytes)
            shared.log.write(.error, "\(shared.routes.peers.name(slots[upstream].endpoint)): \(error)")
            if fail(client, .garbled) { pump(client) }
        }
    }

    /// From now on it is an upstream like any other.
    private mutating func offerTaken(_ upstream: UInt32, _ bytes: consuming Buffer) {
        let client = slots[upstream].partner
        timers.clear(upstream)
        if let request = slots[upstream].replay.take() { buffers.recycle(request) }
        slots[upstream].phase = .exchange
        guard !bytes.isEmpty else {
            buffers.recycle(bytes)
            return pump(client)
        }
        if takeHeads(client, upstream, bytes) { pump(client) }
    }

    // MARK: Refused

    private mutating func offerRefused(_ upstream: UInt32, _ code: HandoffAnswer.Code, _ say: String) {
        let (client, endpoint) = (slots[upstream].partner, slots[upstream].endpoint)
        if let binding = bound[upstream] { shared.tunnel?.figures.refused(binding.key, code) }
        shared.log.write(.debug, "\(shared.routes.peers.name(endpoint)): refused with \(code.rawValue): \(say)")
        let goesOn: Bool
        switch code {
        case .leaving, .tooMany: return askAnother(upstream, say)
        case .noPod: goesOn = answerRefusal(client, 503, say)
        case .policy: goesOn = answerRefusal(client, 403, say)
        case .refusedConnection:
            goesOn = slots[client].isInner ? answerRefusal(client, 503, say) : fail(client, .unreachable)
        case .noAnswer:
            dead.wasSilent(endpoint, now: now.monotonic)
            goesOn = slots[client].isInner ? answerRefusal(client, 504, say) : fail(client, .timedOut)
        case .noTarget:
            shared.log.write(.error, "\(shared.routes.peers.name(endpoint)): the agent takes it for no target: \(say)")
            goesOn = fail(client, .garbled)
        }
        if goesOn { pump(client) }
    }

    /// This agent takes nothing; nothing of the request has gone anywhere, so that another connection may take it.
    mutating func askAnother(_ upstream: UInt32, _ say: String) {
        let (client, endpoint) = (slots[upstream].partner, slots[upstream].endpoint)
        guard slots[client].exchange.mayAskAnother(), let request = slots[upstream].replay.take() else {
            if answerRefusal(client, 503, say) { pump(client) }
            return
        }
        metrics.add(.retries)
        dropUpstream(client)
        switch dial(endpoint) {
        case .upstream(let other):
            slots[other].partner = client
            slots[client].partner = other
            slots[other].replay.put(request)
        case .failed(let failure):
            buffers.recycle(request)
            if fail(client, failure) { pump(client) }
        }
    }

    /// An answer with the agent's own words.
    private mutating func answerRefusal(_ client: UInt32, _ status: Int, _ say: String) -> Bool {
        answer(client, status, fields: slots[client].isInner ? "Orrery-Tunnel: refused\r\n" : "", sentence: say)
    }

    /// There is no connection to the cluster.
    mutating func answerAway(_ client: UInt32) -> Bool {
        guard slots[client].isInner else { return fail(client, .unreachable) }
        noteFailure(.unreachable)
        return answer(
            client, 503, fields: "Orrery-Tunnel: away\r\n", sentence: "No agent of this cluster is connected.")
    }

    /// The cluster's agent was asked and gives no answer. The hub must not take our word for its cluster's.
    mutating func answerLost(_ client: UInt32) -> Bool {
        answer(client, 503, fields: "Orrery-Tunnel: lost\r\n", sentence: "The agent of this cluster gives no answer.")
    }

    /// An answer of ours in place of the upstream's, of which nothing has been passed on yet.
    mutating func answer(_ client: UInt32, _ status: Int, fields: StaticString, sentence: String) -> Bool {
        dropUpstream(client)
        if let replay = slots[client].replay.take() { buffers.recycle(replay) }
        var out = headBuffer()
        let afterwards = ownEnding(client)
        noteAnswer(client, status)
        dateLine.read { date in
            StatusPage.write(
                status, fields: fields, sentence: sentence, isHead: slots[client].exchange.request.isHead,
                saysClose: afterwards != .keep, date: date, to: &out)
        }
        return conclude(client, out, afterwards)
    }

    // MARK: Unwelcome

    /// Ends every connection whose key is let in no more, or whose agent has been away for too long, with whatever goes
    /// over it.
    mutating func closeUnwelcome(_ tunnel: Tunnel) {
        let (strikesNow, departuresNow) = (tunnel.book.strikes, tunnel.departures.version)
        let (areStruck, areGone) = (strikesNow != strikes, departuresNow != departures)
        guard areStruck || areGone else { return }
        (strikes, departures) = (strikesNow, departuresNow)
        for (upstream, whose) in bound
        where areStruck && tunnel.book.isStruck(whose.key) || areGone && tunnel.departures.contains(whose.run) {
            switch slots[upstream].phase {
            case .pooled:
                pools.remove(upstream, from: slots)
                close(upstream)
            case .leaving, .free: close(upstream)
            default:
                let client = slots[upstream].partner
                closeBoth(client, reset: true)
            }
        }
    }
}

extension Exchange {
    /// Whether another connection may be asked, when one was refused before anything of the request went on. A few times,
    /// so that agents which all leave do not pass a request round for ever.
    mutating func mayAskAnother() -> Bool {
        guard refusals < 4 else { return false }
        refusals += 1
        return true
    }
}
