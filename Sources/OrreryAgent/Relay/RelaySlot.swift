internal import OrreryWire

/// One connection of the relay: to a proxy, to a pod, or to the gate. An idle one holds no buffer.
struct RelaySlot: ~Copyable {
    enum Role: UInt8 {
        case control, data
        /// To a pod or to the gate; the partner of a data connection.
        case local
    }

    enum Phase: UInt8 {
        /// Nobody's.
        case free
        case connecting
        /// The site's HTTP proxy has been asked for a way.
        case asking
        case handshake
        /// Control: messages come and go.
        case talking
        /// Data: waits for its purpose, of which nothing has come, or a part.
        case idle, handing
        /// Data: its pod is being connected to.
        case reaching
        /// Bytes go both ways.
        case relaying
        /// A refusal has been said; what still comes is thrown away, so that no reset overtakes it.
        case leaving
    }

    var descriptor: CInt = -1
    /// Goes up with every use of this place. Held in the token the kernel gives back, not the descriptor: the kernel may
    /// already have reused that number for another connection.
    var generation: UInt32 = 0
    var role = Role.local
    var phase = Phase.free
    /// What the kernel has announced and not yet taken back by a short read or write.
    var ready = Readiness.none
    /// Waits in the loop's queue for its next turn.
    var isQueued = false
    /// Its last byte has been read.
    var hasEnded = false
    /// How often in a row there was more to relay than a turn allows.
    var streak: UInt8 = 0
    /// How many small messages it has carried since the last large one.
    var words: UInt8 = 0
    /// The turn in which it last moved what it may move while others have words to say.
    var sharedTurn: UInt8 = 0
    /// Data: since when it waits, on the clock that never goes back.
    var arrival: UInt64 = 0
    /// The proxy that it leads to.
    var line: Int32 = -1
    /// The other side of a relayed connection.
    var partner: UInt32 = Slab<RelaySlot>.none
    /// Plain bytes that have come and have not gone on.
    var input = Parking()
    /// Bytes that the kernel has not taken yet, as they are to be sent.
    var output = Parking()
    /// What TLS remembers, of a connection to a proxy.
    var stream = TLSStream()

    var isSecure: Bool { role != .local }

    /// A data connection on its way, for which nothing waits as a rule.
    var isAhead: Bool { role == .data && (phase == .connecting || phase == .handshake) }

    /// TLS has been agreed on.
    var speaksTLS: Bool {
        switch phase {
        case .free, .connecting, .asking, .handshake: false
        case .talking, .idle, .handing, .reaching, .relaying, .leaving: isSecure
        }
    }
}
