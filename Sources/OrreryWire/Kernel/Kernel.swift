// Public, not `package`: Swift 6.3 inlines only public declarations into other modules, and these are on the path of
// every event.

/// What a loop asks of the operating system. `LinuxKernel` asks the real one; a test plays one that follows a script, so
/// that a short write, a stale event or a reused descriptor happens exactly when the test wants it.
///
/// All calls return at once, except `wait`. What an error number means is decided behind this protocol and nowhere else.
public protocol Kernel {
    /// Watches a connection for bytes, room and hang-up, edge triggered, until it is closed. Events carry `token`.
    mutating func watch(_ descriptor: CInt, token: UInt64)
    /// Watches a listener or a signal, level triggered.
    mutating func watchSource(_ descriptor: CInt, token: UInt64)
    mutating func unwatch(_ descriptor: CInt)
    /// Waits for events and returns how many there are. Returns at about `deadline` of the monotonic clock at the latest;
    /// sooner now and then, without any event.
    mutating func wait(until deadline: Deadline) -> Int
    /// One of the events of the last `wait`. Tokens that nobody has given may be among them.
    mutating func event(_ index: Int) -> Event

    mutating func accept(_ listener: CInt) -> Acceptance
    /// Lets handshakes end that have begun, and none begin.
    mutating func refuseNewcomers(_ listener: CInt)
    /// Refuses connections from now on, for all who have the listener. What was not accepted may be reset.
    mutating func stopListening(_ listener: CInt)
    mutating func connect(_ address: SocketAddress) -> Connection
    /// To a socket in the file system: connected at once or not at all.
    mutating func connect(path: String) -> Connection
    /// The outcome of a connection that was `.started`: 0, or an error number.
    mutating func connectionError(_ descriptor: CInt) -> CInt
    /// Fills at most `count` bytes from `target` on; the memory must be there and the caller's alone.
    @unsafe mutating func receive(_ descriptor: CInt, into target: UnsafeMutableRawPointer, count: Int) -> Transfer
    /// Sends what the kernel takes of `count` bytes from `source` on; the memory must be initialised.
    @unsafe mutating func send(_ descriptor: CInt, from source: UnsafeRawPointer, count: Int) -> Transfer
    /// A pipe for `splice`, of about `capacity` bytes. Nil when the process has no descriptor left.
    mutating func makePipe(capacity: Int) -> Pipe?
    mutating func close(_ pipe: Pipe)
    /// Moves at most `count` bytes from a socket into a pipe, or from a pipe to a socket, without their coming up to us.
    mutating func splice(from source: CInt, to target: CInt, count: Int) -> Transfer
    /// Lets the kernel encrypt all that is sent over a connection from now on. False where it cannot: nothing has changed
    /// then.
    mutating func encrypt(_ descriptor: CInt, with keys: borrowing RecordKeys) -> Bool
    /// Says something of TLS's own over a connection that the kernel encrypts: whole, or not at all.
    mutating func sendAlert(_ descriptor: CInt, _ alert: TLSAlert) -> Transfer
    /// How many bytes of what was sent the peer has not confirmed.
    mutating func unconfirmed(_ descriptor: CInt) -> Int
    mutating func shutDownSending(_ descriptor: CInt)
    /// Closes; with `reset` the peer sees an error instead of an orderly end.
    mutating func close(_ descriptor: CInt, reset: Bool)
    /// Asks at the other end of a channel for a connection, which `takeHanded` yields later under this token. False when
    /// the channel is full or gone.
    mutating func ask(_ channel: CInt, for word: UInt64, token: UInt64) -> Bool
    /// Hands a connection over to the other end of a channel, where it gets a descriptor of its own; ours stays open. False
    /// when the channel is full or gone.
    mutating func hand(_ descriptor: CInt, over channel: CInt, word: UInt64, token: UInt64) -> Bool
    /// What has been handed over through a channel; nil when there is nothing now.
    mutating func takeHanded(_ channel: CInt) -> Handed?
    /// Empties a signal, so that it can be given again.
    mutating func clearSignal(_ descriptor: CInt)

    /// The time now. Costs a clock reading: a loop asks once a turn.
    mutating func now() -> Moment
    /// Nanoseconds of some clock, for differences: to time a step now and then.
    mutating func stopwatch() -> UInt64
}

/// How long to wait.
public enum Deadline: Equatable, Sendable {
    /// Only look whether anything has happened.
    case now
    case at(UInt64)
    case never
}

/// What happened to a descriptor: the token it is watched under, and in which ways it is ready.
public struct Event: Sendable {
    public let token: UInt64
    public let readiness: Readiness

    @inlinable public init(token: UInt64, readiness: Readiness) {
        self.token = token
        self.readiness = readiness
    }
}

/// A few bits. Not an `OptionSet`: its generic defaults were called from every event without being specialised.
public struct Readiness: Equatable, Sendable {
    @usableFromInline var bits: UInt8

    @inlinable public init(bits: UInt8) { self.bits = bits }

    @inlinable public static var none: Readiness { Readiness(bits: 0) }
    /// Bytes, an end or an error can be read.
    @inlinable public static var readable: Readiness { Readiness(bits: 1) }
    /// There is room to send.
    @inlinable public static var writable: Readiness { Readiness(bits: 2) }
    /// The peer sends no more; bytes it sent before may still be unread.
    @inlinable public static var ended: Readiness { Readiness(bits: 4) }
    /// The connection is gone in both directions.
    @inlinable public static var gone: Readiness { Readiness(bits: 8) }

    @inlinable public static func | (left: Readiness, right: Readiness) -> Readiness {
        Readiness(bits: left.bits | right.bits)
    }
    /// Whether any of `other` is in it.
    @inlinable public func contains(_ other: Readiness) -> Bool { bits & other.bits != 0 }
    @inlinable public mutating func insert(_ other: Readiness) { bits |= other.bits }
    @inlinable public mutating func remove(_ other: Readiness) { bits &= ~other.bits }
}

/// The result of sending or receiving.
public enum Transfer: Equatable, Sendable {
    case bytes(Int)
    /// The peer has sent its last byte. Only from receiving.
    case ended
    /// Nothing now; an event will tell.
    case blocked
    case failed(CInt)
}

/// What TLS says of a connection (RFC 8446 6), as far as we have to say it ourselves.
public enum TLSAlert: UInt8, Sendable {
    /// No more comes.
    case closeNotify = 0
    /// What came is no record that was encrypted with the right key.
    case badRecord = 20
    case internalError = 80

    /// 1 is a word, 2 the end of the connection.
    public var level: UInt8 { self == .closeNotify ? 1 : 2 }
}

/// The two ends of a pipe.
public struct Pipe: Equatable, Sendable {
    /// What comes out of it is read here.
    public let outlet: CInt
    public let inlet: CInt

    public init(outlet: CInt, inlet: CInt) {
        self.outlet = outlet
        self.inlet = inlet
    }
}

public enum Acceptance: Sendable {
    case accepted(CInt, SocketAddress)
    case none
    /// No descriptor or memory left: accepting again at once would only spin.
    case exhausted
}

public enum Connection: Sendable {
    case connected(CInt)
    /// On its way: the descriptor becomes writable, or fails, later.
    case started(CInt)
    case failed(CInt)
    /// No descriptor or memory left.
    case exhausted
}

/// What came through a channel: under which token, and a connection that is now this thread's, or none.
public struct Handed: Equatable, Sendable {
    public let token: UInt64
    /// What was said about the connection; 0 for nothing.
    public let word: UInt64
    public let descriptor: CInt?

    public init(token: UInt64, word: UInt64 = 0, descriptor: CInt?) {
        self.token = token
        self.word = word
        self.descriptor = descriptor
    }
}

/// One reading of both clocks, in milliseconds.
public struct Moment: Equatable, Sendable {
    /// Since some point in the past; never goes back. What timers use.
    public var monotonic: UInt64
    /// Since 1970. What people read.
    public var wall: UInt64

    public init(monotonic: UInt64, wall: UInt64) {
        self.monotonic = monotonic
        self.wall = wall
    }
}
