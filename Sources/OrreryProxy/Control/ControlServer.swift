internal import OrreryWire
internal import Synchronization

/// Serves whoever runs the proxy on one thread: few connections, each bounded in bytes and time.
///
/// Concurrency: belongs to the thread that runs it.
struct ControlServer {
    private let service: any ControlService
    private let shared: Shared
    private let listener: CInt
    private let signal: CInt
    private let bounds: Bounds
    private let context: @Sendable () -> TLSContext?
    private let security = ControlChannel.Security()
    private let isOver: @Sendable () -> Bool
    private let wantsChores: @Sendable () -> Bool
    private let doChores: @Sendable (Moment) -> Void
    private var connections: [UInt64: ControlConnection] = [:]
    /// Connections that have had their turn and could go on.
    private var busy: [UInt64] = []
    private var nextToken: UInt64 = 2
    /// When to accept again after descriptors ran out.
    private var acceptsAgain: UInt64?

    private static let listenerToken: UInt64 = 0
    private static let signalToken: UInt64 = 1
    private static let chores: UInt64 = 10_000

    /// How many connections there are at a time, and for how long each may do nothing.
    struct Bounds {
        var connections = 256
        /// In milliseconds.
        var patience: UInt64 = 75_000
    }

    /// `context` is asked for every connection: what to secure it with, nil for nothing. `isOver` is asked after every
    /// signal; `doChores` is called every ten seconds, and within one when they are wanted sooner; it may block.
    init(
        service: any ControlService, shared: Shared, listener: CInt, signal: CInt, bounds: Bounds = Bounds(),
        context: @escaping @Sendable () -> TLSContext? = { nil }, isOver: @escaping @Sendable () -> Bool,
        wantsChores: @escaping @Sendable () -> Bool = { false },
        doChores: @escaping @Sendable (Moment) -> Void = { _ in }
    ) {
        self.service = service
        self.shared = shared
        self.listener = listener
        self.signal = signal
        self.bounds = bounds
        self.context = context
        self.isOver = isOver
        self.wantsChores = wantsChores
        self.doChores = doChores
    }

    /// Serves until it is over.
    consuming func run() {
        guard var kernel = LinuxKernel() else {
            return shared.log.write(.error, "no descriptor left for an interface of the operator's")
        }
        kernel.watchSource(listener, token: Self.listenerToken)
        kernel.watchSource(signal, token: Self.signalToken)
        var now = kernel.now()
        var nextChores = now.monotonic + Self.chores
        while !isOver() {
            let next = min(acceptsAgain ?? .max, now.monotonic + 1000)
            let count = kernel.wait(until: busy.isEmpty ? .at(next) : .now)
            now = kernel.now()
            let again = busy
            busy = []
            for index in 0..<count { handle(kernel.event(index), now, &kernel) }
            for token in again { serve(token, now, &kernel) }
            service.turnDidEnd()
            resumeAccepting(now, &kernel)
            for (token, connection) in connections where connection.deadline <= now.monotonic { close(token, &kernel) }
            guard now.monotonic >= nextChores || wantsChores() else { continue }
            nextChores = now.monotonic + Self.chores
            doChores(now)
        }
        for token in connections.keys { close(token, &kernel) }
        kernel.end()
    }

    private mutating func handle(_ event: Event, _ now: Moment, _ kernel: inout LinuxKernel) {
        switch event.token {
        case Self.listenerToken: acceptOne(now, &kernel)
        case Self.signalToken: kernel.clearSignal(signal)
        default: serve(event.token, now, &kernel)
        }
    }

    private mutating func serve(_ token: UInt64, _ now: Moment, _ kernel: inout LinuxKernel) {
        guard let connection = connections[token] else { return }
        switch connection.serve(service, now, &kernel) {
        case .waits: break
        case .hasMore: busy.append(token)
        case .over:
            if let failure = connection.failure {
                shared.log.write(.warn, "no TLS with a user of the REST interface: \(failure.reason)")
            }
            close(token, &kernel)
        }
    }

    private mutating func acceptOne(_ now: Moment, _ kernel: inout LinuxKernel) {
        let descriptor: CInt
        switch kernel.accept(listener) {
        case .none: return
        case .exhausted: return pauseAccepting(now, &kernel)
        case .accepted(let number, _): descriptor = number
        }
        if connections.count >= bounds.connections { closeOldest(&kernel) }
        guard let channel = channel(for: descriptor) else { return kernel.close(descriptor, reset: true) }
        let token = nextToken
        nextToken += 1
        connections[token] = ControlConnection(
            channel, bodyLimit: shared.limits.apiBodyBytes, patience: bounds.patience, now: now)
        kernel.watch(descriptor, token: token)
    }

    /// Else whoever waits would be told of again and again.
    private mutating func pauseAccepting(_ now: Moment, _ kernel: inout LinuxKernel) {
        shared.log.write(.warn, "no descriptor left for a user of the REST interface; accepting again in a moment")
        kernel.unwatch(listener)
        acceptsAgain = now.monotonic + 100
    }

    private mutating func resumeAccepting(_ now: Moment, _ kernel: inout LinuxKernel) {
        guard let again = acceptsAgain, again <= now.monotonic else { return }
        acceptsAgain = nil
        kernel.watchSource(listener, token: Self.listenerToken)
    }

    private func channel(for descriptor: CInt) -> ControlChannel? {
        guard let context = context() else { return ControlChannel(descriptor) }
        return ControlChannel(descriptor, context, security)
    }

    /// Makes room: whoever has been quiet for the longest time goes, so that nobody can keep the others out by waiting.
    private mutating func closeOldest(_ kernel: inout LinuxKernel) {
        guard let oldest = connections.min(by: { $0.value.deadline < $1.value.deadline }) else { return }
        close(oldest.key, &kernel)
    }

    private mutating func close(_ token: UInt64, _ kernel: inout LinuxKernel) {
        guard let connection = connections.removeValue(forKey: token) else { return }
        kernel.close(connection.descriptor, reset: false)
    }
}
