internal import OrreryLink
internal import OrreryModel
internal import OrreryWire
internal import Synchronization

/// The thread that has all connections of agents until they are handed to a worker: control connections for good, data
/// connections while they wait.
///
/// Workers cannot hold what waits: a descriptor that one has does not exist for another. So a connection goes by here
/// twice, once from the worker that accepted it and once to the one that needs it; what goes over it then is the second
/// worker's alone.
///
/// Concurrency: `run()` belongs to the thread that calls it.
struct TunnelThread: ~Copyable {
    var kernel: LinuxKernel
    var engine = TLSEngine()
    let shared: Shared
    let tunnel: Tunnel
    let channels: [SharedChannel]
    let signal: CInt
    let workers: [SharedDescriptor]
    var host: ControlTalk.Host
    var lines: Slab<Line>
    var pools: [String: ClusterPool] = [:]
    /// Control connections by their serial.
    var controls: [UInt64: UInt32] = [:]
    /// Agents that have gone without a word while connections of theirs are in use, and until when they may be back.
    var absent: [AgentRun: UInt64] = [:]
    var now: Moment
    /// When this run of the proxy began.
    let began: UInt64
    var lastSerial: UInt64 = 0
    var bookVersion: UInt64 = 0
    var nextTick: UInt64 = 0
    var isLeaving = false

    /// How many connections of agents wait or speak here, at most.
    static var capacity: UInt32 { 20_000 }
    /// For how long an agent that is not here any more, or not yet, is waited for at all.
    static var memory: UInt64 { 60_000 }
    static var signalToken: UInt64 { .max - 3 }
    static var firstChannelToken: UInt64 { .max - 4096 }

    /// `signal` is given when there is something to do, and `workers` wake the workers. Nil when the process has no
    /// descriptor left.
    init?(
        shared: Shared, tunnel: Tunnel, channels: [SharedChannel], signal: CInt, workers: [SharedDescriptor]
    ) {
        guard let kernel = LinuxKernel() else { return nil }
        self.kernel = kernel
        self.shared = shared
        self.tunnel = tunnel
        self.channels = channels
        self.signal = signal
        self.workers = workers
        host = ControlTalk.Host(proxy: tunnel.identity, pins: tunnel.pins)
        lines = Slab(capacity: Self.capacity)
        now = kernel.now()
        began = now.monotonic
        for (index, channel) in channels.enumerated() {
            kernel.watchSource(channel.ends.answering.number, token: Self.firstChannelToken + UInt64(index))
        }
        kernel.watchSource(signal, token: Self.signalToken)
    }

    /// Serves until all workers have ended.
    consuming func run() {
        while !shared.hasEnded.load(ordering: .acquiring) { turn() }
        for index in 0..<lines.extent where lines[index].kind != .free { close(index, because: "the proxy ends") }
        kernel.end()
    }

    private mutating func turn() {
        let count = kernel.wait(until: .at(deadline))
        now = kernel.now()
        for index in 0..<count { handle(kernel.event(index)) }
        for message in tunnel.takeMessages() { heed(message) }
        if tunnel.book.currentVersion != bookVersion { reviewBook() }
        if shared.isStopping.load(ordering: .acquiring), !isLeaving { leave() }
        if now.monotonic >= nextTick { tick() }
        expireWaiters()
        sayWants()
    }

    private var deadline: UInt64 {
        pools.values.reduce(nextTick) { nearest, pool in min(nearest, pool.waiters.first?.deadline ?? .max) } + 1
    }

    private mutating func handle(_ event: Event) {
        if event.token == Self.signalToken { return kernel.clearSignal(signal) }
        if event.token >= Self.firstChannelToken, event.token < Self.firstChannelToken + UInt64(channels.count) {
            return serve(Int(event.token - Self.firstChannelToken))
        }
        let index = UInt32(truncatingIfNeeded: event.token)
        guard index < lines.extent, lines[index].kind != .free, token(index) == event.token else { return }
        if event.readiness.contains(.writable) {
            lines[index].isWritable = true
            guard flush(index) else { return close(index, because: "it broke off") }
        }
        if event.readiness.contains(.readable | .ended | .gone) { hear(index) }
    }

    func token(_ index: UInt32) -> UInt64 { UInt64(lines[index].generation) << 32 | UInt64(index) }

    /// Once a second: whatever depends on time alone.
    private mutating func tick() {
        nextTick = now.monotonic + 1000
        namePeers()
        nameDepartures()
        for index in 0..<lines.extent {
            switch lines[index].kind {
            case .free: continue
            case .control: tickControl(index)
            case .greeting, .idle: if now.monotonic >= lines[index].deadline { close(index, because: "it is old") }
            }
        }
        for name in Array(pools.keys) { sayPool(name, mayLower: true) }
    }

    /// Tells agents of other proxies when there are other ones.
    private mutating func namePeers() {
        let names = tunnel.peers.withLock { $0.others(than: tunnel.address, at: now.monotonic) }
        guard names != host.peers else { return }
        host.peers = names
        for index in Array(controls.values) { perform(lines[index].talk?.meet(names) ?? [], on: index) }
    }

    /// Goes through all channels and through what workers want or bring.
    private mutating func serve(_ channel: Int) {
        while var question = channels[channel].ends.answering.nextQuestion() {
            if question.token == Worker<LinuxKernel>.channelToken {
                // Without a descriptor when there was no room for one: then it is over for the traveller too.
                guard let traveller = tunnel.cloakroom.take(question.word) else { continue }
                if let connection = question.connection.take() { arrive(connection, traveller) }
            } else {
                ask(UInt32(truncatingIfNeeded: question.word), channel, question.token)
            }
        }
    }

    /// The proxy stops: agents are told, and dial nobody's port any more.
    private mutating func leave() {
        isLeaving = true
        let seconds = Int64(shared.limits.drain.milliseconds / 1000)
        for index in controls.values { say(ControlFrame("drain", ["seconds": .integer(seconds)]), on: index) }
    }
}
