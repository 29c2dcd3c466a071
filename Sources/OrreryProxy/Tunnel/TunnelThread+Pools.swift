internal import OrreryLink
internal import OrreryModel
internal import OrreryWire

/// Data connections: those that wait, and the requests that wait for one.
extension TunnelThread {
    /// How long one waits before another takes its place, which keeps translators of addresses from forgetting it.
    private static var rest: ClosedRange<UInt64> { 210_000...270_000 }

    /// A data connection has said which agent's it is. It is taken only of one that is here.
    mutating func greet(_ index: UInt32) {
        guard let greeting = try? DataGreeting(lines[index].greeting) else {
            return close(index, because: "its greeting is none")
        }
        let number = lines[index].number
        let control = controls.values.first { other in
            lines[other].number == number && lines[other].talk?.agent == greeting.agent
                && lines[other].talk?.cluster != nil && lines[other].talk?.isLeaving == false
        }
        guard let control, let cluster = lines[control].talk?.cluster else {
            return close(index, because: "no control connection of its agent is here")
        }
        // An agent that keeps far more than it is asked for would take the places of all others.
        let kept = pools[cluster]?.stack.count { lines[$0].number == number } ?? 0
        guard kept < 2 * PoolController.most else { return close(index, because: "its agent keeps too many") }
        lines[index].kind = .idle
        lines[index].greeting = []
        lines[index].agent = greeting.agent
        lines[index].cluster = cluster
        lines[index].deadline = now.monotonic + .random(in: Self.rest)
        if let wanted = pools[cluster]?.wanted, wanted > 0 { pools[cluster]?.wanted = wanted - 1 }
        pools[cluster, default: ClusterPool()].stack.append(index)
        serveWaiter(of: cluster)
        noteIdle(cluster)
    }

    private mutating func serveWaiter(of cluster: String) {
        guard let waiter = pools[cluster]?.waiters.first, let index = pools[cluster]?.stack.last else { return }
        pools[cluster]?.waiters.removeFirst()
        hand(index, to: waiter.channel, waiter.token)
    }

    private func noteIdle(_ cluster: String) {
        let count = pools[cluster]?.stack.count ?? 0
        tunnel.figures.change(cluster) { $0.idle = count }
    }

    /// One that waited is closed.
    mutating func dataEnded(_ index: UInt32) {
        takeOff(index)
        noteIdle(lines[index].cluster)
    }

    private mutating func takeOff(_ index: UInt32) {
        let cluster = lines[index].cluster
        if pools[cluster]?.stack.last == index {
            pools[cluster]?.stack.removeLast()
        } else {
            pools[cluster]?.stack.removeAll { $0 == index }
        }
    }

    // MARK: Asked for

    /// A worker wants a connection to a peer.
    mutating func ask(_ peer: UInt32, _ channel: Int, _ token: UInt64) {
        let cluster: String
        switch shared.routes.peers.peer(peer) {
        case .cluster(let name, _, _): cluster = name
        case .api(let name): cluster = name
        default: return refuse(channel, token)
        }
        awaitFirst(of: cluster)
        // Not held as a whole, here and below: whoever changes it would have to copy it.
        guard let awaitsAgentUntil = pools[cluster]?.awaitsAgentUntil else { return refuse(channel, token) }
        let (moment, roundTrip) = (now.monotonic, roundTrip(cluster))
        pools[cluster]?.controller.opened(at: moment, roundTrip: roundTrip)
        if let index = pools[cluster]?.stack.last {
            tunnel.figures.change(cluster) { $0.hits += 1 }
            hand(index, to: channel, token)
            noteIdle(cluster)
        } else if now.monotonic < awaitsAgentUntil {
            tunnel.figures.change(cluster) { $0.misses += 1 }
            let deadline = now.monotonic + shared.limits.dialBack.milliseconds
            pools[cluster]?.waiters.append(.init(channel: channel, token: token, deadline: deadline))
        } else {
            refuse(channel, token)
        }
    }

    /// A proxy that has begun anew knows whose agents are on their way to it before one of them has arrived.
    private mutating func awaitFirst(of cluster: String) {
        guard pools[cluster] == nil, now.monotonic < began + Self.memory, tunnel.book.clusters.contains(cluster) else {
            return
        }
        pools[cluster] = ClusterPool(awaitsAgentUntil: began + Self.memory)
    }

    /// A worker that takes no answers any more has lost its thread; its client waits for its deadline.
    private func refuse(_ channel: Int, _ token: UInt64) {
        _ = channels[channel].ends.answering.hand(nil, token: token)
    }

    /// Gives a connection that waits to a worker, for good.
    private mutating func hand(_ index: UInt32, to channel: Int, _ token: UInt64) {
        let (cluster, number) = (lines[index].cluster, lines[index].number)
        let binding = lines[index].agent.map { AgentBinding(key: number, run: AgentRun(cluster: cluster, agent: $0)) }
        takeOff(index)
        kernel.unwatch(lines[index].descriptor)
        var stream = TLSStream()
        swap(&stream, &lines[index].stream)
        let traveller = Traveller(
            stream: stream, kind: .data, publicKey: [], address: lines[index].address, early: [],
            binding: binding)
        let word = tunnel.cloakroom.leave(traveller)
        let connection = Descriptor(owning: lines[index].descriptor)
        forget(index)
        tunnel.figures.bind(number, cluster: cluster)
        guard channels[channel].ends.answering.hand(connection, word: word, token: token) else {
            tunnel.figures.unbind(number)
            _ = tunnel.cloakroom.take(word)
            return
        }
    }

    /// Tells those who have waited long enough.
    mutating func expireWaiters() {
        for (name, pool) in pools {
            let expired = pool.waiters.prefix { $0.deadline <= now.monotonic }
            guard !expired.isEmpty else { continue }
            pools[name]?.waiters.removeFirst(expired.count)
            tunnel.figures.change(name) { $0.expired += UInt64(expired.count) }
            for waiter in expired { refuse(waiter.channel, waiter.token) }
        }
    }

    // MARK: How many shall wait

    private func roundTrip(_ cluster: String) -> Double {
        (pools[cluster]?.controls ?? []).compactMap { lines[$0].talk?.roundTrip }.min() ?? 20
    }

    /// Asks for as many connections as requests wait for, where that has not been done.
    mutating func sayWants() {
        for (name, pool) in pools where !pool.waiters.isEmpty {
            let wanted = now.monotonic < pool.wantedUntil ? pool.wanted : 0
            let missing = min(pool.waiters.count, PoolController.most) - wanted
            guard missing > 0, let nearest = nearestAgent(of: name) else { continue }
            pools[name]?.wanted = wanted + missing
            pools[name]?.wantedUntil = now.monotonic + 1000
            say(ControlFrame("want", ["count": .integer(Int64(missing))]), on: nearest)
            sayPool(name, mayLower: false)
        }
    }

    private func nearestAgent(of cluster: String) -> UInt32? {
        pools[cluster]?.controls.min { left, right in
            (lines[left].talk?.roundTrip ?? 1000) < (lines[right].talk?.roundTrip ?? 1000)
        }
    }

    /// Says how many shall wait, where that is another number than was said.
    mutating func sayPool(_ cluster: String, mayLower: Bool) {
        guard let pool = pools[cluster], !pool.controls.isEmpty, !isLeaving else { return }
        let isInUse = tunnel.figures.bound(in: cluster) > 0
        let (moment, roundTrip) = (now.monotonic, roundTrip(cluster))
        let target =
            pools[cluster]?.controller.target(at: moment, roundTrip: roundTrip, isInUse: isInUse)
            ?? PoolController.least
        let each = (target + pool.controls.count - 1) / pool.controls.count
        guard each > pool.saidIdle || (mayLower && each < pool.saidIdle) else { return }
        pools[cluster]?.saidIdle = each
        for index in pool.controls { say(ControlFrame("pool", ["idle": .integer(Int64(each))]), on: index) }
    }
}
