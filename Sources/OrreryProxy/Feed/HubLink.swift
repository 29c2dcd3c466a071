internal import Dispatch
internal import OrreryCrypto
internal import OrreryFetch
internal import OrreryWire

/// All that goes on between a proxy and the hub it follows: the feed one way, activity the other.
///
/// Concurrency: `start` and `end` are called by one thread; between them two tasks run, on a thread of their own.
final class HubLink: Sendable {
    private let client: FeedClient
    private let reporter: ActivityReporter
    private let carry: @Sendable () async -> Void

    init(hub: HubAccess, shared: Shared, signals: [SharedDescriptor], fallback: RouteSetting?) {
        let fetcher = Fetcher()
        // Names this run of this proxy, so that a hub tells its followers apart.
        let identity = shared.tunnel?.identity ?? RandomToken.make(bytes: 12)
        let reporter = ActivityReporter(hub: hub, identity: identity, fetcher: fetcher, shared: shared)
        self.reporter = reporter
        carry = { [shared] in
            guard let tunnel = shared.tunnel else { return }
            await tunnel.postman.run(hub: hub, fetcher: fetcher, tunnel: tunnel, log: shared.log)
        }
        client = FeedClient(
            hub: hub, identity: identity, door: shared.tunnel?.door ?? "", fetcher: fetcher,
            sink: FeedSink(shared: shared, signals: signals, fallback: fallback), log: shared.log,
            onChange: { reporter.wake() })
    }

    /// Begins. What is given back ends it.
    func start() -> Running {
        let thread = OwnThread("feed")
        let (client, reporter, carry) = (client, reporter, carry)
        let task = Task(executorPreference: thread) {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await client.run() }
                group.addTask { await reporter.run() }
                group.addTask { await carry() }
            }
        }
        return Running(thread: thread, task: task, reporter: reporter)
    }

    struct Running {
        fileprivate let thread: OwnThread
        fileprivate let task: Task<Void, Never>
        fileprivate let reporter: ActivityReporter

        /// Ends it, with a last report of activity if the hub takes it within a second.
        func end() {
            task.cancel()
            let ended = DispatchSemaphore(value: 0)
            let (task, reporter) = (task, reporter)
            Task(executorPreference: thread) {
                await task.value
                await reporter.report(withActivity: true)
                ended.signal()
            }
            _ = ended.wait(timeout: .now() + .seconds(1))
        }
    }
}

extension Tunnel {
    /// Where agents may dial this proxy, and by what they know it, as fields of a query.
    fileprivate var door: String {
        guard let address else { return "" }
        return "&at=\(address.escapedForQuery)&pins=\(pins.joined(separator: ",").escapedForQuery)"
    }
}
