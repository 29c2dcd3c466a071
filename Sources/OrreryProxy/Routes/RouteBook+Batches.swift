internal import OrreryWire
internal import Synchronization

/// Many routes at once: the hub's snapshots and batches of changes, and the file on disk.
extension RouteBook {
    /// Makes these the only routes, in one publish: a request sees all of them or none. A route that leads where it led
    /// before keeps what is known of its use. False, and nothing is changed, when there is no room for so many. Of two
    /// settings with one key the last counts.
    func replaceAll(_ settings: [RouteSetting], position: FeedPosition? = nil, at moment: UInt64) -> Bool {
        state.withLock { state in
            var routes: [RouteKey: Route] = [:]
            routes.reserveCapacity(settings.count)
            for setting in settings {
                let key = canonical(setting.key)
                guard let route = route(setting, after: state.routes[key], at: moment) else {
                    forget(routes, butNot: state.routes)
                    return false
                }
                // Said twice: the route that was meant first is nobody's, unless it is the old one.
                if let first = routes.updateValue(route, forKey: key), first.activity != route.activity,
                    first.activity != state.routes[key]?.activity
                {
                    forget(first)
                }
            }
            forget(state.routes, butNot: routes)
            state.routes = routes
            state.position = position
            publishAll(&state)
            return true
        }
    }

    /// Applies changes in their order, in one publish. False when there was no room for a route; those before it are set.
    func apply(_ changes: [RouteChange], position: FeedPosition? = nil, at moment: UInt64) -> Bool {
        state.withLock { state in
            let isWhole = changes.allSatisfy { change in take(change, at: moment, &state) }
            if isWhole { state.position = position ?? state.position }
            publish(&state)
            return isWhole
        }
    }

    /// All routes with the position of the feed that they are the state of, in no order.
    func saved() -> (routes: [(key: RouteKey, route: Route)], position: FeedPosition?) {
        state.withLock { state in (state.routes.map { (key: $0.key, route: $0.value) }, state.position) }
    }

    /// The position alone.
    var position: FeedPosition? { state.withLock { $0.position } }

    /// The routes that were used at `moment` or later, and when they were last.
    func used(since moment: UInt64) -> [(key: RouteKey, moment: UInt64)] {
        state.withLock { state in
            state.routes.compactMap { key, route in
                let last = activity.last(route.activity)
                return last >= moment ? (key, last) : nil
            }
        }
    }

    private func take(_ change: RouteChange, at moment: UInt64, _ state: inout State) -> Bool {
        let key = canonical(change.key)
        switch change {
        case .remove:
            guard let old = state.routes.removeValue(forKey: key) else { return true }
            forget(old)
            state.lastChanges[key] = .some(nil)
        case .set(let setting):
            let old = state.routes[key]
            guard let route = route(setting, after: old, at: moment) else { return false }
            if let old, old.activity != route.activity { forget(old) }
            state.routes[key] = route
            state.lastChanges[key] = .some(route)
        }
        return true
    }

    /// The route for `setting` where `old` was, which it continues if it leads to the same target; nil when there is no
    /// room.
    private func route(_ setting: RouteSetting, after old: Route?, at moment: UInt64) -> Route? {
        if setting.address == nil { hasNewNames.store(true, ordering: .releasing) }
        if let old, old.target == setting.target {
            // A name that cannot be looked up just now keeps the address it had.
            return Route(setting, address: setting.address ?? old.endpoint?.address, peer: old.peer, old.activity)
        }
        guard let cell = activity.open(at: setting.lastUse ?? moment) else { return nil }
        return Route(setting, address: setting.address, peer: peers.number(of: setting.target.peer), cell)
    }

    /// Gives back what the routes of one table hold and those of the other do not.
    private func forget(_ routes: [RouteKey: Route], butNot kept: [RouteKey: Route]) {
        for (key, route) in routes where kept[key]?.activity != route.activity { forget(route) }
    }
}

extension Route {
    fileprivate convenience init(
        _ setting: RouteSetting, address: SocketAddress?, peer: UInt32, _ activity: ActivityBook.Cell
    ) {
        self.init(
            target: setting.target, address: address, peer: peer, activity: activity, members: setting.members,
            access: setting.access.joined(separator: "\n"))
    }
}
