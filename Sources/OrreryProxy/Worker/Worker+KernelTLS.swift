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
        slots[target].isLent = true
        metrics.add(slots[target].isClient ? .clientsLent : .upstreamsLent)
        return true
    }

    /// Whether the other side wants new keys where the kernel has none but the old ones: nobody it was meant to serve does.
    mutating func wantsOtherKeys(_ index: UInt32) -> Bool { slots[index].isLent && streams[index].owesKeys }

    /// Has the kernel say that no more comes. False when it has no room for that now.
    mutating func sayEnd(_ index: UInt32) -> Bool {
        guard !streams[index].hasSaidEnd else { return true }
        guard case .bytes = kernel.sendCloseNotify(slots[index].descriptor) else { return false }
        // So that OpenSSL knows; its own record of it would have a number that is taken.
        engine.end(streams[index])
        engine.replies.reset()
        return true
    }

    // MARK: Leaving

    /// Lets a connection go whose kernel would throw away the last records if it were closed now: what was sent is not
    /// wholly with the other side. False when there is nothing to wait for.
    mutating func leaveLater(_ index: UInt32) -> Bool {
        guard slots[index].isLent, slots[index].phase != .leaving, !slots[index].ready.contains(.gone) else {
            return false
        }
        let isSaid = sayEnd(index)
        let unconfirmed = kernel.unconfirmed(slots[index].descriptor)
        guard unconfirmed > 0 || !isSaid else { return false }
        recycleBuffers(index)
        endSplicing(to: index)
        leaving[index] = unconfirmed
        slots[index].partner = Slab<Slot>.none
        slots[index].phase = .leaving
        wait(index, .linger)
        return true
    }

    /// Something has happened to a connection that leaves.
    mutating func hearLeaving(_ index: UInt32) {
        let isSaid = sayEnd(index)
        let isOver = isSaid && kernel.unconfirmed(slots[index].descriptor) == 0
        if isOver || slots[index].ready.contains(.gone) { close(index) }
    }

    /// Looks at a connection that leaves: whoever takes nothing for as long as a client may linger gets no more.
    mutating func lookAtLeaving(_ index: UInt32) {
        let isSaid = sayEnd(index)
        let unconfirmed = kernel.unconfirmed(slots[index].descriptor)
        guard unconfirmed > 0 || !isSaid, unconfirmed < leaving[index] ?? 0 else { return close(index) }
        leaving[index] = unconfirmed
        wait(index, .linger)
    }
}
