internal import OrreryWire

/// Large bodies and busy tunnels: their bytes go from socket to socket through a pipe of the kernel and never come up
/// here, which halves what a GiB costs (docs/benchmarks.md).
extension Worker {
    /// From how many announced bytes on a pipe is worth its two calls.
    static var bulk: UInt64 { 256 << 10 }

    enum Splicing {
        /// So many bytes were taken in; others may have gone out.
        case moved(Int)
        case waits
        /// The source has no more bytes now, and the pipe is empty.
        case idle
        case sourceEnded
        case sourceFailed, targetFailed
    }

    /// Whether bytes for this connection go through a pipe now.
    mutating func isSpliced(_ index: UInt32) -> Bool { slots[index].pipe != Pipes.none }

    /// Lets what comes for `target` go through a pipe from now on, if there is one and nothing waits in a buffer.
    mutating func beginSplicing(from source: UInt32, to target: UInt32) {
        guard slots[source].input.isEmpty, slots[target].output.isEmpty, canSplice(from: source),
            canSplice(to: target), let pipe = pipes.take(&kernel)
        else { return }
        slots[target].pipe = pipe
    }

    mutating func endSplicing(to target: UInt32) {
        guard slots[target].pipe != Pipes.none else { return }
        pipes.put(slots[target].pipe, &kernel)
        slots[target].pipe = Pipes.none
    }

    /// Only bytes that the kernel has in the clear can go through it.
    private mutating func canSplice(from source: UInt32) -> Bool { !slots[source].isSecure }

    /// One step: what the pipe holds goes out, and when it is empty, at most `limit` bytes come in.
    mutating func splice(from source: UInt32, to target: UInt32, limit: UInt64) -> Splicing {
        let pipe = slots[target].pipe
        if pipes.held(pipe) > 0 {
            guard slots[target].ready.contains(.writable) else { return .waits }
            switch pipes.drain(pipe, to: slots[target].descriptor, &kernel) {
            case .bytes(let count):
                noteSent(target, count)
                return .moved(0)
            case .blocked:
                slots[target].ready.remove(.writable)
                return .waits
            case .ended, .failed: return .targetFailed
            }
        }
        guard limit > 0, slots[source].ready.contains(.readable) else { return .idle }
        let count = Int(min(limit, UInt64(min(Pipes.capacity, portionLimit))))
        switch pipes.fill(pipe, from: slots[source].descriptor, count: count, &kernel) {
        case .bytes(let moved):
            noteReceived(source, moved)
            if moved >= portionLimit { portionIsFilled = true }
            return .moved(moved)
        case .blocked:
            // The pipe was empty, so it is the socket that has nothing.
            slots[source].ready.remove(.readable)
            return .idle
        case .ended:
            slots[source].ready.remove(.readable)
            return .sourceEnded
        case .failed: return .sourceFailed
        }
    }

    // MARK: Bodies

    /// A step of a spliced answer; whether there may be another.
    mutating func spliceAnswer(_ client: UInt32, _ upstream: UInt32) -> Bool {
        switch splice(from: upstream, to: client, limit: slots[client].exchange.unseenAnswer) {
        case .moved(let count):
            if count > 0 {
                slots[client].exchange.answerPassed(count)
                pace(client, isNew: true)
            }
            guard slots[client].exchange.isAnswered, pipes.held(slots[client].pipe) == 0 else { return true }
            endSplicing(to: client)
            return finish(client)
        case .waits, .idle:
            pace(client)
            return false
        case .sourceEnded: return upstreamEnded(client, inOrder: true)
        case .sourceFailed: return upstreamEnded(client, inOrder: false)
        case .targetFailed:
            closeBoth(client)
            return false
        }
    }

    /// A step of a spliced upload.
    mutating func spliceRequest(_ client: UInt32, _ upstream: UInt32) -> Step {
        switch splice(from: client, to: upstream, limit: slots[client].exchange.unseenRequest) {
        case .moved(let count):
            noteActivity(client)
            if count > 0 { slots[client].exchange.requestPassed(count) }
            let isWhole = !slots[client].exchange.wantsRequestBody
            if isWhole, pipes.held(slots[upstream].pipe) == 0 { endSplicing(to: upstream) }
            if isWhole { wait(client, .answer) } else { uploadMoved(client, count) }
            return .moved
        case .waits:
            uploadHeld(client)
            return .waits
        case .idle: return .waits
        case .sourceEnded, .sourceFailed:
            // A request cut short is none, and nobody is left to tell.
            if slots[client].exchange.clientDidEnd() == .abort { closeBoth(client) }
            return .over(false)
        case .targetFailed:
            // It may have answered before it closed: what it said is still there to be read.
            endSplicing(to: upstream)
            slots[client].exchange.upstreamRefusesBody()
            slots[upstream].ready.insert(.readable)
            return .moved
        }
    }

    // MARK: Tunnels

    /// A step of a tunnel's busy direction, which goes back to buffers when it has nothing to do.
    mutating func spliceTunnel(_ from: UInt32, to: UInt32, client: UInt32) -> Step {
        switch splice(from: from, to: to, limit: .max) {
        case .moved:
            if from == client { noteActivity(client) }
            return .moved
        case .waits: return .waits
        case .idle:
            endSplicing(to: to)
            return .waits
        case .sourceEnded:
            endSplicing(to: to)
            return endTunnel(from, client: client)
        case .sourceFailed, .targetFailed:
            closeBoth(client)
            return .over(false)
        }
    }
}
