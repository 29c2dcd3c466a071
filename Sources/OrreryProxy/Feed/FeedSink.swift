internal import OrreryModel
internal import OrreryWire
internal import Synchronization

/// Puts in force what a feed says.
///
/// Concurrency: one task calls `take`; the books it changes are anybody's.
final class FeedSink: Sendable {
    private let shared: Shared
    private let signals: [SharedDescriptor]
    /// The route `/` that is there when the hub gives none.
    private let fallback: RouteSetting?

    init(shared: Shared, signals: [SharedDescriptor], fallback: RouteSetting?) {
        self.shared = shared
        self.signals = signals
        self.fallback = fallback
    }

    /// How far the routes follow the feed.
    var position: FeedPosition? { shared.routes.position }

    /// Whether the feed is followed now, for whoever watches.
    func noteFollowed(_ isFollowed: Bool) { shared.metrics.isFeedFollowed.store(isFollowed, ordering: .relaxed) }

    /// False when there is no room for so many routes.
    func take(_ steps: [FeedReader.Step]) -> Bool {
        var fits = true
        for step in steps where fits { fits = take(step) }
        if fits, steps.contains(where: \.isChange) {
            shared.metrics.feedChanged.store(Moment.now().wall, ordering: .relaxed)
        }
        return fits
    }

    private func take(_ step: FeedReader.Step) -> Bool {
        let now = Moment.now().wall
        switch step {
        case .replaceAll(let settings, let position):
            let all = [fallback].compactMap { $0 } + settings
            guard shared.routes.replaceAll(all, position: position, at: now) else { return false }
            shared.log.write(.info, "\(settings.count) route(s) taken from the hub")
        case .apply(let changes, let position):
            return shared.routes.apply(changes.map(restoring), position: position, at: now)
        case .logouts(let sessions, let seconds):
            shared.logouts.add(sessions, until: now + seconds * 1000, now: now)
            // Connections that were upgraded before have no next request at which it would be noticed.
            for signal in signals { signal.descriptor.signal() }
        case .gate(let object):
            // The reason names no key.
            if let reason = shared.gate.set(object.object ?? [:]) { shared.log.write(.warn, "feed: gate: \(reason)") }
        case .agents, .agent, .strike, .tell: takeAgents(step)
        case .peers, .noPeers: takePeers(step)
        case .warning(let text): shared.log.write(.warn, "feed: \(text)")
        }
        return true
    }

    /// The other proxies.
    private func takePeers(_ step: FeedReader.Step) {
        let now = Moment.now().monotonic
        shared.tunnel?.peers.withLock { peers in
            if case .peers(let addresses, let pins) = step {
                peers.hear(addresses: addresses, pins: pins, at: now)
            } else {
                peers.hearNothing(at: now)
            }
        }
    }

    /// Keys of agents, and words for them.
    private func takeAgents(_ step: FeedReader.Step) {
        guard let tunnel = shared.tunnel else { return }
        switch step {
        case .agents(let entries): tunnel.book.replaceAll(entries)
        case .agent(let entry): tunnel.book.set(entry)
        case .strike(let key, let reason): tunnel.book.strike(key, reason: reason)
        case .tell(let key, let frame): return tunnel.post(.tell(key, frame))
        default: return
        }
        tunnel.bookChanged()
        // Workers have connections of these keys, which have no next request at which it would be noticed.
        for signal in signals { signal.descriptor.signal() }
    }

    /// Without a route of the hub's `/` leads where it did before.
    private func restoring(_ change: RouteChange) -> RouteChange {
        guard case .remove(let key) = change, let fallback, key == fallback.key else { return change }
        return .set(fallback)
    }
}
