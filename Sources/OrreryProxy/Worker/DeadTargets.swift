internal import OrreryWire

/// The targets that were silent a moment ago when a connection was tried: nothing came back in time, or the network said
/// that there is no way. Until that moment is over their requests are answered at once, without another attempt; then one
/// request tries, and the others go on being answered until it is known how that went. So a machine that is gone holds one
/// attempt, however many browsers ask for it again and again.
///
/// A refused connection is an answer, and costs a round trip: the next request tries again, so that a server that comes
/// back is served from its first moment on, by every worker. A handshake that fails comes after a connection that was taken,
/// so it counts as an answer too, like a server that accepts and says nothing: whoever mends a certificate should not
/// find the old verdict, and somebody who listens is no machine that is gone.
///
/// Bounded: a target that falls on the place of another is forgotten, and simply tried. Asked only before a connection is
/// made, not for each request. Concurrency: belongs to a worker.
struct DeadTargets: ~Copyable {
    // Not private: 6.3 compilers cannot emit a non-copyable type whose storage is generic over a private one.
    struct Place {
        var endpoint = Endpoint(.none)
        /// Nothing is tried before; 0 when nothing is known.
        var until: UInt64 = 0
        /// One request is trying.
        var isTried = false
    }

    private var places: Slab<Place>
    private let trial: UInt64
    private static var count: UInt32 { 1024 }
    private static var rest: UInt64 { 250 }

    /// `trial` is how many milliseconds an attempt may take.
    init(trial: UInt64) {
        self.trial = trial
        places = Slab(capacity: Self.count)
        for _ in 0..<Self.count { _ = places.add { Place() } }
    }

    /// Whether a connection may be tried now. If something is known of the target, this is the one attempt.
    mutating func mayTry(_ endpoint: Endpoint, now: UInt64) -> Bool {
        let index = Self.index(endpoint)
        guard places[index].until != 0, places[index].endpoint == endpoint else { return true }
        guard places[index].until <= now else { return false }
        places[index].until = now + trial
        places[index].isTried = true
        return true
    }

    /// An attempt failed for want of an answer.
    mutating func wasSilent(_ endpoint: Endpoint, now: UInt64) {
        places[Self.index(endpoint)] = Place(endpoint: endpoint, until: now + Self.rest)
    }

    /// The target took the connection, or refused it.
    mutating func answered(_ endpoint: Endpoint) {
        let index = Self.index(endpoint)
        if places[index].endpoint == endpoint { places[index].until = 0 }
    }

    /// Whoever tried has left before anything was known: the next one tries.
    mutating func wasAbandoned(_ endpoint: Endpoint, now: UInt64) {
        let index = Self.index(endpoint)
        guard places[index].isTried, places[index].until != 0, places[index].endpoint == endpoint else { return }
        places[index].until = now
        places[index].isTried = false
    }

    private static func index(_ endpoint: Endpoint) -> UInt32 { UInt32(endpoint.mixed % UInt64(count)) }
}
