internal import OrreryWire

/// Secured connections whose records the kernel makes, where it can (docs/decisions/0007): a large answer then goes from
/// socket to socket as it does without TLS. What comes from the other side is still decrypted here.
extension Worker {
    /// Whether bytes can go from the kernel to `target` without coming up: in the clear, or encrypted by the kernel itself,
    /// which it is asked to do from here on.
    mutating func canSplice(to target: UInt32) -> Bool {
        if !slots[target].isSecure || slots[target].isLent { return true }
        guard let keys = engine.sendingKeys(streams[target]) else { return false }
        // Whatever comes of it they are of no more use: they are the kernel's, or it does not know the cipher.
        streams[target].forgetSending()
        guard kernel.encrypt(slots[target].descriptor, with: keys) else { return false }
        slots[target].lending = .lent
        metrics.add(slots[target].isClient ? .clientsLent : .upstreamsLent)
        return true
    }

    /// Whether the other side wants new keys where the kernel has none but the old ones: nobody it was meant to serve does.
    mutating func wantsOtherKeys(_ index: UInt32) -> Bool { slots[index].isLent && streams[index].owesKeys }

    /// Has the kernel say that no more comes, unless something still does: then the end is a cut, and is to be seen as one.
    mutating func sayEnd(_ index: UInt32) {
        let isCut = !slots[index].output.isEmpty || isSpliced(index) && pipes.held(slots[index].pipe) > 0
        guard !isCut, slots[index].lending != .saidEnd else { return }
        slots[index].lending = .owesEnd
        if case .blocked = kernel.sendAlert(slots[index].descriptor, .closeNotify) { return }
        slots[index].lending = .saidEnd
    }

    /// Has the kernel say what is wrong, in the place of an end.
    mutating func sayFault(_ index: UInt32, _ alert: TLSAlert) {
        guard slots[index].lending != .saidEnd else { return }
        slots[index].lending = .saidEnd
        _ = kernel.sendAlert(slots[index].descriptor, alert)
    }

    // MARK: Leaving

    /// How a connection leaves: what was unconfirmed when it was looked at last, and when it is gone if nothing more is taken.
    struct Departure {
        var unconfirmed: Int
        var deadline: UInt64
    }

    /// Lets a connection go whose kernel would throw away the last records if it were closed now: what was sent is not
    /// wholly with the other side. False when there is nothing to wait for.
    mutating func leaveLater(_ index: UInt32) -> Bool {
        guard slots[index].phase != .leaving, !slots[index].ready.contains(.gone) else { return false }
        // Before the last word, which the kernel can still deliver when nothing is in front of it.
        let unconfirmed = kernel.unconfirmed(slots[index].descriptor)
        sayEnd(index)
        guard unconfirmed > 0 || slots[index].lending == .owesEnd else { return false }
        noteClose(index)
        recycleBuffers(index)
        endSplicing(to: index)
        leaving[index] = departure(unconfirmed)
        slots[index].partner = Slab<Slot>.none
        slots[index].phase = .leaving
        wait(index, .linger)
        return true
    }

    private func departure(_ unconfirmed: Int) -> Departure {
        Departure(unconfirmed: unconfirmed, deadline: now.monotonic + shared.limits.stall.milliseconds)
    }

    /// Something has happened to a connection that leaves.
    mutating func hearLeaving(_ index: UInt32) {
        if slots[index].lending == .owesEnd { sayEnd(index) }
        // A cut has no last word.
        let isOver = slots[index].lending != .owesEnd && kernel.unconfirmed(slots[index].descriptor) == 0
        if isOver || slots[index].ready.contains(.gone) { close(index) }
    }

    /// Looks at a connection that leaves. As during an answer, whoever takes nothing for too long gets no more.
    mutating func lookAtLeaving(_ index: UInt32) {
        hearLeaving(index)
        guard slots[index].phase == .leaving, let last = leaving[index] else { return }
        let unconfirmed = kernel.unconfirmed(slots[index].descriptor)
        if unconfirmed < last.unconfirmed { leaving[index] = departure(unconfirmed) }
        guard unconfirmed < last.unconfirmed || now.monotonic < last.deadline else { return close(index) }
        wait(index, .linger)
    }
}
