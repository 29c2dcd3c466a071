internal import CLinux
internal import OrreryCrypto
internal import OrreryWire
internal import Synchronization

/// A proxy: its listeners, its workers and the REST interface that sets their routes.
///
/// Concurrency: `run()` blocks the thread that calls it until some other thread calls `stop()`. A server runs once.
package final class ProxyServer: Sendable {
    /// The ports it listens on, which the system chose where the configuration said 0.
    package let port: UInt16
    package let apiPort: UInt16
    /// Nil when nothing is configured to be watched.
    package let metricsPort: UInt16?
    /// Nil when plain HTTP is not redirected.
    package let redirectPort: UInt16?
    /// Nil when the hub asks no clusters through this proxy.
    package let innerPort: UInt16?
    private let innerListeners: [SharedDescriptor]?
    private let shared: Shared
    private let listeners: [SharedDescriptor]
    private let signals: [SharedDescriptor]
    private let apiListener: SharedDescriptor
    private let metricsListener: SharedDescriptor?
    private let redirectListener: SharedDescriptor?
    private let redirector: Redirector
    private let control: ControlInterface
    /// What is said once it serves.
    private let greeting: [String]
    private let notes: [String]
    private let channels: [SharedChannel]
    private let keeper: RouteKeeper?
    private let link: HubLink?
    private let files: [SocketFile]
    /// Given once, by `stop()`.
    private let end: SharedDescriptor

    /// Binds all ports, so that connections wait from now on and find their routes once `run()` is called.
    ///
    /// Targets of the kind `cluster:` are reached where there is a hub that says which agents may come; else they are
    /// answered 503.
    package init(configuration: ProxyConfiguration) throws(ProxyError) {
        _ = linux_raise_descriptor_limit()
        let log = ProxyLog(level: configuration.logLevel, output: configuration.logOutput)
        let errorTarget = try Self.target(configuration.errorTarget, option: "--error-target")
        let directory = try configuration.stateDirectory.map { path throws(ProxyError) in try StateDirectory(path) }
        let ownKey = try TunnelKey.of(configuration, in: directory)
        let tls = try TLSBook(
            .init(
                server: configuration.hub == nil ? configuration.tls : configuration.tls.map(TunnelKey.admitting),
                api: configuration.apiTLS, client: configuration.clientTLS, agents: ownKey?.configuration,
                lendsKeys: configuration.usesKernelTLS && LinuxKernel.offersTLS))
        let accessLog = try configuration.accessLog.map { place throws(ProxyError) in try AccessLog(place, log: log) }
        let errorPages = try configuration.errorPath.map { path throws(ProxyError) in try ErrorPages(directory: path) }
        let tunnelSignal = try Self.signal()
        shared = Shared(
            limits: configuration.limits, log: log, errorTarget: errorTarget, routesByHost: configuration.routesByHost,
            forwarding: configuration.forwarding, errorPages: errorPages, tls: tls,
            accessLog: accessLog, listensAtFile: configuration.listener.path != nil,
            innerToken: configuration.hub.map { APIToken($0.token) },
            makeTunnel: { peers in
                guard configuration.hub != nil else { return nil }
                return Tunnel(
                    peers: peers, signal: tunnelSignal, identity: RandomToken.make(bytes: 12), pins: ownKey?.pins ?? [],
                    address: configuration.agentAddress)
            })
        let isShared = configuration.sharesPorts
        var files: [SocketFile] = []
        listeners = try Self.listen(
            configuration.listener, count: max(1, configuration.workers), isShared: isShared, files: &files)
        port = listeners[0].descriptor.boundPort
        apiListener = try Self.listen(configuration.api, count: 1, isShared: isShared, files: &files)[0]
        apiPort = apiListener.descriptor.boundPort
        metricsListener = try configuration.metrics.map { place throws(ProxyError) in
            try Self.listen(place, count: 1, isShared: isShared, files: &files)[0]
        }
        metricsPort = metricsListener?.descriptor.boundPort
        redirectListener = try configuration.redirect.map { redirect throws(ProxyError) in
            try Self.listen(redirect.listener, count: 1, isShared: isShared, files: &files)[0]
        }
        redirectPort = redirectListener?.descriptor.boundPort
        redirector = Redirector(port: configuration.redirect?.port ?? port)
        innerListeners = try configuration.inner.map { place throws(ProxyError) in
            try Self.listen(place, count: max(1, configuration.workers), isShared: isShared, files: &files)
        }
        innerPort = innerListeners?.first?.descriptor.boundPort
        self.files = files
        var signals: [SharedDescriptor] = []
        // One for each worker, the REST interface, whoever watches, the tunnel, and redirects.
        for _ in 0..<listeners.count + 4 { signals.append(try Self.signal()) }
        // The tunnel's thread is woken by the books too.
        if shared.tunnel != nil { signals[listeners.count + 2] = tunnelSignal }
        self.signals = signals
        channels = shared.tunnel == nil ? [] : try Self.channels(listeners.count)
        control = ControlInterface(
            shared: shared, token: configuration.token ?? configuration.hub?.token, signals: signals,
            isFed: configuration.hub != nil)
        notes = configuration.notes + Self.notes(shared)
        greeting =
            [
                "Proxying \(configuration.listener.url(scheme: configuration.tls == nil ? "http" : "https", port: port)) to "
                    + (configuration.defaultTarget ?? configuration.hub?.url ?? "(no default)"),
                "Proxy API at \(configuration.api.url(scheme: configuration.apiTLS == nil ? "http" : "https", port: apiPort))"
                    + "/api/routes",
            ] + (ownKey?.pins ?? []).map { "Agents of clusters know this proxy by pin=\($0)" }
            + (tls.lendsKeys && configuration.tls != nil ? ["Large answers are encrypted by the kernel"] : [])
        // What the hub's pages are is known without asking: they are where its feed is.
        let defaultTarget = configuration.defaultTarget ?? configuration.hub?.url
        let target = try Self.target(defaultTarget, option: "--default-target")
        let fallback = target.flatMap { target in
            RouteKey("/").map { RouteSetting($0, to: target, text: defaultTarget ?? "") }
        }
        if let fallback { control.setDefault(fallback, text: defaultTarget ?? "") }
        link = configuration.hub.map { [shared] hub in
            HubLink(hub: hub, shared: shared, signals: signals, fallback: fallback)
        }
        end = try Self.signal()
        keeper = directory.map { [shared, end] in
            RouteKeeper(directory: $0, shared: shared, signal: end, isFed: configuration.hub != nil)
        }
        try keeper?.load()
    }

    /// Serves until `stop()`, and then as long as running requests need, within the limit for that.
    package func run() {
        let log = shared.log
        for line in greeting { log.write(.info, line) }
        for note in shared.tls.notes { log.write(.warn, note) }
        if let redirectPort {
            log.write(.info, "Added HTTP to HTTPS redirection from \(redirectPort) to \(redirector.port)")
        }
        for note in notes { log.write(.warn, note) }
        if control.isOpen { log.write(.warn, "REST API is not authenticated.") }
        var threads: [LoopThread] = []
        for (index, (listener, signal)) in zip(listeners, signals).enumerated() {
            let shared = shared
            let channel = channels.isEmpty ? nil : channels[index]
            let inner = innerListeners?[index]
            threads.append(
                LoopThread {
                    guard let kernel = LinuxKernel() else {
                        return shared.log.write(.error, "no descriptor left for a worker")
                    }
                    let asking = channel?.ends.asking.number
                    let isAlone = kernel.leaveDescriptorTable(
                        keeping: [listener.descriptor.number, signal.descriptor.number, shared.log.output.descriptor]
                            + [asking, inner?.descriptor.number].compactMap(\.self))
                    var worker = Worker(
                        kernel: kernel, shared: shared, listener: listener.descriptor.number,
                        signal: signal.descriptor.number, channel: asking ?? -1,
                        inner: inner?.descriptor.number ?? -1)
                    if isAlone { worker.metrics.add(.ownsDescriptors) }
                    worker.run()
                    kernel.end()
                })
        }
        if let keeper { threads.append(LoopThread { keeper.run() }) }
        let following = link?.start()
        let writer = shared.accessLog.map { accessLog in LoopThread { accessLog.run() } }
        let watcher = watch()
        let redirecting = redirect()
        let tunnel = openTunnel()
        serveControl()
        following?.end()
        redirecting?.join()
        for thread in threads { thread.join() }
        shared.accessLog?.end()
        shared.hasEnded.store(true, ordering: .releasing)
        signals[listeners.count + 1].descriptor.signal()
        signals[listeners.count + 2].descriptor.signal()
        if writer?.join(within: AccessLog.patience) == false {
            log.write(.error, "nobody reads the access log: its last lines are lost")
        }
        watcher?.join()
        tunnel?.join()
    }

    /// Has agents' connections for as long as workers may want some.
    private func openTunnel() -> LoopThread? {
        guard let tunnel = shared.tunnel else { return nil }
        let (shared, channels, signal) = (shared, channels, signals[listeners.count + 2])
        let workers = Array(signals.prefix(listeners.count))
        return LoopThread {
            guard
                let thread = TunnelThread(
                    shared: shared, tunnel: tunnel, channels: channels, signal: signal.descriptor.number,
                    workers: workers)
            else { return shared.log.write(.error, "no descriptor left for connections from clusters") }
            thread.run()
        }
    }

    private func serveControl() {
        let shared = shared
        ControlServer(
            service: control, shared: shared, listener: apiListener.descriptor.number,
            signal: signals[listeners.count].descriptor.number,
            context: { shared.tls.snapshot().api },
            isOver: { shared.isStopping.load(ordering: .acquiring) },
            wantsChores: { shared.routes.takeNewNames() },
            doChores: { now in
                shared.logouts.forget(now: now.wall)
                Self.lookUpNames(shared)
                shared.errorPages?.refresh()
                shared.tls.rotateTickets(now: now.monotonic)
            }
        ).run()
    }

    /// Looks all names up again, where nobody waits for it. One that is still at it goes on: its name server is slow.
    private static func lookUpNames(_ shared: Shared) {
        guard !shared.isLookingUp.exchange(true, ordering: .acquiring) else {
            return shared.routes.hasNewNames.store(true, ordering: .releasing)
        }
        let isStarted = LoopThread.start {
            shared.routes.refreshNames { shared.isStopping.load(ordering: .acquiring) }
            shared.errorTarget?.refresh()
            shared.isLookingUp.store(false, ordering: .releasing)
        }
        // In the next round, then.
        if !isStarted { shared.isLookingUp.store(false, ordering: .releasing) }
    }

    /// Serves metrics and health on a thread of their own, to the end: names that are looked up must not delay an
    /// answer, and a proxy that drains still says that it does.
    private func watch() -> LoopThread? {
        guard let metricsListener else { return nil }
        let (shared, signal) = (shared, signals[listeners.count + 1])
        let interface = ObservationInterface(shared: shared, isFed: link != nil)
        return LoopThread {
            ControlServer(
                service: interface, shared: shared,
                listener: metricsListener.descriptor.number, signal: signal.descriptor.number,
                isOver: { shared.hasEnded.load(ordering: .acquiring) }
            ).run()
        }
    }

    /// Answers what comes over plain HTTP, on a thread of its own: whoever is slow there is slow for nobody else.
    private func redirect() -> LoopThread? {
        guard let redirectListener else { return nil }
        let (shared, redirector, signal) = (shared, redirector, signals[listeners.count + 3])
        return LoopThread {
            ControlServer(
                service: redirector, shared: shared, listener: redirectListener.descriptor.number,
                signal: signal.descriptor.number, bounds: .init(connections: 1024, patience: 10_000),
                isOver: { shared.isStopping.load(ordering: .acquiring) }
            ).run()
        }
    }

    /// Ends `run()` once running requests have ended, or their time is over, and says why. Asked again, it ends `run()` at
    /// once. May be called from any thread, before `run()` too.
    package func stop(because reason: String? = nil) {
        if shared.isStopping.load(ordering: .acquiring) { shared.isEnding.store(true, ordering: .releasing) }
        shared.isStopping.store(true, ordering: .releasing)
        for signal in signals + [end] { signal.descriptor.signal() }
        // Nobody is let in any more: whoever comes should find nothing rather than wait.
        for file in files { file.remove() }
        // Last: nothing of the end may hang on whether somebody reads the log.
        if let reason { shared.log.write(.warn, reason) }
    }

    /// Opens the access log anew, and reads certificates and keys again. Connections that are open keep theirs; when a file is bad, all keep the old.
    package func reload() {
        shared.accessLog?.reopen()
        do throws(ProxyError) {
            try shared.tls.reload()
        } catch {
            return shared.log.write(.error, "the certificates stay as they are: \(error)")
        }
        for note in shared.tls.notes { shared.log.write(.warn, note) }
        for signal in signals { signal.descriptor.signal() }
        shared.log.write(.info, "the certificates have been read again")
    }

    /// The prefixes of all routes, in their order.
    var prefixes: [String] { shared.routes.all().map(\.key.text) }
}
