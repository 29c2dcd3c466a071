import FoundationEssentials
import Logging
import OrreryFetch
import OrreryKubernetes
import OrreryModel
import OrreryStore
import Synchronization

@testable import OrrerySpawn

/// A cluster for the suite that wants a real one, and a hub on it.
///
/// | variable | |
/// |---|---|
/// | `ORRERY_TEST_CLUSTER_URL` | the API server |
/// | `ORRERY_TEST_CLUSTER_TOKEN` | a bearer token, or `file:` and a path |
/// | `ORRERY_TEST_CLUSTER_NAMESPACE` | where pods may be made |
/// | `ORRERY_TEST_CLUSTER_CA` | a PEM file; absent for the system's authorities |
/// | `ORRERY_TEST_CLUSTER_IMAGE` | an image by digest with `python3` in it |
enum ClusterEnvironment {
    static var image: String? { value("IMAGE") }
    static var isGiven: Bool { access != nil && image != nil }

    static let access: ClusterAccess? = {
        guard let url = value("URL"), let token = value("TOKEN"), let namespace = value("NAMESPACE") else { return nil }
        let text = token.hasPrefix("file:") ? read(String(token.dropFirst(5))) : token
        return ClusterAccess(
            name: "north", server: url, token: Secret(text ?? ""), authority: value("CA").flatMap(read),
            namespace: namespace)
    }()

    private static func value(_ name: String) -> String? {
        ProcessInfo.processInfo.environment["ORRERY_TEST_CLUSTER_\(name)"]
    }

    private static func read(_ path: String) -> String? {
        let text = try? String(contentsOfFile: path, encoding: .utf8)
        return text.map { String($0.drop(while: \.isWhitespace)) }.map { text in
            String(text.reversed().drop(while: \.isWhitespace).reversed())
        }
    }
}

/// A hub on the cluster of the environment. Its proxy is none: a route is a target, asked directly.
final class ClusterHub: Sendable {
    let store: Database
    let person: PersonRecord
    let routes = DirectRoutes()
    private let transport: any KubernetesTransport
    /// What the hub's clock is ahead of the right time.
    private let ahead: TimeInterval
    private let directory: URL
    private let running = Mutex<(spawner: Spawner, task: Task<Void, any Error>)?>(nil)

    init(transport: any KubernetesTransport = Fetcher(), ahead: TimeInterval = 0) async throws {
        self.transport = transport
        self.ahead = ahead
        directory = FileManager.default.temporaryDirectory.appending(path: "orrery-cluster-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        store = try Database(path: directory.appending(path: "hub.sqlite").path)
        person = try await store.register(Sample.person, isAdmin: false, at: Date())
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    @discardableResult
    func start() throws -> Spawner {
        guard let access = ClusterEnvironment.access else { throw FakeRoutes.Trouble() }
        let ahead = ahead
        let spawner = Spawner(
            clusters: [access], store: store, contract: Facility.Contract(), routes: routes, fetcher: transport,
            settings: SpawnSettings(hub: "orrery-test"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, now: { Date() + ahead })
        let task = Task { try await spawner.run() }
        running.withLock { $0 = (spawner, task) }
        return spawner
    }

    func hasEnded(_ session: SessionRecord) async -> Bool {
        (try? await store.session(id: session.id)?.state) == .ended
    }

    var spawner: Spawner? { running.withLock { $0?.spawner } }

    func kill() async {
        guard let task = running.withLock({ $0?.task }) else { return }
        task.cancel()
        _ = await task.result
    }

    /// Starts a session that runs `command`, and follows it until it is ready or has ended.
    func follow(
        _ command: [String], image: String? = nil, mounts: [Plan.Mount] = []
    ) async throws -> (SessionRecord, [SessionEventRecord]) {
        guard let spawner = running.withLock({ $0?.spawner }), let image = image ?? ClusterEnvironment.image else {
            throw FakeRoutes.Trouble()
        }
        var plan = Sample.plan(image: image, command: command, mounts: [])
        plan = Plan(
            person: plan.person, cluster: plan.cluster, profile: plan.profile, environment: plan.environment,
            size: plan.size, identity: plan.identity, mounts: mounts, refusals: [], home: "/tmp", variables: [:],
            life: Plan.Life(max: .seconds(600), grace: .seconds(1)), nodeSelector: [:])
        let session = try await spawner.start(plan: plan, planHash: "hash", person: person, server: "")
        var story: [SessionEventRecord] = []
        for await event in spawner.progress(of: session.id, after: 0) { story.append(event) }
        return (session, story)
    }
}

/// Routes that lead straight to the pod.
final class DirectRoutes: RouteBook {
    private let targets = Mutex<[String: String]>([:])
    private let fetcher = Fetcher()

    var prefixes: [String] { targets.withLock { Array($0.keys) } }

    func open(_ prefix: String, to target: String, session: String, person: String) async throws {
        targets.withLock { $0[prefix] = target }
    }

    func close(_ prefix: String) async throws { targets.withLock { $0[prefix] = nil } }

    func answers(_ prefix: String) async -> Bool {
        guard let target = targets.withLock({ $0[prefix] }) else { return false }
        return (try? await fetcher.fetch(FetchRequest(url: target + prefix + "api")).status) == 200
    }

    func restored() async {}

    func listens(_ target: String, at prefix: String) async -> Bool {
        (try? await fetcher.fetch(FetchRequest(url: target + prefix + "api")).status) == 200
    }
}
