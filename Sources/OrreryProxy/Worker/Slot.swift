internal import OrreryWire

/// One connection, to a client or to an upstream. Small, since there may be very many: bytes are in a slot only while
/// they wait for something.
struct Slot: ~Copyable {
    enum Phase: UInt8 {
        /// Nobody's.
        case free
        /// TLS is being agreed on.
        case handshake
        /// Client: a head is awaited or half read.
        case head
        /// Client: a request is being answered. Upstream: it is answering one.
        case exchange
        /// Client: the last bytes go out, then the connection ends.
        case finishing
        /// Client: all is said; what still comes is thrown away, so that no reset overtakes the answer.
        case lingering
        /// Upstream: not yet connected.
        case connecting
        /// Upstream: an agent's, which has been told where it leads; its word is awaited.
        case offered
        /// Upstream: kept for the next request.
        case pooled
        /// Nobody's any more, but the kernel still has bytes for the other side that closing would throw away.
        case leaving
    }

    /// Whether the kernel makes the records of a secured connection, and whether it has said that no more comes.
    enum Lending: UInt8 {
        case none, lent
        /// It had no room for that word, and is told again when it has.
        case owesEnd
        case saidEnd
    }

    var descriptor: CInt = -1
    /// Goes up with every use of this place. Held in the token the kernel gives back, not the descriptor: the kernel may
    /// already have reused that number for another connection.
    var generation: UInt32 = 0
    var phase: Phase = .free
    var isClient = false
    /// What the kernel has announced and not yet taken back by a short read or write.
    var ready = Readiness.none
    /// `input` holds the beginning of a head that has been looked at.
    var isHeadBegun = false
    /// Waits in the worker's queue for its next turn.
    var isQueued = false
    /// Client: it came to the inner port, as the hub does.
    var isInner = false
    /// What goes over it is TLS, of which the worker's `streams` remember the rest.
    var isSecure = false
    var lending = Lending.none
    /// Its keys are lent to the kernel, which makes the records of what is sent.
    var isLent: Bool { lending != .none }
    /// The other side of the exchange.
    var partner: UInt32 = Slab<Slot>.none
    /// The pool it waits in.
    var pool: UInt32 = Slab<Slot>.none
    /// Its neighbours in the pool, or the next one in the queue.
    var next: UInt32 = Slab<Slot>.none
    var previous: UInt32 = Slab<Slot>.none
    var nextQueued: UInt32 = Slab<Slot>.none

    /// Bytes received and not yet understood, or of a later request.
    var input = Parking()
    /// Bytes that the kernel has not taken yet.
    var output = Parking()
    /// The pipe through which bytes are on their way to this connection.
    var pipe: UInt32 = Pipes.none
    /// The head as it went to the upstream, until the first byte comes back: to ask again, or to name the page in error.
    /// Upstream: what it is to be sent once its connection is secured.
    var replay = Parking()
    /// What becomes of the client's connection once `output` is gone, while `finishing`.
    var afterwards: Exchange.Ending.Client = .close
    /// Client: how many small messages came in a row over its tunnel.
    var words: UInt8 = 0
    /// Client: how many turns in a row did not suffice.
    var streak: UInt8 = 0
    /// Client: the turn in which it last moved what it may move while others have words to say.
    var filledTurn: UInt8 = 0
    /// How far `input` has been searched for the end of a head.
    var searched: UInt32 = 0
    /// The status of the error page that is being asked for in place of an answer; 0 for a request of the client's own.
    var errorStatus: UInt16 = 0

    /// Client: where it connects from. Upstream: where to.
    var endpoint: Endpoint
    var activity: ActivityBook.Cell?
    /// The hash of the browser session this connection was upgraded with; 0 for none.
    var browserSession: UInt64 = 0
    var exchange = Exchange(Exchange.Request())

    init(endpoint: Endpoint) { self.endpoint = endpoint }
}
