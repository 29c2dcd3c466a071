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
    /// Connections that agents dial; nil when no hub says whose are taken.
    let tunnel: Tunnel?
    /// Who may use the inner port: whoever says this.
    let innerToken: APIToken?
    let accessLog: AccessLog?
    let limits: ProxyLimits
    let log: ProxyLog
    let forwarding: ForwardingOptions
    /// Clients come through a socket in the file system.
    let listensAtFile: Bool
    /// Whom to ask for error pages, and those that are files; nil for neither.
    let errorTarget: ErrorTarget?
    let errorPages: ErrorPages?
    let isStopping = Atomic<Bool>(false)
    /// Names of targets are being looked up, on a thread of its own.
    let isLookingUp = Atomic<Bool>(false)
    /// Asked twice: what still runs is cut.
    let isEnding = Atomic<Bool>(false)
    /// All workers have ended.
    let hasEnded = Atomic<Bool>(false)

    init(
        limits: ProxyLimits, log: ProxyLog, errorTarget: Target?, routesByHost: Bool = false,
        forwarding: ForwardingOptions = ForwardingOptions(), errorPages: ErrorPages? = nil, tls: TLSBook = TLSBook(),
        accessLog: AccessLog? = nil, listensAtFile: Bool = false, innerToken: APIToken? = nil,
        makeTunnel: (PeerBook) -> Tunnel? = { _ in nil }
    ) {
        routes = RouteBook(byHost: routesByHost)
        tunnel = makeTunnel(routes.peers)
        self.innerToken = innerToken
        self.tls = tls
        self.accessLog = accessLog
        self.limits = limits
        self.log = log
        self.forwarding = forwarding
        self.listensAtFile = listensAtFile
        self.errorPages = errorPages
        self.errorTarget = errorTarget.map { [routes] in ErrorTarget($0, peers: routes.peers) }
    }
}
