internal import OrreryWire

/// What an upload has done since its rate was looked at last. Beside the slots, since few connections upload.
struct Upload {
    var bytes: UInt32 = 0
    /// How many looks in a row found that it was not the client's doing.
    var excused: UInt16 = 0
    /// The upstream did not take what was there.
    var isHeld = false
    /// The client waits to be told to go on.
    var isExpecting = false
}

/// Limits on what a client may take: places, time, and the patience of others.
extension Worker {
    // MARK: Addresses

    /// Counts a new connection. False when its network has too many, and it is to be refused.
    mutating func admit(_ client: UInt32) -> Bool {
        guard let network = countedNetwork(client) else { return true }
        guard shared.addresses.open(network) > UInt32(clamping: shared.limits.connectionsPerAddress) else {
            return true
        }
        metrics.add(.refusedAddress)
        if now.monotonic >= nextWarning {
            nextWarning = now.monotonic + 60_000
            shared.log.write(.warn, "\(slots[client].endpoint.address.host) has too many connections; more are refused")
        }
        return false
    }

    /// Tells a client that there are too many of it, where that can be told without a handshake.
    mutating func turnAway(_ client: UInt32) {
        guard contexts.server == nil else { return close(client, reset: true) }
        if refuse(client, 429) { pump(client) }
    }

    mutating func forgetAddress(_ client: UInt32) {
        // The hub's own connections were never counted.
        if !slots[client].isInner, let network = countedNetwork(client) { shared.addresses.close(network) }
    }

    private mutating func countedNetwork(_ client: UInt32) -> UInt64? {
        let limits = shared.limits
        let address = slots[client].endpoint.address
        guard limits.connectionsPerAddress > 0, limits.countsLocalAddresses || address.isPublic else { return nil }
        return address.network == 0 ? nil : address.network
    }

    // MARK: Room

    /// Closes a connection nobody needs just now: a kept one to an upstream, else the client that has been silent for the
    /// longest time between two requests. False when there is none.
    mutating func makeRoom() -> Bool {
        if let upstream = timers.first(Wait.pooled.rawValue) {
            pools.remove(upstream, from: slots)
            close(upstream)
        } else if let client = timers.first(Wait.idle.rawValue) {
            // Now, whatever its kernel still holds for it.
            close(client, reset: slots[client].isLent && kernel.unconfirmed(slots[client].descriptor) > 0)
        } else if let index = leaving.keys.first {
            close(index)
        } else {
            return false
        }
        metrics.add(.evicted)
        return true
    }

    // MARK: Uploads

    /// The body of a request is awaited from now on. `head` is still its head.
    mutating func beginUpload(_ client: UInt32) {
        while uploads.extent <= client { _ = uploads.add { Upload() } }
        uploads[client] = Upload(isExpecting: head.fields.expectsContinue)
        wait(client, uploadWait)
    }

    /// Until an upload is looked at: for its rate, or where there is no least one, for a silence.
    var uploadWait: Wait { shared.limits.uploadRate > 0 ? .upload : .stall }

    /// A piece of it came. The rate is looked at when its time is over, not here.
    mutating func uploadMoved(_ client: UInt32, _ count: Int) {
        guard shared.limits.uploadRate > 0 else {
            uploads[client].excused = 0
            return wait(client, .stall)
        }
        uploads[client].bytes &+= UInt32(truncatingIfNeeded: count)
        if timers.place(of: client) != Wait.upload.rawValue { wait(client, .upload) }
    }

    /// The upstream does not take what is there: the client is not to blame.
    mutating func uploadHeld(_ client: UInt32) {
        if shared.limits.uploadRate > 0, client < uploads.extent { uploads[client].isHeld = true }
    }

    enum Pace { case enough, tooSlow, upstreamTooSlow }

    /// Looks at what came since the last look, and begins anew.
    mutating func judgeUpload(_ client: UInt32) -> Pace {
        let limits = shared.limits
        guard limits.uploadRate > 0 else { return judgeSilence(client) }
        var upload = uploads[client]
        let seconds = max(limits.upload.milliseconds / 1000, 1)
        let isHeld = upload.isHeld || isUpstreamBusy(client)
        let isWaiting = upload.isExpecting && upload.bytes == 0
        let isEnough = UInt64(upload.bytes) >= limits.uploadRate * seconds
        upload.excused = isEnough ? 0 : upload.excused + 1
        upload.isExpecting = isWaiting
        (upload.bytes, upload.isHeld) = (0, false)
        uploads[client] = upload
        if isEnough { return .enough }
        let patience = isHeld ? limits.answer : isWaiting ? limits.stall : .zero
        if limits.upload * Int(upload.excused) < patience { return .enough }
        return isHeld ? .upstreamTooSlow : .tooSlow
    }

    /// Nothing has come for as long as a client may say nothing; one whose bytes are not taken is heard for longer.
    private mutating func judgeSilence(_ client: UInt32) -> Pace {
        guard isUpstreamBusy(client) else { return .tooSlow }
        uploads[client].excused += 1
        return shared.limits.stall * Int(uploads[client].excused) < shared.limits.answer ? .enough : .upstreamTooSlow
    }

    private mutating func isUpstreamBusy(_ client: UInt32) -> Bool {
        let upstream = slots[client].partner
        guard upstream != Slab<Slot>.none else { return false }
        let isReady = slots[upstream].phase == .exchange
        return !isReady || hasWaiting(upstream)
    }

    // MARK: Answers

    /// Sets what the client is waited for while nothing else limits the exchange. `isNew`: something of the answer has
    /// just been passed on.
    mutating func pace(_ client: UInt32, isNew: Bool = false) {
        // Not put off by every byte that goes: what waits must be gone by then, which makes it a rate.
        if hasWaiting(client) { return keepWaiting(client, .stall, isNew: isNew) }
        guard !slots[client].exchange.wantsRequestBody else { return }
        // A client that has closed its half may be gone altogether; it would not tell until we send.
        if slots[client].ready.contains(.ended) { return wait(client, .halfClosed) }
        guard !slots[client].exchange.isUnanswered else {
            // An answer before the answer has been taken at last.
            if timers.place(of: client) == Wait.stall.rawValue { wait(client, .answer) }
            return
        }
        if boundsQuiet { return keepWaiting(client, .quiet, isNew: isNew) }
        // It has caught up; an upstream may be silent for as long as it likes.
        timers.clear(client)
    }

    /// Whether bytes wait for a connection that does not take them.
    @inline(__always) mutating func hasWaiting(_ index: UInt32) -> Bool {
        !slots[index].output.isEmpty || (isSpliced(index) && pipes.held(slots[index].pipe) > 0)
    }

    private mutating func keepWaiting(_ client: UInt32, _ what: Wait, isNew: Bool) {
        if isNew || timers.place(of: client) != what.rawValue { wait(client, what) }
    }
}
