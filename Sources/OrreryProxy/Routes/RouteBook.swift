internal import OrreryModel
internal import OrreryWire
internal import Synchronization

/// All routes, as whoever sets them sees them, and the snapshot that the workers see.
///
/// Concurrency: any thread may call anything. A change is in the snapshot before the call returns, so a request that
/// begins afterwards follows it. Workers only ever wait for the snapshot's own lock, never for a table being made.
final class RouteBook: Sendable {
    struct State {
        var routes: [RouteKey: Route] = [:]
        /// How far the hub's feed has been followed, if these routes are a hub's.
        var position: FeedPosition?
        /// What is in no table yet. A nil is a route that is gone.
        var lastChanges: [RouteKey: Route?] = [:]
        var (large, medium, small) = (RouteTable.empty, RouteTable.empty, RouteTable.empty)
    }

    /// Whether keys begin with the host they are for.
    let isByHost: Bool
    let activity = ActivityBook()
    let peers: PeerBook
    let state = Mutex(State())
    private let published = Mutex(RouteSnapshot(large: .empty, medium: .empty, small: .empty))
    /// Goes up with every change.
    private let version = Atomic<UInt64>(1)
    /// There are targets whose names nobody has looked up yet.
    let hasNewNames = Atomic<Bool>(false)

    /// `peers` is for books whose routes must not be taken for each other's.
    init(byHost isByHost: Bool = false, peers: PeerBook = PeerBook()) {
        self.isByHost = isByHost
        self.peers = peers
    }

    /// What `snapshot()` would be numbered now. Costs one load.
    var currentVersion: UInt64 { version.load(ordering: .acquiring) }

    func snapshot() -> RouteSnapshot { published.withLock { $0 } }

    /// Adds or replaces a route; `access` are the names of those who may pass, and empty lets everybody. False when there
    /// is no room for another one.
    func set(
        _ key: RouteKey, to target: Target, address: SocketAddress?, access: [String] = [], members: [UInt8],
        at moment: UInt64
    ) -> Bool {
        let key = canonical(key)
        return state.withLock { state in
            let old = state.routes[key]
            guard let cell = activity.open(at: moment) else { return false }
            let peer = peers.number(of: target.peer)
            if let old { forget(old) }
            let route = Route(
                target: target, address: address, peer: peer, activity: cell, members: members,
                access: access.joined(separator: "\n"))
            state.routes[key] = route
            state.lastChanges[key] = .some(route)
            publish(&state)
            return true
        }
    }

    /// Removes a route. False when there is none. What runs over it goes on.
    func remove(_ key: RouteKey) -> Bool {
        let key = canonical(key)
        return state.withLock { state in
            guard let old = state.routes.removeValue(forKey: key) else { return false }
            forget(old)
            state.lastChanges[key] = .some(nil)
            publish(&state)
            return true
        }
    }

    var count: Int { state.withLock { $0.routes.count } }

    /// Gives back what a route holds.
    func forget(_ route: Route) {
        activity.close(route.activity)
        peers.release(route.peer)
    }

    func route(_ key: RouteKey) -> Route? {
        let key = canonical(key)
        return state.withLock { $0.routes[key] }
    }

    /// Hosts have no case (RFC 9110 4.2.3), paths do.
    func canonical(_ key: RouteKey) -> RouteKey { isByHost ? key.withLowercaseHost : key }

    /// All routes, in the order of their keys' text.
    func all() -> [(key: RouteKey, route: Route)] {
        state.withLock { $0.routes.map { (key: $0.key, route: $0.value) } }.sorted { $0.key.text < $1.key.text }
    }

    /// Whether there are targets whose names nobody has looked up yet; once.
    func takeNewNames() -> Bool { hasNewNames.exchange(false, ordering: .acquiringAndReleasing) }

    /// Looks all names up again and publishes the addresses that changed. Blocks while it does, until `isOver`.
    func refreshNames(isOver: () -> Bool = { false }, resolve: (Target) -> SocketAddress? = { $0.resolve() }) {
        let named = state.withLock { $0.routes.filter { $0.value.target.isNamed } }
        var found: [Target: SocketAddress?] = [:]
        for (key, route) in named {
            guard !isOver() else { return }
            let address = found[route.target] ?? resolve(route.target)
            found[route.target] = .some(address)
            // A name that cannot be looked up just now keeps the address it had.
            guard let address, address != route.endpoint?.address else { continue }
            state.withLock { state in
                // The route may have been set anew while we were looking, to the same target for other people.
                guard let present = state.routes[key], present.activity == route.activity else { return }
                let renewed = present.renewed(address)
                state.routes[key] = renewed
                state.lastChanges[key] = .some(renewed)
                publish(&state)
            }
        }
    }

    /// Makes a snapshot of what `state` holds now and shows it to the workers. What changed since the last one stands
    /// in `lastChanges`.
    ///
    /// A change is copied into the small table, with that into the medium one, and with that into the large one. The
    /// medium table grows with the root of the large one: so both are copied equally seldom, and a change costs no more
    /// than some hundred routes copied, however many there are.
    func publish(_ state: inout State) {
        state.small = state.small.updated(by: RouteTable(state.lastChanges, byHost: isByHost), keepsGone: true)
        state.lastChanges = [:]
        if state.small.count > Self.smallLimit {
            state.medium = state.medium.updated(by: state.small, keepsGone: true)
            state.small = .empty
        }
        if state.medium.count > Self.mediumLimit(below: state.large.count) {
            state.large = state.large.updated(by: state.medium, keepsGone: false)
            state.medium = .empty
        }
        let snapshot = RouteSnapshot(large: state.large, medium: state.medium, small: state.small)
        published.withLock { $0 = snapshot }
        version.wrappingAdd(1, ordering: .releasing)
    }

    private static let smallLimit = 32
    private static func mediumLimit(below count: Int) -> Int {
        max(1024, Int((Double(count) * 2 * Double(smallLimit)).squareRoot()))
    }

    /// The same when every table has to be made anew.
    func publishAll(_ state: inout State) {
        state.large = RouteTable(state.routes.mapValues(\.self), byHost: isByHost)
        (state.medium, state.small, state.lastChanges) = (.empty, .empty, [:])
        publish(&state)
    }
}
