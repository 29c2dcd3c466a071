package import FoundationEssentials
package import Logging
package import OrreryKubernetes
import OrreryModel
package import OrreryStore
import ServiceLifecycle
import Synchronization

/// Turns plans into running sessions and back, on any number of clusters.
///
/// What was promised is stored first and done then, so that a hub that dies between any two steps goes on where it was.
/// There is one watch per cluster for pods and one for events; nothing is polled. A cluster that cannot be seen changes
/// nothing about its sessions but what is said of them.
///
/// Concurrency: safe from any task. `run` holds the watches and one task per session that has not ended; `start` and
/// `stop` hand over to them.
package final class Spawner: Service {
    /// The clusters as they are now: they come and go.
    let park: Mutex<Park>
    let scene: Scene
    let live = Mutex(Live())
    private let shelf: (any TokenShelf)?
    private let transport: any KubernetesTransport
    private let launches: AsyncStream<Launch>
    let launch: AsyncStream<Launch>.Continuation

    struct Live {
        var isRunning = false
        var sessions: [String: Session] = [:]
        /// The same sessions, by cluster and the name of their pod.
        var pods: [PodPlace: Session] = [:]
        var conditions: [String: ClusterCondition] = [:]
        var orphans: [String: OrphanPod] = [:]
        /// From which clusters this process has taken sessions back, by their ids: what comes there late is nobody's.
        var givenBack: [String: Set<String>] = [:]
        /// The newest session that the store knew at the start; nil before that, and when it knew none.
        var newest: String?
        /// Clusters whose first complete picture has been taken.
        var pictured: Set<String> = []
        /// Since when clusters give no answer that are not given up yet.
        var silent: [String: Date] = [:]
        /// Those none of whose agents is connected.
        var absences: [String: Away] = [:]
    }

    /// What `run` has to begin.
    enum Launch: Sendable {
        case session(Session)
        case cluster(KubernetesClient, until: AsyncStream<Void>)
        /// A stored session of a cluster that is gone.
        case lost(SessionRecord, String)
        /// A pod with this hub's label of no session that lives there.
        case stray(Pod, OrphanPod)
        /// The cluster has given no answer since then.
        case silence(cluster: String, since: Date, KubernetesError, Duration)
    }

    struct PodPlace: Hashable {
        let cluster: String
        let pod: String
    }

    /// `fetcher` is the way to all clusters: a `Fetcher`. `shelf` keeps over a restart the tokens that the hub renews itself.
    /// `title` gives what people call the cluster of a name.
    package convenience init(
        clusters: [ClusterAccess], store: any SessionStore, contract: any SessionContract, routes: any RouteBook,
        fetcher: any KubernetesTransport, settings: SpawnSettings = SpawnSettings(), logger: Logger,
        shelf: (any TokenShelf)? = nil, clock: any Clock<Duration> = ContinuousClock(),
        now: @escaping @Sendable () -> Date = { Date() }, title: @escaping @Sendable (String) -> String = { $0 }
    ) {
        self.init(
            clusters: clusters, store: store, contract: contract, routes: routes, transport: fetcher,
            settings: settings, shelf: shelf, logger: logger, time: Timekeeper(clock), now: now,
            title: title)
    }

    /// The same with time as the clients of the clusters see it.
    package init(
        clusters: [ClusterAccess], store: any SessionStore, contract: any SessionContract, routes: any RouteBook,
        transport: any KubernetesTransport, settings: SpawnSettings, shelf: (any TokenShelf)? = nil, logger: Logger,
        time: Timekeeper, now: @escaping @Sendable () -> Date, title: @escaping @Sendable (String) -> String = { $0 }
    ) {
        let clients = clusters.map { ($0.name, KubernetesClient($0, transport: transport, time: time, now: now)) }
        park = Mutex(Park(clients: Dictionary(clients) { _, last in last }))
        self.transport = transport
        self.shelf = shelf
        scene = Scene(
            store: store, contract: contract, routes: routes, settings: settings, board: ProgressBoard(), time: time,
            alarms: Alarms(time), deadlines: Deadlines(), now: now, title: title, logger: logger)
        (launches, launch) = AsyncStream.makeStream(of: Launch.self)
    }

    /// Holds the watches and lets the sessions live. First the routes of ready sessions are published as they are stored,
    /// then every cluster is compared with what is stored. Returns when the task is cancelled or a graceful shutdown
    /// begins; no session is stopped by that.
    package func run() async throws {
        let records = try await loadSessions()
        let newest = try? await scene.store.newestSession()
        live.withLock { $0.newest = newest }
        for cluster in clusters.values { await cluster.adoptToken(from: shelf) }
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.scene.alarms.run() }
                for record in records { self.add(record) }
                self.live.withLock { $0.isRunning = true }
                // People with a notebook come first: comparing the clusters takes the same processors.
                if records.contains(where: { $0.readyAt != nil }) { await self.scene.routes.restored() }
                for cluster in self.clusters.values { self.begin(cluster) }
                for await launch in self.launches { group.addTask { await self.attend(launch) } }
                group.cancelAll()
            }
        }
        live.withLock { $0 = Live() }
        scene.board.close()
    }

    private func attend(_ launch: Launch) async {
        switch launch {
        case .session(let session):
            await session.run()
            forget(session)
            guard let shortage = session.shortage else { return }
            // What its task did not hear any more is looked at by us.
            if let pod = session.unheardPod { dispatch(pod, on: session.record.cluster) }
            // Told last: whoever hears it may let the session start anew.
            scene.board.tell(.givenBack(session: session.record.id, shortage))
        case .lost(let record, let sentence): await end(record, because: sentence)
        case .stray(let pod, let orphan): await attend(pod, orphan)
        case .cluster(let cluster, let stop): await attend(cluster, until: stop)
        case .silence(let cluster, let since, let error, let patience):
            guard (try? await scene.time.sleep(patience)) != nil else { return }
            giveUp(cluster, silentSince: since, error)
        }
    }

    /// Holds the watches of a cluster until it is taken away.
    private func attend(_ cluster: KubernetesClient, until stop: AsyncStream<Void>) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.watchPods(of: cluster) }
            group.addTask { await self.watchEvents(of: cluster) }
            group.addTask { await self.keepToken(of: cluster) }
            group.addTask { await self.collect(on: cluster) }
            for await _ in stop {}
            group.cancelAll()
        }
    }

    func makeClient(_ access: ClusterAccess) -> KubernetesClient {
        KubernetesClient(access, transport: transport, time: scene.time, now: scene.now)
    }

    private func keepToken(of cluster: KubernetesClient) async {
        await cluster.keepToken(shelf: shelf, now: scene.now, logger: scene.logger)
    }

    private func loadSessions() async throws -> [SessionRecord] {
        var backoff = Backoff()
        while true {
            do { return try await scene.store.allActive() } catch {
                scene.logger.error("the sessions cannot be read", metadata: ["error": "\(error)"])
                try await scene.time.sleep(backoff.next())
            }
        }
    }

    /// Lets a stored session live, unless it does already or waits for room.
    func add(_ record: SessionRecord, wish: SessionChoice? = nil, said: [String]? = nil) {
        guard !record.isWaiting else { return }
        if let sentence = park.withLock({ $0.gone[record.cluster] }) {
            launch.yield(.lost(record, sentence))
            return
        }
        guard let cluster = clusters[record.cluster] else {
            scene.logger.error(
                "a session's cluster is not configured any more",
                metadata: ["session": "\(record.id)", "cluster": "\(record.cluster)"])
            return
        }
        let session = Session(record, on: cluster, scene, wish: wish, said: said)
        let isNew = live.withLock { live in
            guard live.sessions[record.id] == nil else { return false }
            live.sessions[record.id] = session
            live.givenBack[record.id]?.remove(record.cluster)
            live.pods[PodPlace(cluster: record.cluster, pod: record.pod)] = session
            // A cluster's trouble is told once, and was before this one came.
            if let condition = live.conditions[record.cluster], condition != .ready { session.tell(.unshown) }
            return true
        }
        if isNew { launch.yield(.session(session)) }
    }

    private func forget(_ session: Session) {
        live.withLock { live in
            live.sessions[session.record.id] = nil
            live.pods[PodPlace(cluster: session.record.cluster, pod: session.record.pod)] = nil
            guard session.shortage != nil else { return }
            if live.givenBack.count >= 10_000 { live.givenBack = [:] }
            live.givenBack[session.record.id, default: []].insert(session.record.cluster)
        }
    }
}
