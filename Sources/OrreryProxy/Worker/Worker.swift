internal import OrreryWire
internal import Synchronization

/// One thread's part of the proxy: a loop over one kernel's events, and all connections that were accepted by it.
///
/// A connection lives and dies here; nothing of it is shared. What several workers need, the routes and the logouts, is
/// read from snapshots that are looked at again when their number has changed. After the first requests nothing is
/// allocated: places, buffers and pools are used again.
///
/// Methods on the path of a request are `mutating` even where they only look: for others 6.3 compilers copy the whole
/// worker, 1.6 KB, at every call that they do not inline.
///
/// Concurrency: belongs to the thread that runs it.
struct Worker<K: Kernel>: ~Copyable {
    /// What a connection may wait for, in the order of `Timers`' durations.
    enum Wait: Int, CaseIterable {
        case head, idle, stall, halfClosed, connect, answer, pooled, linger, farewell, handshake, upload, quiet
    }

    var kernel: K
    let shared: Shared
    let listener: CInt
    let signal: CInt
    /// Where connections are asked for that cannot be dialled; -1 when there is no such place.
    let channel: CInt
    /// Where the hub alone is served; -1 when there is no such place.
    let innerListener: CInt
    var slots: Slab<Slot>
    var timers: Timers
    var buffers = BufferPool()
    var pools: UpstreamPools
    var dead: DeadTargets
    var pipes = Pipes(capacity: 2048)
    var paths = PathReading()
    let headLimits: HeadLimits
    /// What requests and answers look like on the other side.
    let plan: ForwardingPlan
    /// By client, of requests that go on changed so that their answers need to know; mostly there are none.
    var requestNotes: [UInt32: RequestNote] = [:]
    /// Whether each request gets a line.
    let logsRequests: Bool
    /// How many upstreams gave no answer in this second.
    var failures = 0
    var stale = StaleAnswers()
    /// Whether an answer that pauses is given up after a while.
    let boundsQuiet: Bool
    /// The head that is being dealt with just now. Fields, not locals: they are large and would be copied from call to call.
    var head = RequestHead()
    var answerHead = ResponseHead()
    /// Belongs to `shared`, which lives longer.
    let activity: ActivityBook.Places
    /// Likewise.
    let metrics: WorkerMetrics
    /// How many of each there were, as far as it takes to time one now and then.
    var judgements: UInt8 = 0
    var notes: UInt8 = 0
    var turns: UInt8 = 0

    /// TLS, and what it remembers of each secured connection, under the connection's number.
    var engine = TLSEngine()
    var streams: Slab<TLSStream>
    var contexts: TLSBook.Contexts
    var contextsVersion: UInt64
    /// How many handshakes are going on, and how many went on in this turn.
    var handshakes = 0
    var handshakesThisTurn = 0
    /// Connections that leave.
    var leaving: [UInt32: Departure] = [:]
    /// Upstreams that were not believed lately, and when that was said.
    var distrusted: [Endpoint: UInt64] = [:]

    /// Whose agents' upstream connections are.
    var bound: [UInt32: AgentBinding] = [:]
    /// How often keys had been struck, and agents given up, when that was looked at last.
    var strikes: UInt64 = 0
    var departures: UInt64 = 0
    /// Requests handed to agents, for their logs.
    var traces: UInt64 = .random(in: 0 ... .max)
    let innerPlan = ForwardingPlan(ForwardingOptions.inner)

    var now: Moment
    var routes: RouteSnapshot
    var routesVersion: UInt64 = 0
    var logouts: LogoutList
    var logoutsVersion: UInt64 = 0
    var gate = Gate(nil)
    var gateVersion: UInt64 = 0
    /// `Date: …` with CRLF, of this second.
    var dateLine = Buffer(capacity: 64)
    var dateSecond: UInt64 = 0

    /// Connections that have more to do than one turn allows.
    var firstQueued: UInt32 = Slab<Slot>.none
    var lastQueued: UInt32 = Slab<Slot>.none
    /// Whose words downloads leave room for.
    var conversation = Conversation()
    /// How much is received at once, at most, in this turn of a connection, and whether as much has been.
    var portionLimit = Int.max
    var portionIsFilled = false
    /// When to accept again after descriptors ran out.
    var acceptsAgain: UInt64?
    /// When to leave even if requests are running; set once the proxy is stopping.
    var leavesBy: UInt64?
    /// When to stop listening.
    var doorClosesBy: UInt64?
    /// Uploads by client, as far as there ever was one.
    var uploads: Slab<Upload>
    /// When to tell again that somebody has too many connections.
    var nextWarning: UInt64 = 0
    /// Where requests are written down; nil for nowhere. Then nothing of the next three is ever touched.
    let lines: AccessLines?
    let isRecording: Bool
    /// By client.
    var records: Slab<AccessRecord>
    var line: Buffer
    /// Connections to clients that are open.
    var clients: UInt32 = 0

    static var listenerToken: UInt64 { .max }
    static var signalToken: UInt64 { .max - 1 }
    static var channelToken: UInt64 { .max - 3 }
    static var innerToken: UInt64 { .max - 4 }

    init(kernel: consuming K, shared: Shared, listener: CInt, signal: CInt, channel: CInt = -1, inner: CInt = -1) {
        self.kernel = kernel
        self.shared = shared
        self.listener = listener
        self.signal = signal
        self.channel = channel
        innerListener = inner
        activity = shared.routes.activity.notes
        metrics = shared.metrics.addWorker()
        let limits = shared.limits
        let capacity = UInt32(clamping: limits.connections)
        slots = Slab(capacity: capacity)
        streams = Slab(capacity: capacity)
        contextsVersion = shared.tls.currentVersion
        contexts = shared.tls.snapshot()
        engine.lendsKeys = shared.tls.lendsKeys
        uploads = Slab(capacity: capacity)
        lines = shared.accessLog.map { AccessLines(ring: $0.addWorker(), format: $0.format) }
        isRecording = lines != nil
        records = Slab(capacity: capacity)
        line = Buffer(capacity: isRecording ? AccessLine.limit : 1)
        let waits = [
            limits.head, limits.idle, limits.stall, limits.halfClosed, limits.connect, limits.answer, limits.pooled,
            limits.linger, limits.farewell, limits.handshake, limits.upload, limits.quiet ?? .zero,
        ]
        timers = Timers(durations: waits.map(\.milliseconds), capacity: capacity)
        dead = DeadTargets(trial: limits.connect.milliseconds)
        pools = UpstreamPools(limit: limits.pooledPerTarget, capacity: capacity)
        var heads = HeadLimits()
        (heads.bytes, heads.target, heads.fields) = (limits.headBytes, limits.targetBytes, limits.fields)
        heads.takesEscapedHosts = shared.listensAtFile
        headLimits = heads
        plan = ForwardingPlan(shared.forwarding)
        boundsQuiet = limits.quiet != nil
        logsRequests = shared.log.wants(.debug)
        routes = shared.routes.snapshot()
        logouts = shared.logouts.snapshot()
        now = self.kernel.now()
        self.kernel.watchSource(listener, token: Self.listenerToken)
        self.kernel.watchSource(signal, token: Self.signalToken)
        if inner >= 0 { self.kernel.watchSource(inner, token: Self.innerToken) }
        if channel >= 0 { self.kernel.watchSource(channel, token: Self.channelToken) }
        setDate()
    }

    /// Runs until the proxy is stopped and the running requests have ended, or their time is over.
    mutating func run() {
        while !hasLeft { turn() }
        closeAll()
        pipes.end(&kernel)
    }

    /// Waits once, and handles all that has happened.
    mutating func turn() {
        let count = kernel.wait(until: deadline())
        now = kernel.now()
        let start = turnBegan()
        if now.wall / 1000 != dateSecond { setDate() }
        handshakesThisTurn = 0
        if count > 1 { hearKept(count) }
        for index in 0..<count { handle(kernel.event(index)) }
        runQueue()
        while let index = timers.expired(now: now.monotonic) { expire(index) }
        if let again = acceptsAgain, again <= now.monotonic { resumeAccepting() }
        if let closing = doorClosesBy, closing <= now.monotonic { closeDoor() }
        turnEnded(start)
    }

    private mutating func deadline() -> Deadline {
        if firstQueued != Slab<Slot>.none { return .now }
        let nearest = min(timers.next ?? .max, acceptsAgain ?? .max, leavesBy ?? .max, doorClosesBy ?? .max)
        if nearest == .max { return .never }
        // One more, since the clock's fraction is cut off: else the last millisecond would be spent spinning.
        return nearest < now.monotonic ? .now : .at(nearest + 1)
    }

    private mutating func handle(_ event: Event) {
        if event.token == Self.listenerToken {
            acceptAll(at: listener)
            return
        }
        if event.token == Self.signalToken { return heed() }
        if event.token == Self.channelToken { return takeConnections() }
        if event.token == Self.innerToken {
            acceptAll(at: innerListener)
            return
        }
        let index = UInt32(truncatingIfNeeded: event.token)
        // An event for a connection that was closed earlier in this very turn.
        guard index < slots.extent, slots[index].generation == UInt32(event.token >> 32), slots[index].phase != .free
        else { return }
        slots[index].ready.insert(event.readiness)
        if slots[index].isClient { clientReady(index) } else { upstreamReady(index) }
    }

    /// Something was changed that cannot wait for the next request.
    private mutating func heed() {
        kernel.clearSignal(signal)
        refresh()
        if shared.tls.currentVersion != contextsVersion {
            contextsVersion = shared.tls.currentVersion
            contexts = shared.tls.snapshot()
        }
        if let tunnel = shared.tunnel { closeUnwelcome(tunnel) }
        heedEnd()
    }

    /// Takes up what other threads have published. Costs three loads when nothing is new.
    mutating func refresh() {
        let routesNow = shared.routes.currentVersion
        if routesNow != routesVersion {
            routes = shared.routes.snapshot()
            routesVersion = routesNow
        }
        let gateNow = shared.gate.currentVersion
        if gateNow != gateVersion {
            gate = Gate(shared.gate.snapshot())
            gateVersion = gateNow
        }
        let logoutsNow = shared.logouts.currentVersion
        if logoutsNow != logoutsVersion {
            logouts = shared.logouts.snapshot()
            logoutsVersion = logoutsNow
            if !logouts.isEmpty {
                closeLoggedOut()
                stale.forget(logouts)
            }
        }
    }

    private mutating func closeLoggedOut() {
        for index in 0..<slots.extent
        where slots[index].phase == .exchange && slots[index].isClient && slots[index].browserSession != 0 {
            if logouts.contains(slots[index].browserSession) { closeBoth(index) }
        }
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: UInt64 {
        UInt64(components.seconds) * 1000 + UInt64(components.attoseconds / 1_000_000_000_000_000)
    }
}
