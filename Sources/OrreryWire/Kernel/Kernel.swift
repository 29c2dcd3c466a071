/// What a loop asks of the operating system. `LinuxKernel` asks the real one; a test plays one that follows a script, so
/// that a short write, a stale event or a reused descriptor happens exactly when the test wants it.
///
/// All calls return at once, except `wait`. What an error number means is decided behind this protocol and nowhere else.
package protocol Kernel {
    /// Watches a connection for bytes, room and hang-up, edge triggered, until it is closed. Events carry `token`.
    mutating func watch(_ descriptor: CInt, token: UInt64)
    /// Watches a listener or a signal, level triggered.
    mutating func watchSource(_ descriptor: CInt, token: UInt64)
    mutating func unwatch(_ descriptor: CInt)
    /// Waits for events, at most `milliseconds` (for ever when negative), and returns how many there are.
    mutating func wait(milliseconds: CInt) -> Int
    /// One of the events of the last `wait`.
    func event(_ index: Int) -> Event

    mutating func accept(_ listener: CInt) -> Acceptance
    mutating func connect(_ address: SocketAddress) -> Connection
    /// The outcome of a connection that was `.started`: 0, or an error number.
    mutating func connectionError(_ descriptor: CInt) -> CInt
    /// Fills at most `count` bytes from `target` on; the memory must be there and the caller's alone.
    @unsafe mutating func receive(_ descriptor: CInt, into target: UnsafeMutableRawPointer, count: Int) -> Transfer
    /// Sends what the kernel takes of `count` bytes from `source` on; the memory must be initialised.
    @unsafe mutating func send(_ descriptor: CInt, from source: UnsafeRawPointer, count: Int) -> Transfer
    mutating func shutDownSending(_ descriptor: CInt)
    /// Closes; with `reset` the peer sees an error instead of an orderly end.
    mutating func close(_ descriptor: CInt, reset: Bool)
    /// Empties a signal, so that it can be given again.
    mutating func clearSignal(_ descriptor: CInt)

    /// The time now. Costs a clock reading: a loop asks once a turn.
    mutating func now() -> Moment
}

/// What happened to a descriptor: the token it is watched under, and in which ways it is ready.
package struct Event: Sendable {
    package let token: UInt64
    package let readiness: Readiness

    package init(token: UInt64, readiness: Readiness) {
        self.token = token
        self.readiness = readiness
    }
}

package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Bytes, an end or an error can be read.
    package static let readable = Readiness(rawValue: 1)
    /// There is room to send.
    package static let writable = Readiness(rawValue: 2)
    /// The peer sends no more; bytes it sent before may still be unread.
    package static let ended = Readiness(rawValue: 4)
    /// The connection is gone in both directions.
    package static let gone = Readiness(rawValue: 8)
}

/// The result of sending or receiving.
package enum Transfer: Equatable, Sendable {
    case bytes(Int)
    /// The peer has sent its last byte. Only from receiving.
    case ended
    /// Nothing now; an event will tell.
    case blocked
    case failed(CInt)
}

package enum Acceptance: Sendable {
    case accepted(CInt, SocketAddress)
    case none
    /// No descriptor or memory left: accepting again at once would only spin.
    case exhausted
}

package enum Connection: Sendable {
    case connected(CInt)
    /// On its way: the descriptor becomes writable, or fails, later.
    case started(CInt)
    case failed(CInt)
}

/// One reading of both clocks, in milliseconds.
package struct Moment: Equatable, Sendable {
    /// Since some point in the past; never goes back. What timers use.
    package var monotonic: UInt64
    /// Since 1970. What people read.
    package var wall: UInt64

    package init(monotonic: UInt64, wall: UInt64) {
        self.monotonic = monotonic
        self.wall = wall
    }
}
