internal import OrreryWire
internal import Synchronization

/// What all threads of a proxy have in common.
///
/// Concurrency: everything here may be used by any thread; the books say how themselves.
final class Shared: Sendable {
    let routes: RouteBook
    let logouts = LogoutBook()
    let metrics = Metrics()
    let gate = GateBook()
    let addresses = AddressBook()
    let tls: TLSBook
    let limits: ProxyLimits
    let log: ProxyLog
    let forwarding: ForwardingOptions
    /// Whom to ask for error pages, and the text of its `host:port` and path.
    let errorTarget: Target?
    let errorEndpoint: Endpoint?
    let isStopping = Atomic<Bool>(false)
    /// Asked twice: what still runs is cut.
    let isEnding = Atomic<Bool>(false)
    /// All workers have ended.
    let hasEnded = Atomic<Bool>(false)

    init(
        limits: ProxyLimits, log: ProxyLog, errorTarget: Target?, routesByHost: Bool = false,
        forwarding: ForwardingOptions = ForwardingOptions(), tls: TLSBook = TLSBook()
    ) {
        routes = RouteBook(byHost: routesByHost)
        self.tls = tls
        self.limits = limits
        self.log = log
        self.forwarding = forwarding
        self.errorTarget = errorTarget
        errorEndpoint = errorTarget.flatMap { [routes] target in
            target.resolve().map { Endpoint($0, peer: routes.peers.number(of: target.peer)) }
        }
    }
}
