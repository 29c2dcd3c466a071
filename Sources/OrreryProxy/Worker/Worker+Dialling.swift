internal import Glibc
internal import OrreryWire

/// Making connections to upstreams, of every kind.
extension Worker {
    enum Dialled {
        case upstream(UInt32)
        case failed(Exchange.Failure)
    }

    /// A new connection, made or on its way; none to a target that did not take one a moment ago.
    mutating func dial(_ endpoint: Endpoint) -> Dialled {
        guard dead.mayTry(endpoint, now: now.monotonic) else { return .failed(.unreachable) }
        let outcome = dialAnyhow(endpoint)
        // Where it was the target's doing, that is noted already.
        if case .failed = outcome { dead.wasAbandoned(endpoint, now: now.monotonic) }
        return outcome
    }

    private mutating func dialAnyhow(_ endpoint: Endpoint) -> Dialled {
        guard endpoint.peer != PeerBook.plain else { return adopt(connect(endpoint.address), endpoint) }
        switch shared.routes.peers.peer(endpoint.peer) {
        case .tls(let name): return connect(endpoint, securedAs: name)
        case .unix(let path): return adopt(connect(path), endpoint)
        case .cluster, .api: return askForConnection(endpoint)
        // The route is gone, and this request was on its way with it.
        case nil: return .failed(.unreachable)
        }
    }

    private mutating func connect(_ address: SocketAddress) -> Connection {
        let connection = kernel.connect(address)
        guard case .exhausted = connection, makeRoom() else { return connection }
        return kernel.connect(address)
    }

    /// A new connection whose far end must prove its name before it is sent anything.
    private mutating func connect(_ endpoint: Endpoint, securedAs name: String) -> Dialled {
        guard let context = clientContext(), let stream = engine.connect(context, to: name) else {
            return .failed(.insecure)
        }
        let dialled = adopt(connect(endpoint.address), endpoint)
        if case .upstream(let upstream) = dialled { secure(upstream, stream) }
        return dialled
    }

    private mutating func connect(_ path: String) -> Connection {
        let connection = kernel.connect(path: path)
        guard case .exhausted = connection, makeRoom() else { return connection }
        return kernel.connect(path: path)
    }

    private mutating func adopt(_ connection: Connection, _ endpoint: Endpoint) -> Dialled {
        let descriptor: CInt
        let isConnected: Bool
        switch connection {
        case .connected(let number): (descriptor, isConnected) = (number, true)
        case .started(let number): (descriptor, isConnected) = (number, false)
        case .failed(let number):
            note(number, from: endpoint)
            return .failed(.unreachable)
        case .exhausted: return .failed(.unreachable)
        }
        guard let upstream = openSomehow(descriptor, endpoint, isClient: false) else {
            kernel.close(descriptor, reset: false)
            return .failed(.unreachable)
        }
        if isConnected {
            dead.answered(endpoint)
            slots[upstream].ready.insert(.writable)
        } else {
            slots[upstream].phase = .connecting
            wait(upstream, .connect)
        }
        return .upstream(upstream)
    }

    /// Notes what became of an attempt to connect: the kernel's error number, 0 when it worked.
    mutating func note(_ number: CInt, from endpoint: Endpoint) {
        switch number {
        // A Unix socket that is not there is refused as well, and one with a full queue of newcomers.
        case 0, ECONNREFUSED, ENOENT, EAGAIN: dead.answered(endpoint)
        default: dead.wasSilent(endpoint, now: now.monotonic)
        }
    }

    // MARK: Connections that are handed over

    private mutating func askForConnection(_ endpoint: Endpoint) -> Dialled {
        guard channel >= 0, let upstream = openSomehow(-1, endpoint, isClient: false) else {
            return .failed(.unreachable)
        }
        guard kernel.ask(channel, for: UInt64(endpoint.peer), token: token(upstream)) else {
            close(upstream)
            return .failed(.unreachable)
        }
        slots[upstream].phase = .connecting
        wait(upstream, .connect)
        // What agents dial is secured: the request waits as it is until there is something to encrypt it with.
        if shared.tunnel != nil { secure(upstream, TLSStream()) }
        return .upstream(upstream)
    }

    /// Takes what the tunnel has handed over.
    mutating func takeConnections() {
        while let handed = kernel.takeHanded(channel) {
            let upstream = UInt32(truncatingIfNeeded: handed.token)
            let isAwaited =
                upstream < slots.extent && token(upstream) == handed.token && slots[upstream].phase == .connecting
            guard isAwaited else {
                // Whoever asked has left in the meantime.
                sendAway(handed.word)
                if let descriptor = handed.descriptor { kernel.close(descriptor, reset: false) }
                continue
            }
            guard let descriptor = handed.descriptor else {
                // There was none, or no room here for its descriptor.
                sendAway(handed.word)
                dead.answered(slots[upstream].endpoint)
                if handed.word != 0, makeRoom() {
                    askAnother(upstream, "This proxy has no room for a connection to the cluster.")
                    continue
                }
                let client = slots[upstream].partner
                if answerAway(client) { pump(client) }
                continue
            }
            slots[upstream].descriptor = descriptor
            kernel.watch(descriptor, token: token(upstream))
            slots[upstream].ready.insert(.writable)
            if let traveller = shared.tunnel?.cloakroom.take(handed.word) {
                offer(upstream, traveller)
            } else {
                upstreamReady(upstream)
            }
        }
    }

    /// Forgets what came with a connection that is not taken.
    private mutating func sendAway(_ word: UInt64) {
        guard let binding = shared.tunnel?.cloakroom.take(word)?.binding else { return }
        shared.tunnel?.figures.unbind(binding.key)
    }
}
