import Foundation
import Logging
import OrreryCrypto
import OrreryFetch
import OrreryModel
import OrrerySpawn
import OrreryStore
import ServiceLifecycle
import Synchronization

/// The routes of sessions, the ended logins and the gate's keys, kept in the feed that proxies follow.
///
/// A change is in force at every proxy that follows before `open`, `close` and `refuse` return. Without any proxy it is
/// remembered and an error; a line in the log says so, and proxies get it when they come.
///
/// Concurrency: any task may open and close; `run` alone looks after the rest.
package final class ProxyBook: RouteBook, Service, Sendable {
    let feed: ProxyFeed
    private let fetcher: Fetcher
    /// For pods alone, each of which is asked once.
    private let knocker = Fetcher()
    /// Where people's requests go in.
    private let entrance: ListenAddress
    private let store: any SessionStore
    private let gate: GateSource
    /// What proxies are told of the server of a stored session that listens there; nil where nobody may go there any more.
    private let target: @Sendable (SessionRecord, String) -> String?
    private let logger: Logger
    /// Since when nobody follows, as far as the log says.
    private let isAway = Mutex(false)

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
        fetcher: Fetcher, proxy: HubConfiguration.Proxy, store: any SessionStore, gate: GateSource, feed: ProxyFeed,
        logger: Logger, target: @escaping @Sendable (SessionRecord, String) -> String?
    ) {
        self.feed = feed
        self.target = target
        self.fetcher = fetcher
        entrance = proxy.listen.reachable
        self.store = store
        self.gate = gate
        self.logger = logger
    }

    package func open(_ prefix: String, to target: String, session: String, person: String) async throws {
        let number = feed.set(prefix, to: ProxyFeed.Route(target: target, session: session, person: person))
        try await arrival(of: number)
    }

    package func close(_ prefix: String) async throws { try await arrival(of: feed.remove(prefix)) }

    /// Whether a server answers at `prefix` on the way that people's requests take. 424 is the hub's own answer for a
    /// prefix without a route.
    package func answers(_ prefix: String) async -> Bool {
        let request = FetchRequest(
            url: "http://\(entrance)\(prefix)api", connectLimit: .seconds(2), limit: .seconds(5), bodyLimit: 64 << 10)
        guard let answer = try? await fetcher.fetch(request) else { return false }
        return answer.status < 500 && answer.status != 424
    }

    package func restored() async {
        let deadline = ContinuousClock.now + Self.pause
        while !feed.isOpen, ContinuousClock.now < deadline {
            guard (try? await Task.sleep(for: .milliseconds(10))) != nil else { return }
        }
        let number = feed.book.withLock { $0.number }
        if feed.isOpen { _ = await feed.arrival(of: number, patience: Self.pause, absence: Self.pause) }
    }

    /// As a kubelet's probe asks, whose answers from 400 on are none.
    package func listens(_ target: String, at prefix: String) async -> Bool {
        var request = FetchRequest(
            url: "\(target)\(prefix)api", connectLimit: .seconds(1), limit: .seconds(2), bodyLimit: 64 << 10)
        request.isOnly = true
        guard let answer = try? await knocker.fetch(request) else { return false }
        return (200..<400).contains(answer.status)
    }

    /// Closes everything behind the proxies for a login that has ended. Those that are away are told when they come.
    func refuse(sid: String) async {
        let number = feed.refuse(sid: sid, until: gate.now() + Self.memory.seconds)
        do {
            try await arrival(of: number, absence: .seconds(0))
        } catch {
            logger.warning("no proxy could be told of a logout; it is told when one comes")
        }
    }

    /// A proxy that was cut off comes again within two seconds.
    private func arrival(of number: UInt64, absence: Duration = .seconds(5)) async throws {
        switch await feed.arrival(of: number, patience: .seconds(2), absence: absence) {
        case .everywhere: return
        case .late(let names):
            guard !names.isEmpty else { return }
            logger.warning(
                "a proxy is late: what changes is not in force there yet", metadata: ["proxies": "\(names)"])
        case .nobody:
            throw HubError(.unavailable, "no proxy follows this hub", next: "try again in a moment")
        }
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled, await !self.load() { try? await Task.sleep(for: Self.pause) }
            var looks = 0
            while !Task.isCancelled {
                await self.look(isNew: looks < 3)
                looks += 1
                try? await Task.sleep(for: Self.pause)
            }
        }
    }

    private static let pause = Duration.seconds(2)

    /// Fills the feed from the sessions that were live when the hub last ran, and opens it. Not before: proxies would
    /// remove the routes that have not been read. False when the store does not answer.
    func load() async -> Bool {
        do {
            for (sid, end) in try await gate.ended.endedLogins(at: gate.now()) { feed.refuse(sid: sid, until: end) }
            for session in try await store.allActive() where session.state.mayHaveRoute {
                guard let address = session.address, let target = target(session, address) else { continue }
                // Sessions live on while they are read.
                feed.restore(
                    session.prefix,
                    to: ProxyFeed.Route(
                        target: target, session: session.id, person: session.personName,
                        lastUse: session.lastActivity))
            }
            try await giveKeys()
            feed.open()
            return true
        } catch {
            logger.error("the routes of running sessions could not be read; retrying", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// The keys of the day, and a word to the operator when proxies come and go. A hub that is new gives them time.
    func look(isNew: Bool = false) async {
        do {
            try await giveKeys()
        } catch {
            logger.error("the gate's keys could not be read; retrying", metadata: ["error": "\(error)"])
        }
        let isFollowed = feed.isFollowed
        guard isFollowed || !isNew else { return }
        let wasAway = isAway.withLock { isAway in
            defer { isAway = !isFollowed }
            return isAway
        }
        if isFollowed, wasAway { logger.notice("the proxy follows again") }
        if !isFollowed, !wasAway {
            logger.warning("no proxy follows this hub: running notebooks may be unreachable until one comes")
        }
    }

    private func giveKeys() async throws {
        let listed = try await gate.tickets.keys().keys.map { key -> JSON in
            ["id": .integer(Int64(key.id)), "key": .string(Data(key.reveal()).base64EncodedString())]
        }
        feed.setGate(["keys": .array(listed), "login": .string(gate.login)])
    }
}
