internal import OrreryLink
internal import OrreryWire

/// One connection that an agent has dialled, while it is the tunnel's.
struct Line: ~Copyable {
    enum Kind: UInt8 {
        /// Nobody's.
        case free
        case control
        /// A data connection that has not said which agent's it is.
        case greeting
        /// One that waits for a request.
        case idle
    }

    var kind = Kind.free
    var descriptor: CInt = -1
    /// Goes up with every use of this place.
    var generation: UInt32 = 0
    var stream = TLSStream()
    var isWritable = true
    /// Ciphertext that the kernel has not taken yet.
    var output = Parking()
    var address = SocketAddress.none
    var key: KeyID
    var number: AgentBook.Number = 0
    /// When it ends unless something happens.
    var deadline = UInt64.max
    /// Which of all connections there ever were, for the hub.
    var serial: UInt64 = 0

    // Control connections.
    var talk: ControlTalk?
    var reader = FrameReader(limit: ControlFrame.strangerLimit)
    var publicKey: [UInt8] = []

    // Data connections.
    var agent: AgentID?
    var cluster = ""
    var greeting: [UInt8] = []

    init(key: KeyID) { self.key = key }
}

/// What the tunnel's thread knows of one cluster.
struct ClusterPool {
    struct Waiter {
        let channel: Int
        let token: UInt64
        let deadline: UInt64
    }

    /// Control connections that are welcomed and do not leave.
    var controls: [UInt32] = []
    /// Data connections that wait, last come last.
    var stack: [UInt32] = []
    /// Requests that wait for one, first come first.
    var waiters: [Waiter] = []
    var controller = PoolController()
    /// How many were said to be kept waiting by each control connection.
    var saidIdle = 0
    /// How many were asked for at once and have not come, and until when they may.
    var wanted = 0
    var wantedUntil: UInt64 = 0
    /// Until when an agent that has left, or that this run of the proxy has not seen yet, may be back.
    var awaitsAgentUntil: UInt64 = 0
}
