internal import CLinux
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
    private let shared: Shared
    private let listeners: [SharedDescriptor]
    private let signals: [SharedDescriptor]
    private let apiListener: SharedDescriptor
    private let metricsListener: SharedDescriptor?
    private let control: ControlInterface
    /// What is said once it serves.
    private let greeting: [String]
    private let dialler: (any Dialler)?
    private let channels: [SharedChannel]
    private let keeper: RouteKeeper?
    private let link: HubLink?
    /// Given once, by `stop()`.
    private let end: SharedDescriptor

    /// Binds all ports, so that connections wait from now on and find their routes once `run()` is called.
    ///
    /// `dialler` yields connections to targets of the kind `cluster:`; without one they are answered 503.
    package init(configuration: ProxyConfiguration, dialler: (any Dialler)? = nil) throws(ProxyError) {
        _ = linux_raise_descriptor_limit()
        let log = ProxyLog(level: configuration.logLevel, output: configuration.logOutput)
        let errorTarget = try Self.target(configuration.errorTarget, option: "--error-target")
        let tls = try TLSBook(
            .init(server: configuration.tls, api: configuration.apiTLS, client: configuration.clientTLS))
        shared = Shared(
            limits: configuration.limits, log: log, errorTarget: errorTarget, routesByHost: configuration.routesByHost,
            forwarding: configuration.forwarding, tls: tls)
        let directory = try configuration.stateDirectory.map { path throws(ProxyError) in try StateDirectory(path) }
        let isShared = configuration.sharesPorts
        listeners = try Self.listen(configuration.listener, count: max(1, configuration.workers), isShared: isShared)
        port = listeners[0].descriptor.boundPort
        apiListener = try Self.listen(configuration.api, count: 1, isShared: isShared)[0]
        apiPort = apiListener.descriptor.boundPort
        metricsListener = try configuration.metrics.map { place throws(ProxyError) in
            try Self.listen(place, count: 1, isShared: isShared)[0]
        }
        metricsPort = metricsListener?.descriptor.boundPort
        var signals: [SharedDescriptor] = []
        // One for each worker, the REST interface, whoever watches, and the switchboard.
        for _ in 0..<listeners.count + 3 { signals.append(try Self.signal()) }
        self.signals = signals
        self.dialler = dialler
        channels = dialler == nil ? [] : try Self.channels(listeners.count)
        control = ControlInterface(
            shared: shared, token: configuration.token ?? configuration.hub?.token, signals: signals,
            isFed: configuration.hub != nil)
        greeting = [
            "Proxying \(configuration.listener.url(scheme: configuration.tls == nil ? "http" : "https", port: port)) to "
                + (configuration.defaultTarget ?? configuration.hub?.url ?? "(no default)"),
            "Proxy API at \(configuration.api.url(scheme: configuration.apiTLS == nil ? "http" : "https", port: apiPort))"
                + "/api/routes",
        ]
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
        keeper = directory.map { [shared, end] in RouteKeeper(directory: $0, shared: shared, signal: end) }
        try keeper?.load()
    }

    /// Serves until `stop()`, and then as long as running requests need, within the limit for that.
    package func run() {
        let log = shared.log
        for line in greeting { log.write(.info, line) }
        for note in shared.tls.notes { log.write(.warn, note) }
        if control.isOpen { log.write(.warn, "REST API is not authenticated.") }
        var threads: [LoopThread] = []
        for (index, (listener, signal)) in zip(listeners, signals).enumerated() {
            let shared = shared
            let channel = channels.isEmpty ? nil : channels[index]
            threads.append(
                LoopThread {
                    guard let kernel = LinuxKernel() else {
                        return shared.log.write(.error, "no descriptor left for a worker")
                    }
                    let asking = channel?.ends.asking.number
                    let isAlone = kernel.leaveDescriptorTable(
                        keeping: [listener.descriptor.number, signal.descriptor.number] + [asking].compactMap(\.self))
                    var worker = Worker(
                        kernel: kernel, shared: shared, listener: listener.descriptor.number,
                        signal: signal.descriptor.number, channel: asking ?? -1)
                    if isAlone { worker.metrics.add(.ownsDescriptors) }
                    worker.run()
                    kernel.end()
                })
        }
        if let keeper { threads.append(LoopThread { keeper.run() }) }
        let following = link?.start()
        let watcher = watch()
        let switchboard = openSwitchboard()
        serveControl()
        following?.end()
        for thread in threads { thread.join() }
        shared.hasEnded.store(true, ordering: .releasing)
        signals[listeners.count + 1].descriptor.signal()
        signals[listeners.count + 2].descriptor.signal()
        watcher?.join()
        switchboard?.join()
    }

    /// Fetches connections from the dialler for as long as workers may want some.
    private func openSwitchboard() -> LoopThread? {
        guard let dialler else { return nil }
        let (shared, channels, signal) = (shared, channels, signals[listeners.count + 2])
        return LoopThread {
            Switchboard(dialler: dialler, shared: shared, channels: channels, signal: signal.descriptor.number).run()
        }
    }

    private func serveControl() {
        let shared = shared
        ControlServer(
            service: control, shared: shared, listener: apiListener.descriptor.number,
            signal: signals[listeners.count].descriptor.number,
            isOver: { shared.isStopping.load(ordering: .acquiring) },
            wantsChores: { shared.routes.takeNewNames() },
            doChores: { now in
                shared.logouts.forget(now: now.wall)
                shared.routes.refreshNames()
                shared.tls.rotateTickets(now: now.monotonic)
            }
        ).run()
    }

    /// Serves metrics and health on a thread of their own, to the end: names that are looked up must not delay an
    /// answer, and a proxy that drains still says that it does.
    private func watch() -> LoopThread? {
        guard let metricsListener else { return nil }
        let (shared, signal) = (shared, signals[listeners.count + 1])
        return LoopThread {
            ControlServer(
                service: ObservationInterface(shared: shared), shared: shared,
                listener: metricsListener.descriptor.number, signal: signal.descriptor.number,
                isOver: { shared.hasEnded.load(ordering: .acquiring) }
            ).run()
        }
    }

    /// Ends `run()` once running requests have ended, or their time is over, and says why. Asked again, it ends `run()` at
    /// once. May be called from any thread, before `run()` too.
    package func stop(because reason: String? = nil) {
        if let reason { shared.log.write(.warn, reason) }
        if shared.isStopping.load(ordering: .acquiring) { shared.isEnding.store(true, ordering: .releasing) }
        shared.isStopping.store(true, ordering: .releasing)
        for signal in signals + [end] { signal.descriptor.signal() }
    }

    /// Reads certificates and keys again. Connections that are open keep theirs; when a file is bad, all keep the old.
    package func reload() {
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

    private static func listen(
        _ place: ProxyConfiguration.Listener, count: Int, isShared: Bool
    ) throws(ProxyError) -> [SharedDescriptor] {
        guard place.path == nil, var address = SocketAddress.resolve(place.host, port: place.port) else {
            throw .unknownHost(place.host)
        }
        let name = "\(place.host.isEmpty ? "*" : place.host):\(place.port)"
        do {
            // Without the option not shared: that would take half of another process's connections and tell nobody.
            let probe: Descriptor
            do throws(SystemError) {
                probe = try Descriptor.listener(on: address, isShared: isShared)
            } catch  where error.isNoIPv6 && place.host.isEmpty {
                address = address.onIPv4
                probe = try Descriptor.listener(on: address, isShared: isShared)
            }
            guard count > 1 else { return [SharedDescriptor(probe)] }
            address = address.with(port: probe.boundPort)
            _ = consume probe
            var listeners: [SharedDescriptor] = []
            for _ in 0..<count {
                listeners.append(SharedDescriptor(try Descriptor.listener(on: address, isShared: true)))
            }
            return listeners
        } catch {
            throw .cannotListen(on: name, error)
        }
    }

    private static func signal() throws(ProxyError) -> SharedDescriptor {
        do throws(SystemError) {
            return SharedDescriptor(try Descriptor.signal())
        } catch {
            throw .noDescriptors(error)
        }
    }

    private static func channels(_ count: Int) throws(ProxyError) -> [SharedChannel] {
        do throws(SystemError) {
            var channels: [SharedChannel] = []
            for _ in 0..<count { channels.append(SharedChannel(try Channel())) }
            return channels
        } catch {
            throw .noDescriptors(error)
        }
    }

    private static func target(_ text: String?, option: String) throws(ProxyError) -> Target? {
        guard let text else { return nil }
        guard let target = Target(text) else { throw .badTarget(option: option, value: text) }
        return target
    }
}

extension ProxyConfiguration.Listener {
    /// Its address as people write it: `http://*:8000`, `unix:/run/proxy.sock`.
    func url(scheme: String, port: UInt16) -> String {
        if let path { return "unix:\(path)" }
        let name = host.isEmpty ? "*" : host.contains(":") ? "[\(host)]" : host
        return "\(scheme)://\(name):\(port)"
    }
}

/// A descriptor that several threads use and the last one closes.
final class SharedDescriptor: Sendable {
    let descriptor: Descriptor
    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
}
