import Foundation
import Logging
import OrreryCrypto
import OrreryFetch
import OrreryIdentity
import OrreryKubernetes
import OrreryModel
import OrreryPolicy
import OrreryStore
import Synchronization

@testable import OrreryHub

/// A hub on loopback: the whole router, a database and a policy in a directory of its own, an issuer that vouches for
/// anybody, and clusters at which nobody answers. Its services besides the web server do not run: what
/// they do is called by the tests.
struct TestHub: Sendable {
    let services: HubServices
    let issuers: TestIssuers
    let fetcher: Fetcher
    let clock: TurnedClock
    let port: Int

    static let proxyToken = "the proxies' token"

    var database: Database { services.database }
    /// The file with the hub's keys.
    var keysPath: String { database.path.replacing("hub.sqlite", with: "hub.keys") }

    /// Runs `body` with a fresh hub and takes everything down after it.
    static func run(
        url: String = "http://hub.test", domain: String? = nil, notebook: HubConfiguration.Notebook = .init(),
        admission: Admission = .usual, _ body: @escaping @Sendable (TestHub) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("orrery-\(UUID().uuidString)")
            .path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (fetcher, clock) = (Fetcher(), TurnedClock())
            let issuers = TestIssuers(clock)
            var configuration = try configuration(url: url, domain: domain, directory: directory)
            configuration.notebook = notebook
            configuration.admission = admission
            configuration.proxy.inner = ListenAddress(host: "127.0.0.1", port: 1)
            let services = HubServices(
                configuration, database: try Database(path: "\(directory)/hub.sqlite"),
                keys: try KeyRing(fileMadeIfMissing: "\(directory)/hub.keys"),
                policy: try TestPolicy.load(in: directory),
                issuers: issuers, fetcher: fetcher, logger: quiet, now: { clock.now })
            let hubPort = try await listening { onReady in
                let hub = Hub(services: services, background: [], logger: quiet, onReady: onReady)
                group.addTask { try await hub.run() }
            }
            try await body(
                TestHub(
                    services: services, issuers: issuers, fetcher: fetcher, clock: clock, port: hubPort))
            group.cancelAll()
        }
    }

    private static func listening(_ start: (@escaping @Sendable (Int) -> Void) -> Void) async throws -> Int {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        start { port.yield($0) }
        for await port in ports { return port }
        throw CancellationError()
    }

    static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    private static func configuration(
        url: String, domain: String?, directory: String
    ) throws -> HubConfiguration {
        guard let url = PublicURL(url) else { throw CancellationError() }
        let loopback = ListenAddress(host: "127.0.0.1", port: 0)
        let clusters = ["north", "south"].map { name in
            HubConfiguration.Cluster(
                title: name.capitalized,
                access: ClusterAccess(name: name, server: "http://127.0.0.1:1", token: Secret("t"), namespace: "hub"))
        }
        return HubConfiguration(
            url: url, domain: domain, listen: loopback, database: "", keys: "", auditKept: nil,
            api: "http://hub.internal/hub/api",
            proxy: HubConfiguration.Proxy(
                listen: loopback, api: loopback, token: Secret(Self.proxyToken)),
            policy: directory,
            auth: HubConfiguration.Auth(
                allow: ["atlas", "science"], admin: ["operators"], groups: [GroupRule("atlas", gid: 5001, from: [])],
                users: HubConfiguration.Users(uids: 200_000...200_001, deny: ["test:banned", "mallory"])),
            clusters: clusters)
    }
}

/// A clock that only goes when a test turns it.
final class TurnedClock: Sendable {
    private let instant = Mutex(Date(timeIntervalSince1970: 1_795_256_559))

    var now: Date { instant.withLock { $0 } }
    func turn(by time: Duration) { instant.withLock { $0 += time.seconds } }
}
