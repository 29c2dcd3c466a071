import OrreryLink
import OrreryModel
import OrreryWire
import Synchronization

/// Control connections: short messages, and what they change.
extension RelayLoop {
    /// The first word on a control connection.
    mutating func greet(_ index: UInt32) {
        let number = Int(slots[index].line)
        slots[index].phase = .talking
        lines[number].state = .greeted(slot: index)
        lines[number].reader = FrameReader(limit: ControlFrame.limit)
        // A proxy that knows nobody yet does not ping: then the hub must decide, which may take days.
        guard deliver(setting.hello(lines[number].place).frame.encode(), to: index) else {
            return lose(index, "it closed the connection")
        }
        wait(index, .silence)
        talk(index)
    }

    /// Reads messages as they come.
    mutating func talk(_ index: UInt32) {
        guard flush(index) else { return lose(index, "the connection broke") }
        if let held = slots[index].input.take() { guard hear(index, held) else { return } }
        while slots[index].ready.contains(.readable) {
            var bytes = workBuffer()
            switch receive(index, into: &bytes) {
            case .bytes: guard hear(index, bytes) else { return }
            case .blocked: return buffers.recycle(bytes)
            case .ended, .failed:
                buffers.recycle(bytes)
                let isStranger = !lines[Int(slots[index].line)].isWelcomed
                return lose(index, isStranger ? "it closed the connection without a welcome" : "the connection ended")
            }
        }
    }

    /// False when the connection is gone.
    private mutating func hear(_ index: UInt32, _ bytes: consuming Buffer) -> Bool {
        let number = Int(slots[index].line)
        lines[number].reader.take(bytes.read { bytes in (0..<bytes.count).map { bytes[$0] } })
        buffers.recycle(bytes)
        do {
            while let frame = try lines[number].reader.next() {
                heed(index, frame)
                guard lines[number].slot == index else { return false }
            }
            return true
        } catch {
            lose(index, "\(error)")
            return false
        }
    }

    private mutating func heed(_ index: UInt32, _ frame: ControlFrame) {
        let number = Int(slots[index].line)
        wait(index, .silence)
        switch frame.type {
        case "ping":
            let pong = ControlFrame(
                "pong",
                ["number": .integer(frame["number"]?.integer ?? 0), "time": .integer(Int64(now.wall / 1000))])
            if !deliver(pong.encode(), to: index) { lose(index, "the connection broke") }
            return
        case "pool": return lines[number].pool(idle: frame.count("idle") ?? 0)
        case "want": return lines[number].want(frame.count("count") ?? 0)
        case "drain": lines[number].isDraining = true
        case "welcome":
            if !lines[number].isWelcomed { figures.welcomedCount.wrappingAdd(1, ordering: .relaxed) }
            lines[number].welcomed(slot: index)
            // It has not heard yet that this agent leaves, and would count on it.
            if let end = leavesBy, end != .max, !deliver(farewell(by: end), to: index) {
                return lose(index, "the connection broke")
            }
        default: break
        }
        setting.tell(.frame(lines[number].place, frame))
        let patience: Int? =
            switch frame.type {
            case "denied": frame.count("retry") ?? 60
            case "revoke": 300
            default: nil
            }
        if let patience { leave(index, for: patience) }
    }

    /// Closes a control connection whose other side has said when to come again.
    private mutating func leave(_ index: UInt32, for seconds: Int) {
        let number = Int(slots[index].line)
        abandon(number)
        lines[number].sentAway(now.monotonic, seconds: seconds)
    }

    // MARK: The end of a connection to a proxy

    /// A connection to a proxy is gone, or never came to be.
    mutating func lose(_ index: UInt32, _ reason: String) {
        let number = Int(slots[index].line)
        guard slots[index].role == .control else {
            if slots[index].phase == .idle || slots[index].phase == .handing { return drop(index, reset: true) }
            lines[number].failed(now.monotonic)
            return close(index, reset: true)
        }
        abandon(number)
        lines[number].lost(now.monotonic)
        setting.tell(.lost(lines[number].place, reason: reason))
    }

    /// There is not even a connection to lose.
    mutating func lose(number: Int, _ reason: String) {
        lines[number].lost(now.monotonic)
        setting.tell(.lost(lines[number].place, reason: reason))
    }

    /// Closes the control connection of a proxy, and the data connections that wait there: it takes none without. What is
    /// relayed goes on.
    private mutating func abandon(_ number: Int) {
        if lines[number].isWelcomed { figures.welcomedCount.wrappingSubtract(1, ordering: .relaxed) }
        if let slot = lines[number].slot { close(slot, reset: false) }
        for index in 0..<slots.extent where slots[index].role == .data && slots[index].line == Int32(number) {
            switch slots[index].phase {
            case .idle, .handing: drop(index, reset: false)
            case .connecting, .asking, .handshake:
                lines[number].failed(now.monotonic)
                close(index, reset: false)
            case .free, .talking, .reaching, .relaying, .leaving: break
            }
        }
    }
}

// MARK: Mail

extension RelayLoop {
    mutating func readMail() {
        kernel.clearSignal(mailbox.signal.number)
        for mail in mailbox.take() {
            switch mail {
            case .places(let places): use(places)
            case .resolved(let number, let address): resolved(number, address)
            case .send(let bytes, let place): send(bytes, to: place)
            case .trust(let trust, let isAnew):
                setting.trust = trust
                if isAnew { reconnect() }
            case .drain(let grace): drain(grace)
            case .stop: isStopping = true
            }
        }
    }

    private mutating func use(_ places: [ProxyPlace]) {
        for number in lines.indices {
            let isWanted = places.contains(lines[number].place)
            if isWanted, lines[number].isForgotten { lines[number].state = .resting(until: now.monotonic) }
            lines[number].isForgotten = !isWanted
            // What waits there is of no use to anybody; what is relayed goes on, which the proxy has to know.
            if !isWanted, let slot = lines[number].slot {
                if lines[number].isWelcomed { _ = deliver(ControlFrame("drain", ["seconds": 0]).encode(), to: slot) }
                abandon(number)
                lines[number].state = .resting(until: now.monotonic)
            }
        }
        for place in places where !lines.contains(where: { $0.place == place }) {
            if let number = unusedLine() { lines[number] = ProxyLine(place) } else { lines.append(ProxyLine(place)) }
        }
    }

    /// A line that nobody wants and of which no connection is left.
    private func unusedLine() -> Int? {
        for number in lines.indices where lines[number].isForgotten {
            guard case .resting = lines[number].state else { continue }
            var isUsed = false
            for index in 0..<slots.extent where slots[index].phase != .free && slots[index].line == Int32(number) {
                isUsed = true
            }
            if !isUsed { return number }
        }
        return nil
    }

    private mutating func send(_ bytes: [UInt8], to place: ProxyPlace?) {
        for number in lines.indices where place == nil || lines[number].place == place {
            guard case .welcomed(let slot) = lines[number].state else { continue }
            if !deliver(bytes, to: slot) { lose(slot, "the connection broke") }
        }
    }

    /// Makes the control connections anew.
    private mutating func reconnect() {
        for number in lines.indices where lines[number].slot != nil {
            abandon(number)
            lines[number].state = .resting(until: now.monotonic)
        }
    }

    private mutating func drain(_ grace: Duration) {
        guard leavesBy == nil else { return }
        let end = now.monotonic + grace.milliseconds
        leavesBy = end
        answersUntil = now.monotonic + 1000
        send(farewell(by: end), to: nil)
    }

    /// Says that this agent leaves, and how long what runs has.
    private func farewell(by end: UInt64) -> [UInt8] {
        let left = (max(end, now.monotonic) - now.monotonic) / 1000
        return ControlFrame("drain", ["seconds": .integer(Int64(left))]).encode()
    }

    /// Whether all that ran has ended by now.
    mutating func tendLeaving() {
        guard let end = leavesBy, end != .max else { return }
        let isQuiet = figures.bound == 0 && answersUntil <= now.monotonic
        guard isQuiet || end <= now.monotonic else { return }
        leavesBy = .max
        setting.tell(.drained)
    }
}
