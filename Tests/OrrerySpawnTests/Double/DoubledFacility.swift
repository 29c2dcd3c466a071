import FaultDouble
import Foundation
import Logging
import OrreryFetch
import OrreryKubernetes
import OrreryModel
import OrreryPocket
import OrreryStore
import Synchronization
import Testing

@testable import OrrerySpawn

/// A hub without its pages on clusters that are really asked: pockets without processes, each behind a fault double.
struct DoubledFacility: Sendable {
    let spawner: Spawner
    let store: Database
    let doubles: [String: FaultDouble]

    struct Contract: SessionContract {
        func variables(for session: SessionRecord) -> [String: String] {
            ["JUPYTERHUB_SERVICE_PREFIX": session.prefix]
        }
        func issueToken(for session: SessionRecord) async throws -> Secret { Secret("token-of-\(session.id)") }
        func isBusy(_ session: SessionRecord) async -> Bool { false }
        func hasTokens(for session: SessionRecord) -> Bool { false }
        func tokens(for session: SessionRecord) async -> [String: Secret] { [:] }
    }

    /// `others` are clusters beside those called `names`.
    static func run(
        _ names: [String] = ["north"], others: [ClusterAccess] = [], budget: Budget = Budget(),
        _ work: @escaping @Sendable (DoubledFacility) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "doubled-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try await withThrowingTaskGroup { group in
            var doubles: [String: FaultDouble] = [:]
            for name in names {
                let (ports, listening) = AsyncStream.makeStream(of: Int.self)
                let pocket = try PocketServer(
                    configuration: configuration(directory.appending(path: name).path), logger: quiet,
                    onListening: { listening.yield($0) })
                group.addTask { try await pocket.run() }
                for await port in ports {
                    let double = try await FaultDouble(Upstream("http://127.0.0.1:\(port)"))
                    group.addTask { try? await double.run() }
                    doubles[name] = double
                    break
                }
            }
            let store = try Database(path: directory.appending(path: "hub.sqlite").path)
            let clusters = doubles.map { name, double in
                var access = ClusterAccess(
                    name: name, server: double.server, token: Secret("hub-token"), namespace: "hub")
                access.budget = budget
                return access
            }
            let spawner = Spawner(
                clusters: clusters + others, store: store, contract: Contract(), routes: DirectRoutes(),
                fetcher: Fetcher(), logger: quiet)
            group.addTask { try await spawner.run() }
            try await work(DoubledFacility(spawner: spawner, store: store, doubles: doubles))
            group.cancelAll()
        }
    }

    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func configuration(_ directory: String) throws -> PocketConfiguration {
        let number = next.withLock { next in
            next += 1
            return next
        }
        var configuration = PocketConfiguration(
            cluster: "test", port: 0, state: directory,
            node: PocketConfiguration.Node(
                name: "node", cpu: CPUCount(millicores: 4_000_000), memory: ByteCount(bytes: 1 << 50), pods: 5000,
                processes: false),
            addresses: try #require(PocketConfiguration.AddressRange("127.\(128 + number % 60).0.0/16")))
        configuration.namespaces = ["hub"]
        let rules = [PocketConfiguration.Token.Rule(resources: ["*"], verbs: ["*"])]
        configuration.tokens = [
            .init(name: "hub", token: Secret("hub-token"), permission: .rules(rules, namespace: "hub"))
        ]
        return configuration
    }

    private static let next = Mutex(0)
}

extension DoubledFacility {
    /// Starts a session of a person of its own and gives its record at once.
    func start(_ number: Int, on cluster: String = "north") async throws -> SessionRecord {
        let identity = Identity(issuer: "https://idp.example", subject: "\(number)")
        let person = try await store.register(
            Person(
                identity: identity, name: "p\(number)", uid: UInt32(30_000 + number), gid: UInt32(30_000 + number),
                groups: []), isAdmin: false,
            at: Date())
        let plan = Sample.plan(cluster: cluster, mounts: [])
        return try await spawner.start(plan: plan, planHash: "hash", person: person, server: "")
    }

    /// Follows a session until it is ready or has ended, and gives its last state.
    func arrival(of session: SessionRecord) async -> SessionState? {
        var last: SessionState?
        for await event in spawner.progress(of: session.id, after: 0) { last = event.state }
        return last
    }

    func isSeen(_ cluster: String) -> Bool { spawner.condition(of: cluster) == .ready }

    func reaches(_ condition: () async -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while await !condition() {
            guard ContinuousClock.now < deadline else { return false }
            try? await Task.sleep(for: .milliseconds(2))
        }
        return true
    }
}
