import OrreryLink
import OrreryWire

/// What the agent knows of one proxy: how far its control connection is, and how many data connections should wait there.
///
/// Without I/O and without a clock: times are milliseconds since whenever, and what is to be done comes back as an answer.
struct ProxyLine {
    enum State: Equatable {
        /// Nothing is under way until then.
        case resting(until: UInt64)
        /// The address is being looked up.
        case resolving
        /// The control connection is on its way, or has said hello and waits for its welcome.
        case dialling(slot: UInt32)
        case greeted(slot: UInt32)
        case welcomed(slot: UInt32)
    }

    let place: ProxyPlace
    var state = State.resting(until: 0)
    /// Where the control connection goes, and the data connections after it.
    var address: SocketAddress?
    var reader = FrameReader()
    /// It leaves: nothing new goes there.
    var isDraining = false
    /// Nobody wants it any more: it was in nobody's list when the first proxy was asked again.
    var isForgotten = false
    /// How many data connections wait there, and how many are on their way.
    var idle = 0
    var dialling = 0

    private var wanted = 0
    /// Of those asked for at once, how many have not been dialled yet.
    private var urgent = 0
    private var control: Reconnection
    private var data: Reconnection
    /// No data connection is dialled before then.
    private var restsUntil: UInt64 = 0
    /// Before then none takes the place of one that was given a purpose or is gone; nil when none was.
    private var refillsAt: UInt64?

    /// Most that a proxy may ask to wait, or to come at once.
    static let poolLimit = 1024
    /// Most that are on their way at one time, and most of those that nobody waits for.
    static let diallingLimit = 256
    static let refillLimit = 64
    /// How long the place of one that was given a purpose stays empty. A handshake costs both sides more than a request
    /// does: when many requests come at once, those are served first.
    static let pause: UInt64 = 25
    /// One that is gone sooner, and was of no use, was not taken: the next ones are dialled later and later.
    static let youth: UInt64 = 10_000

    init(_ place: ProxyPlace, draw: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }) {
        self.place = place
        control = Reconnection(draw: draw)
        data = Reconnection(draw: draw)
    }

    /// The control connection, if there is one.
    var slot: UInt32? {
        switch state {
        case .dialling(let slot), .greeted(let slot), .welcomed(let slot): slot
        case .resting, .resolving: nil
        }
    }

    var isWelcomed: Bool { if case .welcomed = state { true } else { false } }

    /// Whether the control connection is to be dialled now.
    func isDue(_ now: UInt64) -> Bool {
        guard case .resting(let until) = state else { return false }
        return until <= now && !isForgotten
    }

    /// When something is to be done next; nil when nothing is, unless something happens.
    func next() -> UInt64? {
        if case .resting(let until) = state { return isForgotten ? nil : until }
        guard isWelcomed, !isDraining, lacking > 0 else { return nil }
        // More than may be on their way are dialled when one of those has arrived.
        guard dialling < (urgent > 0 ? Self.diallingLimit : Self.refillLimit) else { return nil }
        let moment = urgent > 0 ? restsUntil : max(restsUntil, refillsAt ?? 0)
        return moment > 0 ? moment : nil
    }
}

// MARK: The control connection

extension ProxyLine {
    mutating func welcomed(slot: UInt32) {
        state = .welcomed(slot: slot)
        reader.limit = ControlFrame.limit
        control.reset()
        data.reset()
        restsUntil = 0
        isDraining = false
    }

    /// The control connection could not be made, or is gone. The proxy takes no data connection without one.
    mutating func lost(_ now: UInt64) { rest(until: control.next(after: now)) }

    /// The other side has said when to come again.
    mutating func sentAway(_ now: UInt64, seconds: Int) {
        _ = control.next(after: now)
        rest(until: now + UInt64(min(max(seconds, 1), 86_400)) * 1000)
    }

    private mutating func rest(until: UInt64) {
        state = .resting(until: until)
        reader = FrameReader()
        (wanted, urgent, refillsAt) = (0, 0, nil)
    }
}

// MARK: Data connections

extension ProxyLine {
    mutating func pool(idle count: Int) { wanted = min(count, Self.poolLimit) }
    mutating func want(_ count: Int) { urgent = min(urgent + min(count, Self.poolLimit), Self.poolLimit) }

    /// How many are missing of those that shall wait, beside what is dialled at once.
    private var missing: Int { max(0, wanted - idle - dialling) }
    private var lacking: Int { missing + urgent }

    /// How many to dial now; they count as on their way from here on.
    mutating func dials(_ now: UInt64) -> Int {
        guard isWelcomed, !isDraining, restsUntil <= now else { return 0 }
        let atOnce = min(urgent, Self.diallingLimit - dialling)
        urgent -= atOnce
        let refill = refills(now, beside: atOnce)
        dialling += atOnce + refill
        return atOnce + refill
    }

    private mutating func refills(_ now: UInt64, beside atOnce: Int) -> Int {
        guard (refillsAt ?? 0) <= now else { return 0 }
        let count = max(0, min(missing, Self.refillLimit - dialling - atOnce))
        if count == missing { refillsAt = nil }
        return count
    }

    /// One that was on its way waits at the proxy now, which has not said yet whether it takes it.
    mutating func arrived() {
        dialling -= 1
        idle += 1
    }

    /// One that was on its way does not arrive.
    mutating func failed(_ now: UInt64) {
        dialling -= 1
        // Of many that fail together one is counted.
        if restsUntil <= now { restsUntil = data.next(after: now) }
    }

    /// One that waited has been given a purpose.
    mutating func left(_ now: UInt64) {
        data.reset()
        restsUntil = 0
        idle -= 1
        refillsAt = min(refillsAt ?? .max, now + Self.pause)
    }

    /// One that waited since then is gone. Whoever waits for one is dialled for all the same.
    mutating func dropped(_ now: UInt64, waitingSince arrival: UInt64) {
        idle -= 1
        let isYoung = now < arrival + Self.youth
        if !isYoung { data.reset() }
        // Of many that go together one is counted.
        guard (refillsAt ?? 0) <= now else { return }
        refillsAt = isYoung ? data.next(after: now) : now + Self.pause
    }
}
