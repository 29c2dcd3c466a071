internal import Glibc
internal import OrreryWire
internal import Synchronization

/// Keeps the routes on disk: reads them before the proxy accepts anybody, and writes them after changes, once a second
/// at most.
///
/// Concurrency: `load` before `run`; `run` has a thread of its own, because a disk may take its time.
final class RouteKeeper: Sendable {
    private let directory: StateDirectory
    private let shared: Shared
    private let signal: SharedDescriptor
    private let isFed: Bool
    /// Which state of the routes is the one on disk.
    private let loaded = Atomic<UInt64>(0)
    private static let name = "routes"
    private static let pause: CInt = 1000

    /// `signal` is given once, when the proxy stops. Unless the routes are a hub's (`isFed`), how far one was followed
    /// means nothing from now on: whoever sets them would not be asked.
    init(directory: StateDirectory, shared: Shared, signal: SharedDescriptor, isFed: Bool) {
        self.directory = directory
        self.shared = shared
        self.signal = signal
        self.isFed = isFed
    }

    /// Publishes what is on disk. A file that cannot be believed is put aside and named in the log, and the proxy begins
    /// without routes: a wrong route could show one person another's server. Routes that are set already stay.
    func load() throws(ProxyError) {
        let bytes: [UInt8]?
        do {
            bytes = try directory.read(Self.name)
        } catch {
            throw .stateDirectory("\(directory.path)/\(Self.name)", error)
        }
        defer { loaded.store(version, ordering: .releasing) }
        guard let bytes else { return }
        do throws(RouteFile.Fault) {
            let content = try RouteFile.decode(bytes)
            publish(content)
            if let tunnel = shared.tunnel {
                tunnel.book.replaceAll(content.agents)
                tunnel.bookChanged()
            }
            shared.log.write(.info, "\(content.routes.count) route(s) taken from \(directory.path)/\(Self.name)")
            guard content.leftOut > 0 else { return }
            shared.log.write(.warn, "\(content.leftOut) route(s) there cannot be served any more and are left out")
        } catch {
            let file = "\(directory.path)/\(Self.name)"
            shared.log.write(
                .error,
                "\(file) is damaged: \(error). \(putAside()), and the proxy begins without its routes.")
        }
    }

    /// Puts the file aside, and says what has become of it.
    private func putAside() -> String {
        do throws(SystemError) {
            return "It is kept as \(try directory.putAside(Self.name))"
        } catch {
            return "It could not be put aside (\(error)) and is written over with the next change of a route"
        }
    }

    private func publish(_ content: RouteFile.Content) {
        let kept = shared.routes.saved().routes.map { key, route in
            RouteSetting(
                key, to: route.target, address: route.endpoint?.address,
                access: route.access.split(separator: "\n").map(String.init), members: route.members)
        }
        // Behind the file's, so that they count where both have a route.
        let position = isFed ? content.position : nil
        _ = shared.routes.replaceAll(content.routes + kept, position: position, at: Moment.now().wall)
    }

    /// Writes until the proxy stops, and a last time then.
    func run() {
        var written = loaded.load(ordering: .acquiring)
        var isFailing = false
        var isStopping = false
        while !isStopping {
            isStopping = shared.isStopping.load(ordering: .acquiring)
            let version = version
            if version != written {
                let isWritten = write()
                if isWritten { written = version }
                tell(isWritten, &isFailing)
            }
            if !isStopping { pause() }
        }
    }

    /// Goes up with every change of what is kept.
    private var version: UInt64 {
        shared.routes.currentVersion &+ (shared.tunnel?.book.currentVersion ?? 0)
    }

    private func pause() {
        var entry = pollfd(fd: signal.descriptor.number, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&entry, 1, Self.pause)
    }

    private func write() -> Bool {
        let (routes, position) = shared.routes.saved()
        // After the position: a key that is newer than that is said again.
        let agents = shared.tunnel?.book.entries ?? []
        let bytes = RouteFile.encode(routes, agents: agents, position: position) {
            shared.routes.activity.last($0.activity)
        }
        do {
            try directory.replace(Self.name, with: bytes)
            return true
        } catch {
            shared.log.write(.debug, "\(directory.path): \(error)")
            return false
        }
    }

    /// Once when it begins to fail, and once when it is over: a full disk is not a line a second.
    private func tell(_ isWritten: Bool, _ isFailing: inout Bool) {
        guard isWritten == isFailing else { return }
        isFailing = !isWritten
        if isFailing {
            shared.log.write(
                .error, "the routes cannot be written to \(directory.path): a restart would begin with old ones")
        } else {
            shared.log.write(.info, "the routes are written to \(directory.path) again")
        }
    }
}
