internal import OrreryLink
internal import OrreryModel
internal import OrreryWire

/// Control connections: who is welcome, and what is passed on.
extension TunnelThread {
    /// How many control connections of keys that nobody knows one address may have.
    private static var strangersPerAddress: Int { 8 }
    private static var controlsPerKey: Int { 64 }
    /// How many of one such key: an agent has replicas. And of all of them together.
    private static var strangersPerKey: Int { 4 }
    private static var strangers: Int { 1000 }

    /// Begins to listen to a control connection. False when it was sent away.
    mutating func beginTalk(_ index: UInt32) -> Bool {
        let (key, address) = (lines[index].key, lines[index].address)
        lastSerial += 1
        lines[index].serial = lastSerial
        lines[index].talk = ControlTalk(key: key, host: host, at: now.monotonic)
        lines[index].reader = FrameReader(limit: ControlFrame.strangerLimit)
        let isKnown = lines[index].number != 0
        let waiting = controls.values.filter { lines[$0].talk?.cluster == nil }
        let ofKey = controls.values.count { lines[$0].key == key }
        let ofAddress = waiting.count { lines[$0].key != key && lines[$0].address.network == address.network }
        if !isKnown { makeRoom(among: waiting, for: key) }
        controls[lastSerial] = index
        guard isKnown ? ofKey < Self.controlsPerKey : ofAddress < Self.strangersPerAddress else {
            let reason = "too many agents wait at this address; let them be admitted first"
            say(ControlFrame("denied", ["reason": .string(reason), "retry": 60]), on: index)
            close(index, because: reason)
            return false
        }
        return true
    }

    /// Closes the oldest of a key that has enough connections to wait on, and the oldest of all where there are too many.
    private mutating func makeRoom(among waiting: [UInt32], for key: KeyID) {
        let own = waiting.filter { lines[$0].key == key }
        if own.count >= Self.strangersPerKey, let oldest = own.min(by: { lines[$0].serial < lines[$1].serial }) {
            close(oldest, because: "it dialled anew")
        } else if waiting.count >= Self.strangers,
            let oldest = waiting.min(by: { lines[$0].serial < lines[$1].serial })
        {
            close(oldest, because: "too many agents wait to be admitted")
        }
    }

    mutating func takeFrames(_ bytes: [UInt8], on index: UInt32) {
        let serial = lines[index].serial
        lines[index].reader.take(bytes)
        // Whatever a frame leads to may close the connection.
        while lines[index].kind == .control, lines[index].serial == serial {
            do throws(LinkError) {
                guard let frame = try lines[index].reader.next() else { return }
                let entry = tunnel.book.entry(lines[index].key)
                let acts =
                    lines[index].talk?.hear(frame, entry: entry, wall: now.wall, at: now.monotonic) ?? []
                perform(acts, on: index)
            } catch {
                say(ControlFrame("denied", ["reason": .string("\(error)"), "retry": 60]), on: index)
                return close(index, because: "\(error)")
            }
        }
    }

    mutating func tickControl(_ index: UInt32) {
        let number = lines[index].number
        let idle = lines[index].talk.map { waiting(of: $0, number) } ?? 0
        let acts =
            lines[index].talk?.tick(idle: idle, bound: tunnel.figures.bound(number), at: now.monotonic) ?? []
        perform(acts, on: index)
        guard lines[index].kind == .control, let talk = lines[index].talk, let cluster = talk.cluster else { return }
        tunnel.figures.change(cluster) { $0.roundTrip = talk.roundTrip ?? $0.roundTrip }
    }

    private func waiting(of talk: ControlTalk, _ number: AgentBook.Number) -> Int {
        guard let cluster = talk.cluster, let pool = pools[cluster] else { return 0 }
        return pool.stack.count { lines[$0].agent == talk.agent && lines[$0].number == number }
    }

    mutating func say(_ frame: ControlFrame, on index: UInt32) {
        guard lines[index].kind == .control else { return }
        guard frame.fits else {
            return shared.log.write(.warn, "a frame \(frame.type) is too long for an agent and was not said to it")
        }
        if !send(frame.encode(), on: index) { close(index, because: "it broke off") }
    }

    /// Does what the talk has decided.
    mutating func perform(_ acts: [ControlTalk.Act], on index: UInt32) {
        let serial = lines[index].serial
        for act in acts {
            guard lines[index].kind == .control, lines[index].serial == serial else { return }
            switch act {
            case .say(let frame): say(frame, on: index)
            case .post(let frame): post(frame, of: index)
            case .admitted: admit(index)
            case .leaving: drain(index)
            case .close(let reason): close(index, because: reason)
            }
        }
    }

    private func post(_ frame: ControlFrame, of index: UInt32) {
        tunnel.postman.take(
            Postman.Letter(
                connection: lines[index].serial, key: lines[index].key, publicKey: lines[index].publicKey,
                address: lines[index].address.host, frame: frame,
                isStranger: lines[index].talk?.cluster == nil))
    }

    private mutating func admit(_ index: UInt32) {
        guard let cluster = lines[index].talk?.cluster else { return }
        // Struck since it was looked for.
        guard let number = tunnel.book.number(of: lines[index].key) else {
            return close(index, because: tunnel.book.reason(lines[index].key) ?? "the hub has ended it")
        }
        lines[index].number = number
        if let agent = lines[index].talk?.agent { welcomeBack(AgentRun(cluster: cluster, agent: agent)) }
        lines[index].cluster = cluster
        lines[index].reader.limit = ControlFrame.limit
        pools[cluster, default: ClusterPool()].controls.append(index)
        pools[cluster]?.awaitsAgentUntil = .max
        // Said to the newcomer too.
        pools[cluster]?.saidIdle = 0
        noteAgents(cluster)
        shared.log.write(.info, "cluster \(cluster): an agent is here, key \(lines[index].key.text.prefix(12))")
        sayPool(cluster, mayLower: true)
    }

    /// An agent leaves: nothing new for it.
    private mutating func drain(_ index: UInt32) {
        guard let talk = lines[index].talk, let cluster = talk.cluster else { return }
        pools[cluster]?.controls.removeAll { $0 == index }
        closeWaiting(of: talk.agent, lines[index].number, in: cluster)
        noteAgents(cluster)
        pools[cluster]?.saidIdle = 0
    }

    /// Closes the data connections of an agent that wait.
    private mutating func closeWaiting(of agent: AgentID?, _ number: AgentBook.Number, in cluster: String) {
        for line in pools[cluster]?.stack ?? []
        where lines[line].kind == .idle && lines[line].agent == agent && lines[line].number == number {
            close(line, because: "its agent leaves")
        }
    }

    private func noteAgents(_ cluster: String) {
        let count = pools[cluster]?.controls.count ?? 0
        tunnel.figures.change(cluster) { $0.agents = count }
    }

    /// A control connection is closed.
    mutating func controlEnded(_ index: UInt32, _ reason: String) {
        controls[lines[index].serial] = nil
        guard let talk = lines[index].talk, talk.hello != nil else { return }
        post(ControlFrame("gone", ["reason": .string(reason), "silent": .integer(talk.silence)]), of: index)
        guard let cluster = talk.cluster else { return }
        pools[cluster]?.controls.removeAll { $0 == index }
        if pools[cluster]?.controls.isEmpty == true { pools[cluster]?.awaitsAgentUntil = now.monotonic + Self.memory }
        pools[cluster]?.saidIdle = 0
        closeWaiting(of: talk.agent, lines[index].number, in: cluster)
        noteAgents(cluster)
        awaitReturn(of: talk, to: cluster)
        shared.log.write(.info, "cluster \(cluster): an agent is gone: \(reason)")
    }

    /// Who has said that it leaves ends what it has left by itself.
    private mutating func awaitReturn(of talk: ControlTalk, to cluster: String) {
        guard let agent = talk.agent, !talk.isLeaving, tunnel.figures.bound(in: cluster) > 0 else { return }
        let isHere = pools[cluster]?.controls.contains { lines[$0].talk?.agent == agent } ?? false
        let run = AgentRun(cluster: cluster, agent: agent)
        if !isHere { absent[run] = now.monotonic + shared.limits.absence.milliseconds }
    }

    private mutating func welcomeBack(_ run: AgentRun) {
        absent[run] = nil
        tunnel.departures.forget(run)
    }

    /// Ends what still goes over connections of agents that have not come back in time.
    mutating func nameDepartures() {
        let gone = absent.filter { $0.value <= now.monotonic }
        guard !gone.isEmpty else { return }
        absent = absent.filter { $0.value > now.monotonic }
        tunnel.departures.name(gone.keys, at: now.monotonic)
        for worker in workers { worker.descriptor.signal() }
        shared.log.write(.warn, "\(gone.count) agent(s) have not come back: what went over their connections is ended")
    }

    // MARK: The hub's word

    mutating func heed(_ message: Tunnel.Message) {
        switch message {
        case .answer(let connection, let frames, let closes):
            guard let index = controls[connection], let talk = lines[index].talk else { return }
            perform(talk.answered(frames, closes: closes), on: index)
        case .tell(let key, let frame):
            for index in Array(controls.values) where lines[index].key == key && frame.fits {
                perform([.say(frame)], on: index)
            }
        }
    }

    /// The book has changed: whoever waits may be welcome now, and whoever was struck ends.
    mutating func reviewBook() {
        bookVersion = tunnel.book.currentVersion
        for index in 0..<lines.extent where lines[index].kind != .free {
            let key = lines[index].key
            if lines[index].number != 0, tunnel.book.isStruck(lines[index].number) {
                let reason = tunnel.book.reason(key) ?? "the hub has ended it"
                let acts = lines[index].talk?.strike(reason)
                if let acts { perform(acts, on: index) } else { close(index, because: reason) }
            } else if lines[index].kind == .control {
                let acts = lines[index].talk?.look(tunnel.book.entry(key), wall: now.wall) ?? []
                perform(acts, on: index)
            }
        }
        tunnel.figures.keep(tunnel.book.clusters)
    }
}
