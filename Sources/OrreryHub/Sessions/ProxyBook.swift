import Foundation
import Logging
import OrreryCrypto
import OrreryFetch
import OrreryModel
import OrrerySpawn
import OrreryStore
import ServiceLifecycle
import Synchronization

/// The routes that ought to be in the proxy, and the work of keeping them there.
///
/// A change goes to the proxy at once. When the proxy is away, the change is remembered, a line in the log says so, and
/// everything is put right within two seconds of its return. At the start and every half minute the proxy's list is
/// compared with this book, and routes under `/user/` are added, corrected and removed. The hub goes on meanwhile.
///
/// Concurrency: any task may open and close; `run` alone repairs.
package final class ProxyBook: RouteBook, Service, Sendable {
    private let client: ProxyClient
    /// Where people's requests go in.
    private let entrance: ListenAddress
    private let hub: ListenAddress
    private let store: any SessionStore
    private let gate: GateSource
    private let logger: Logger
    private let pages = Mutex(Pages())

    private struct Pages {
        var routes: [String: ProxyClient.Route] = [:]
        /// When each logout no longer matters, and the names of those that the proxy has not heard of.
        var logouts: [String: Date] = [:]
        var untold: Set<String> = []
        var isAway = false
    }

    /// Where the gate's keys come from, and the logouts that its tickets must not survive.
    struct GateSource: Sendable {
        let tickets: GateTickets
        let ended: any GateStore
        let login: String
        let now: @Sendable () -> Date
    }

    /// How long a login that the hub has ended could still open something: a ticket lives for hours, and single-user
    /// servers believe the hub's last word for 300 s. And some more.
    static let memory = GateTickets.life + .seconds(60)

    init(
        fetcher: Fetcher, proxy: HubConfiguration.Proxy, hub: ListenAddress, store: any SessionStore, gate: GateSource,
        logger: Logger
    ) {
        client = ProxyClient(fetcher: fetcher, api: proxy.api.reachable, token: proxy.token)
        entrance = proxy.listen.reachable
        self.hub = hub.reachable
        self.store = store
        self.gate = gate
        self.logger = logger
    }

    package func open(_ prefix: String, to target: String, session: String, person: String) async throws {
        let route = ProxyClient.Route(target: target, session: session, person: person)
        pages.withLock { $0.routes[prefix] = route }
        try await client.add(prefix, route)
    }

    package func close(_ prefix: String) async throws {
        pages.withLock { _ = $0.routes.removeValue(forKey: prefix) }
        try await client.remove(prefix)
    }

    /// Whether a server answers at `prefix` on the way that people's requests take. 424 is the hub's own answer for a
    /// prefix without a route.
    package func answers(_ prefix: String) async -> Bool {
        let request = FetchRequest(
            url: "http://\(entrance)\(prefix)api", connectLimit: .seconds(2), limit: .seconds(5), bodyLimit: 64 << 10)
        guard let answer = try? await client.fetcher.fetch(request) else { return false }
        return answer.status < 500 && answer.status != 424
    }

    /// Closes everything behind the proxy for a login that has ended. If the proxy is away it is told later.
    func refuse(sid: String) async {
        pages.withLock { pages in
            pages.logouts[sid] = gate.now() + Self.memory.seconds
            pages.untold.insert(sid)
        }
        do {
            try await sendLogouts()
        } catch {
            logger.warning(
                "the proxy could not be told of a logout; retrying",
                metadata: ["error": "\(error)", "detail": "\(error.detail ?? "")"])
        }
    }

    package func run() async throws {
        await load()
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.repair()
                for _ in 0..<Self.looks where (try? await Task.sleep(for: Self.pause)) != nil { await self.look() }
            }
        }
    }

    private static let pause = Duration.seconds(2)
    /// How often the proxy is looked at between two comparisons with everything it holds.
    private static let looks = 15

    /// Fills the book from the sessions that were live when the hub last ran, so that a proxy which started anew gets
    /// their routes before the first of them is looked at.
    func load() async {
        do {
            let ended = try await gate.ended.endedLogins(at: gate.now())
            pages.withLock { pages in
                pages.logouts.merge(ended) { newer, _ in newer }
                pages.untold.formUnion(ended.keys)
            }
            for session in try await store.allActive() where session.state.mayHaveRoute {
                guard let address = session.address else { continue }
                let route = ProxyClient.Route(
                    target: "http://\(address)", session: session.id, person: session.personName)
                pages.withLock { pages in
                    if pages.routes[session.prefix] == nil { pages.routes[session.prefix] = route }
                }
            }
        } catch {
            logger.error("the routes of running sessions could not be read", metadata: ["error": "\(error)"])
        }
    }

    /// A small question every two seconds, whatever the number of routes: does the proxy answer, and does it still hold
    /// one of those it was given? One that was started anew holds none, and gets all of them at once.
    func look() async {
        let known = pages.withLock { $0.isAway || !$0.untold.isEmpty ? nil : $0.routes.randomElement() }
        if let known, let held = try? await client.route(known.key), held.target == known.value.target { return }
        await repair()
    }

    /// One comparison of the book with the proxy, and what follows from it.
    func repair() async {
        do {
            try await giveKeys()
            try await sendLogouts()
            try await compare()
            if pages.withLock({ $0.isAway.exchange(false) }) { logger.notice("the proxy answers again") }
        } catch {
            guard pages.withLock({ !$0.isAway.exchange(true) }) else { return }
            logger.warning(
                "the proxy is away: running notebooks may be unreachable until it is back; retrying",
                metadata: [
                    "api": "\(client.api)", "error": "\(error)", "detail": "\((error as? HubError)?.detail ?? "")",
                ])
        }
    }

    private func compare() async throws(HubError) {
        let held = try await client.routes()
        // Looked at after the proxy's list was taken: a route that was opened in between is in the book, and adding it twice does no harm.
        var wanted = pages.withLock { $0.routes }
        wanted["/"] = ProxyClient.Route(target: "http://\(hub)", session: nil, person: nil)
        for (prefix, route) in wanted where held[ProxyClient.key(prefix)]?.target != route.target {
            logger.notice(
                "route put into the proxy", metadata: ["prefix": "\(prefix)", "session": "\(route.session ?? "")"])
            try await client.add(prefix, route)
        }
        let known = Set(wanted.keys.map(ProxyClient.key))
        for prefix in held.keys where prefix.hasPrefix("/user/") && !known.contains(prefix) {
            // Asked again, because it may have been opened while the others were being mended.
            guard pages.withLock({ $0.routes[prefix] == nil && $0.routes[prefix + "/"] == nil }) else { continue }
            logger.notice("route without a session removed from the proxy", metadata: ["prefix": "\(prefix)"])
            try await client.remove(prefix)
        }
    }

    /// Gives the proxy's gate the keys of the day unless it has them. One that had none, or others, may have started
    /// anew: it hears of all logouts again.
    private func giveKeys() async throws {
        guard let held = try await client.gateState() else { return }
        let keys = try await gate.tickets.keys()
        let wanted = ProxyClient.GateState(ids: keys.keys.map { Int64($0.id) }, login: gate.login)
        guard held != wanted else { return }
        pages.withLock { $0.untold.formUnion($0.logouts.keys) }
        // Before the keys: without them nothing opens yet.
        try await sendLogouts()
        try await client.setGate(keys, login: gate.login)
        logger.notice("the proxy's gate has the keys of the day", metadata: ["first": "\(wanted.ids.first ?? 0)"])
    }

    private func sendLogouts() async throws(HubError) {
        let now = gate.now()
        let (waiting, longest) = pages.withLock { pages in
            pages.logouts = pages.logouts.filter { $0.value > now }
            pages.untold.formIntersection(pages.logouts.keys)
            return (Array(pages.untold), pages.untold.compactMap { pages.logouts[$0] }.max() ?? now)
        }
        guard !waiting.isEmpty else { return }
        try await client.refuse(sids: waiting, for: .seconds(longest.timeIntervalSince(now).rounded(.up)))
        pages.withLock { $0.untold.subtract(waiting) }
    }
}

extension Bool {
    /// Sets `value` and gives what was there.
    fileprivate mutating func exchange(_ value: Bool) -> Bool {
        defer { self = value }
        return self
    }
}
