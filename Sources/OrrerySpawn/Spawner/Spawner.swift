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
    let clusters: [String: KubernetesClient]
    let scene: Scene
    let live = Mutex(Live())
    private let shelf: (any TokenShelf)?
    private let launches: AsyncStream<Session>
    private let launch: AsyncStream<Session>.Continuation

    struct Live {
        var isRunning = false
        var sessions: [String: Session] = [:]
        /// The same sessions, by cluster and the name of their pod.
        var pods: [PodPlace: Session] = [:]
        var conditions: [String: ClusterCondition] = [:]
        var orphans: [String: OrphanPod] = [:]
        /// The newest session that the store knew at the start; nil before that, and when it knew none.
        var newest: String?
        /// Clusters whose first complete picture has been taken.
        var pictured: Set<String> = []
    }

    struct PodPlace: Hashable {
        let cluster: String
        let pod: String
    }

    /// `fetcher` is the way to all clusters: a `Fetcher`. `shelf` keeps over a restart the tokens that the hub renews itself.
    package convenience init(
        clusters: [ClusterAccess], store: any SessionStore, contract: any SessionContract, routes: any RouteBook,
        fetcher: any KubernetesTransport, settings: SpawnSettings = SpawnSettings(), logger: Logger,
        shelf: (any TokenShelf)? = nil, clock: any Clock<Duration> = ContinuousClock(),
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.init(
            clusters: clusters, store: store, contract: contract, routes: routes, transport: fetcher,
            settings: settings, shelf: shelf, logger: logger, time: Timekeeper(clock), now: now)
    }

    /// The same with time as the clients of the clusters see it.
    package init(
        clusters: [ClusterAccess], store: any SessionStore, contract: any SessionContract, routes: any RouteBook,
        transport: any KubernetesTransport, settings: SpawnSettings, shelf: (any TokenShelf)? = nil, logger: Logger,
        time: Timekeeper, now: @escaping @Sendable () -> Date
    ) {
        let clients = clusters.map { ($0.name, KubernetesClient($0, transport: transport, time: time)) }
        self.clusters = Dictionary(clients) { _, last in last }
        self.shelf = shelf
        scene = Scene(
            store: store, contract: contract, routes: routes, settings: settings, board: ProgressBoard(), time: time,
            now: now, logger: logger)
        (launches, launch) = AsyncStream.makeStream(of: Session.self)
    }

    /// Holds the watches and lets the sessions live. First the routes of ready sessions are published as they are stored,
    /// then every cluster is compared with what is stored. Returns when the task is cancelled or a graceful shutdown
    /// begins; no session is stopped by that.
    package func run() async throws {
        let records = try await loadSessions()
        let newest = try? await scene.store.newestSession()
        live.withLock { $0.newest = newest }
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for record in records { self.add(record) }
                self.live.withLock { $0.isRunning = true }
                // People with a notebook come first: comparing the clusters takes the same processors.
                if records.contains(where: { $0.readyAt != nil }) { await self.scene.routes.restored() }
                for cluster in self.clusters.values {
                    group.addTask { await self.watchPods(of: cluster) }
                    group.addTask { await self.watchEvents(of: cluster) }
                    group.addTask { await self.keepToken(of: cluster) }
                    group.addTask { await self.collect(on: cluster) }
                }
                for await session in self.launches {
                    group.addTask {
                        await session.run()
                        self.forget(session)
                    }
                }
                group.cancelAll()
            }
        }
        live.withLock { $0 = Live() }
        scene.board.close()
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
    func add(_ record: SessionRecord) {
        guard !record.isWaiting else { return }
        guard let cluster = clusters[record.cluster] else {
            scene.logger.error(
                "a session's cluster is not configured any more",
                metadata: ["session": "\(record.id)", "cluster": "\(record.cluster)"])
            return
        }
        let session = Session(record, on: cluster, scene)
        let isNew = live.withLock { live in
            guard live.sessions[record.id] == nil else { return false }
            live.sessions[record.id] = session
            live.pods[PodPlace(cluster: record.cluster, pod: record.pod)] = session
            return true
        }
        if isNew { launch.yield(session) }
    }

    private func forget(_ session: Session) {
        live.withLock { live in
            live.sessions[session.record.id] = nil
            live.pods[PodPlace(cluster: session.record.cluster, pod: session.record.pod)] = nil
        }
    }
}
