import OrreryLink
import OrreryWire

/// The relay's loop: one kernel's events, and all connections of this agent.
///
/// Concurrency: belongs to the thread that runs it.
struct RelayLoop: ~Copyable {
    /// What a connection may wait for, in the order of `Timers`' durations.
    enum Wait: Int { case dial, handoff, reach, silence, farewell, halfClosed }

    var kernel: LinuxKernel
    var setting: RelaySetting
    let mailbox: RelayMailbox
    let figures: RelayFigures
    var slots: Slab<RelaySlot>
    var timers: Timers
    var buffers = BufferPool()
    var engine = TLSEngine()
    var lines: [ProxyLine] = []
    var now: Moment
    /// Connections that have more to do than one turn allows.
    var queue: [UInt32] = []
    /// How many handshakes of data connections went a step on in this turn.
    private var handshakes = 0
    /// Counts turns, round and round.
    var turns: UInt8 = 0
    /// Whose words downloads leave room for.
    var conversation = Conversation()
    /// Counts data connections up.
    var greetings: UInt32 = 0
    /// When to leave even if something runs; set once we drain.
    var leavesBy: UInt64?
    /// Until then what was handed over before a proxy heard that we leave is answered.
    var answersUntil: UInt64 = 0
    var isStopping = false

    static let mailToken = UInt64.max
    /// How many handshakes of data connections go a step on in one turn. A step takes as long as ten relayed requests, and
    /// those want to be served meanwhile.
    private static var handshakesPerTurn: Int { 2 }

    init(
        _ kernel: consuming LinuxKernel, _ setting: RelaySetting, _ mailbox: RelayMailbox, _ figures: RelayFigures
    ) {
        let limits = setting.limits
        self.kernel = kernel
        self.setting = setting
        self.mailbox = mailbox
        self.figures = figures
        slots = Slab(capacity: limits.connections)
        let waits = [limits.dial, limits.handoff, limits.reach, limits.silence, limits.farewell, limits.halfClosed]
        timers = Timers(durations: waits.map(\.milliseconds), capacity: limits.connections)
        now = self.kernel.now()
        engine.makesOwnRecords = true
        self.kernel.watchSource(mailbox.signal.number, token: Self.mailToken)
    }

    /// Runs until it is told to stop.
    mutating func run() {
        while !isStopping { turn() }
        for index in 0..<slots.extent where slots[index].phase != .free { close(index, reset: false) }
        kernel.end()
    }

    private mutating func turn() {
        let count = kernel.wait(until: deadline())
        now = kernel.now()
        handshakes = 0
        turns &+= 1
        for index in 0..<count { handle(kernel.event(index)) }
        runQueue()
        while let index = timers.expired(now: now.monotonic) { expire(index) }
        tendLines()
        tendLeaving()
    }

    private mutating func deadline() -> Deadline {
        guard queue.isEmpty else { return .now }
        var nearest = min(timers.next ?? .max, leavesBy ?? .max)
        if leavesBy != nil, answersUntil > now.monotonic { nearest = min(nearest, answersUntil) }
        // Who leaves dials nobody, so that nothing of a line ever becomes due.
        if leavesBy == nil { for line in lines { nearest = min(nearest, line.next() ?? .max) } }
        if nearest == .max { return .never }
        // One more, since the clock's fraction is cut off: else the last millisecond would be spent spinning.
        return nearest < now.monotonic ? .now : .at(nearest + 1)
    }

    private mutating func handle(_ event: Event) {
        guard event.token != Self.mailToken else { return readMail() }
        let index = UInt32(truncatingIfNeeded: event.token)
        // An event for a connection that was closed earlier in this very turn.
        guard index < slots.extent, slots[index].generation == UInt32(event.token >> 32), slots[index].phase != .free
        else { return }
        slots[index].ready.insert(event.readiness)
        // After all that carry something.
        if slots[index].isAhead { enqueue(index) } else { step(index) }
    }

    private mutating func runQueue() {
        guard !queue.isEmpty else { return }
        var due: [UInt32] = []
        swap(&due, &queue)
        for index in due {
            guard slots[index].isQueued else { continue }
            slots[index].isQueued = false
            if slots[index].phase != .free { step(index) }
        }
    }

    /// Goes on with one connection as far as what the kernel has announced allows.
    mutating func step(_ index: UInt32) {
        switch slots[index].phase {
        case .free: break
        case .connecting, .handshake: if mayShakeHands(index) { makeReady(index) }
        case .asking: readWay(index)
        case .talking: talk(index)
        case .idle, .handing: readHandoff(index)
        case .reaching: awaitPod(index)
        case .relaying: relay(slots[index].role == .data ? index : slots[index].partner)
        case .leaving: sayFarewell(index)
        }
    }

    private mutating func makeReady(_ index: UInt32) {
        if slots[index].phase == .connecting { finishConnecting(index) } else { shakeHands(index) }
    }

    /// Whether a connection's handshake may go a step on in this turn; if not it does in one of the next.
    private mutating func mayShakeHands(_ index: UInt32) -> Bool {
        guard slots[index].isAhead else { return true }
        guard handshakes < Self.handshakesPerTurn else {
            enqueue(index)
            return false
        }
        handshakes += 1
        return true
    }

    /// Takes a connection up again in the next turn, after the others.
    mutating func enqueue(_ index: UInt32) {
        guard !slots[index].isQueued else { return }
        slots[index].isQueued = true
        queue.append(index)
    }

    private mutating func expire(_ index: UInt32) {
        switch slots[index].phase {
        case .connecting where slots[index].role == .local:
            refuse(slots[index].partner, .noAnswer, "The session's pod does not answer.")
        case .talking where slots[index].role == .control:
            lose(index, "the proxy has been silent for \(setting.limits.silence.milliseconds / 1000) s")
        case .connecting, .asking, .handshake: lose(index, "it did not answer in time")
        case .handing: drop(index, reset: true)
        case .leaving: close(index, reset: false)
        case .relaying where slots[index].role == .data: closePair(index, reset: true)
        case .free, .talking, .idle, .reaching, .relaying: break
        }
    }
}
