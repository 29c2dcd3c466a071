import FoundationEssentials
package import Logging
import OrreryCrypto
import OrreryFetch
package import OrreryKubernetes
import OrreryLink
import OrreryModel
import ServiceLifecycle

/// A whole agent: key, connections to the proxies, gate, pods, inventory.
///
/// It begins with what it needs from its cluster and waits for that as long as it takes; from then on the cluster may be
/// away, and what runs goes on. When it is told to leave it takes nothing new, and ends when all has ended that ran.
package struct AgentService: Service {
    package static let version = "0.1.0"

    private let configuration: AgentConfiguration
    private let logger: Logger
    /// One line for the person who started the agent.
    private let say: @Sendable (String) -> Void
    private let now: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
    private let time: Timekeeper
    private let fetcher = Fetcher()

    package init(
        _ configuration: AgentConfiguration, time: Timekeeper = .continuous, logger: Logger,
        say: @escaping @Sendable (String) -> Void
    ) {
        self.time = time
        self.configuration = configuration
        self.logger = logger
        self.say = say
    }

    package func run() async throws {
        let policy = SitePolicyKeeper(file: configuration.policy, logger: logger)
        let keeper: KeyKeeper
        let cluster: AgentHello.Cluster
        do {
            (keeper, cluster) = try await cancelWhenGracefulShutdown { try await begin(policy.current) }
        } catch is CancellationError { return }
        let room = try GateRoom()
        let (news, teller) = AsyncStream.makeStream(of: LinkNews.self)
        let agent = AgentID.random()
        let writer = HelloWriter(
            agent, configuration, key: await keeper.current, cluster: cluster,
            namespaces: { scope(policy.current).namespaces }, now: now)
        let book = PodBook()
        let relay = try Relay(
            try await setting(agent, keeper, room, writer, book) { teller.yield($0) })
        let hearing = LinkHearing(configuration, relay, keeper, writer, now: now, say: say, logger: logger)
        let key = await keeper.current.id
        logger.notice("an agent begins", metadata: ["agent": "\(agent)", "key": "\(key)"])
        try await withGracefulShutdownHandler {
            try await work(relay, policy, book, room, hearing, news) { teller.yield($0) }
        } onGracefulShutdown: {
            relay.drain(grace: configuration.grace)
        }
    }

    /// What there has to be before anybody is dialled.
    private func begin(_ policy: SitePolicy) async throws -> (KeyKeeper, AgentHello.Cluster) {
        let keeper = try await patiently("keep its key") { () async throws(AgentError) in
            try await KeyKeeper.opening(try shelf(), now: now())
        }
        let cluster = try await patiently("ask its cluster who it is") { () async throws(AgentError) in
            try await facts(policy)
        }
        return (keeper, cluster)
    }

    private func setting(
        _ agent: AgentID, _ keeper: KeyKeeper, _ room: GateRoom, _ writer: HelloWriter, _ book: PodBook,
        _ tell: @escaping @Sendable (LinkNews) -> Void
    ) async throws(AgentError) -> RelaySetting {
        let trust = try LinkTrust(
            key: await keeper.current, pins: configuration.join.pins, authorities: configuration.authorities)
        var setting = RelaySetting(
            agent: agent, trust: trust, gate: room.socket, hello: { writer.hello(to: $0) },
            find: { book.place(uid: $0, port: $1) }, tell: tell)
        setting.httpProxy = configuration.httpProxy
        setting.limits = configuration.limits
        return setting
    }

    private func work(
        _ relay: Relay, _ policy: SitePolicyKeeper, _ book: PodBook, _ room: GateRoom, _ hearing: LinkHearing,
        _ news: AsyncStream<LinkNews>, _ tell: @escaping @Sendable (LinkNews) -> Void
    ) async throws {
        let client = KubernetesClient(configuration.access, transport: fetcher)
        let inventory = ClusterInventory(client: client)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                // It ends as soon as we are told to leave: the hub asks the other replica from then on.
                try await APIGate(socket: room.socket, client: client, policy: policy, logger: logger).run()
                return false
            }
            group.addTask {
                try await policy.run()
                return false
            }
            group.addTask {
                await pods(book, policy).run()
                return false
            }
            group.addTask {
                await sight(of: book, policy)
                relay.use([ProxyPlace(host: configuration.join.host, port: configuration.join.port)])
                while true {
                    relay.send(await inventory.frame(policy: policy.current, sessions: book.count))
                    try await time.sleep(.seconds(60))
                }
            }
            group.addTask { try await tend(hearing.keeper, relay, tell) }
            group.addTask {
                var hearing = hearing
                for await item in news {
                    if case .drained = item { break }
                    if await hearing.hear(item) {
                        relay.send(await inventory.frame(policy: policy.current, sessions: book.count))
                    }
                }
                return true
            }
            while let hasLeft = try await group.next(), !hasLeft {}
            group.cancelAll()
        }
    }

    /// Waits until all pods have been seen, for a few seconds at most: an agent that is dialled before would say of every session that
    /// there is none, and proxies take the newest connections first.
    private func sight(of book: PodBook, _ policy: SitePolicyKeeper) async {
        let deadline = ContinuousClock.now + .seconds(5)
        while !book.knows(scope(policy.current).namespaces), ContinuousClock.now < deadline {
            guard (try? await Task.sleep(for: .milliseconds(10))) != nil else { return }
        }
    }

    /// Changes the key when it has grown old, goes on with a change that was begun, and tells of the key that another replica has
    /// changed it to. Whoever hears it knows which proxies are believed by then.
    private func tend(
        _ keeper: KeyKeeper, _ relay: Relay, _ tell: @escaping @Sendable (LinkNews) -> Void
    ) async throws -> Bool {
        while true {
            try await time.sleep(.seconds(300))
            do {
                if let key = try await keeper.renewed() { tell(.renewed(key)) }
                if let rotation = try await keeper.dueRotation(now()) { relay.send(rotation) }
            } catch { logger.warning("the key was not looked after", metadata: ["error": "\(error)"]) }
        }
    }
}

// MARK: What it needs from its cluster

extension AgentService {
    private func shelf() throws(AgentError) -> any KeyShelf {
        if let state = configuration.state { return try KeyFolder(state) }
        let own = configuration.access(in: configuration.ownNamespace)
        return KeySecret(KubernetesClient(own, transport: fetcher))
    }

    private func facts(_ policy: SitePolicy) async throws(AgentError) -> AgentHello.Cluster {
        let client = KubernetesClient(configuration.access, transport: fetcher)
        do {
            return AgentHello.Cluster(
                name: configuration.wish, uid: try await client.uid(ofNamespace: "kube-system"),
                kubernetes: try await client.serverVersion(), namespaces: scope(policy).namespaces)
        } catch { throw .cluster("the cluster \(configuration.access.server) does not say who it is: \(error)") }
    }

    private func scope(_ policy: SitePolicy) -> PodWatch.Scope {
        PodWatch.Scope(namespaces: policy.namespaces ?? [configuration.access.namespace], hub: policy.hub)
    }

    private func pods(_ book: PodBook, _ policy: SitePolicyKeeper) -> PodWatch {
        PodWatch(
            book, client: { KubernetesClient(configuration.access(in: $0), transport: fetcher) },
            scope: { scope(policy.current) }, logger: logger)
    }

    /// Tries until it succeeds: a cluster that is away or busy now is back later. The person is told why it takes so long.
    private func patiently<Value: Sendable>(
        _ what: String, _ attempt: () async throws(AgentError) -> Value
    ) async throws -> Value {
        var backoff = Backoff(first: .seconds(1), limit: .seconds(30))
        var last: AgentError?
        while true {
            do throws(AgentError) { return try await attempt() } catch {
                if last != error { say("The agent cannot \(what) yet, and tries again: \(error)") }
                logger.warning("the agent cannot begin yet", metadata: ["error": "\(error)"])
                last = error
            }
            try await time.sleep(backoff.next())
        }
    }
}
