import Foundation
import Hummingbird
package import Logging
import NIOCore
import OrreryCrypto
import OrreryDocument
import OrreryFetch
import OrreryIdentity
import OrreryPolicy
import OrreryServing
import OrreryStore
import ServiceLifecycle

/// The control plane: login, pages, the JupyterHub contract, and the sessions on all clusters.
package struct Hub: Service {
    private let services: HubServices
    private let background: [any Service]
    private let logger: Logger
    /// Nil where somebody else sees to it that no other hub has the database.
    private let lock: DatabaseLock?
    private let onReady: @Sendable (Int) async -> Void

    /// Everything that can be wrong before anything runs is found here: the policy's documents and the database.
    package init(_ configuration: HubConfiguration, logger: Logger) async throws(HubError) {
        let fetcher = Fetcher()
        let issuers = ConfiguredIssuers(configuration.auth, fetcher: fetcher, logger: logger)
        // Before they are read: whoever writes them meanwhile is noticed once the hub runs.
        let seen = PolicyFiles.marks(in: configuration.policy)
        let (database, lock) = try Self.database(at: configuration.database)
        let keys = try await Self.keys(of: configuration, for: database)
        let policy = try Self.policy(
            of: configuration, known: try await KnownClusters(configuration, database), logger: logger)
        let services = HubServices(
            configuration, database: database, keys: keys, policy: policy, seen: seen, issuers: issuers,
            fetcher: fetcher, logger: logger)
        self.init(services: services, background: services.services, lock: lock, logger: logger)
    }

    init(
        services: HubServices, background: [any Service], lock: DatabaseLock? = nil, logger: Logger,
        onReady: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.services = services
        self.background = background
        self.lock = lock
        self.logger = logger
        self.onReady = onReady
    }

    /// Serves until the surrounding group shuts down. Throws `.cannotStart` when the address is taken.
    package func run() async throws {
        // Until the policy's watch listens for it, the signal that has documents read must not end the process.
        signal(SIGHUP, SIG_IGN)
        try await services.audit.prepare()
        try await services.registry.load()
        let listen = services.configuration.listen
        let (listening, opened) = AsyncStream.makeStream(of: Void.self)
        let application = Application(
            router: services.router(),
            configuration: ApplicationConfiguration(address: .hostname(listen.host, port: listen.port)),
            onServerRunning: { channel in
                opened.yield()
                await onReady(channel.localAddress?.port ?? listen.port)
            }, logger: logger)
        // The address is what only one hub can have. Without it nothing may touch the proxy's routes or the clusters.
        let waiting = background.isEmpty ? [] : [AfterListening(background, listening: listening, logger: logger)]
        let server = CancellableServer(application, logger: logger)
        let group = ServiceGroup(configuration: .init(services: waiting + [server], logger: logger))
        do {
            try await group.run()
        } catch let error as IOError {
            throw HubError(listening: listen, error)
        }
    }

    /// Reads the policy of `configuration` without starting anything: what it defines, by kind.
    package static func check(
        _ configuration: HubConfiguration, known: KnownClusters
    ) throws(HubError) -> [(kind: String, names: [String])] {
        try policy(of: configuration, trust: known.trust).names
    }

    /// The policy that a hub begins with. What was decided about a cluster keeps no hub from starting, although the policy's
    /// tests on it may not hold any more: the log says so.
    static func policy(
        of configuration: HubConfiguration, known: KnownClusters, logger: Logger
    ) throws(HubError) -> Policy {
        do throws(HubError) {
            return try policy(of: configuration, trust: known.trust)
        } catch {
            let policy = try policy(of: configuration, trust: known.trust, untested: known.judged)
            logger.error(
                "a test of the policy does not hold for a cluster as it is trusted now; the policy is in force all the same",
                metadata: ["error": "\(error)"])
            return policy
        }
    }

    /// The policy of `configuration`, checked against its groups and clusters. `trust` is what was decided about clusters
    /// beside the configuration; the policy's tests on `untested` are not run.
    static func policy(
        of configuration: HubConfiguration, trust: [String: Set<String>] = [:], untested: Set<String> = []
    ) throws(HubError) -> Policy {
        let policy: Policy
        do {
            policy = try Policy.load(
                directory: configuration.policy, groups: Set(configuration.auth.groups.map(\.name)),
                trust: configuration.trust(decided: trust), untested: untested,
                bound: configuration.clusters.map(\.name))
        } catch {
            throw HubError(.cannotStart, "\(error)")
        }
        if let bucket = policy.filesets.values.first(where: { $0.at == nil }), configuration.notebook.s3 == nil {
            throw HubError(
                .cannotStart, "the fileset `\(bucket.name)` is delivered as s3, and nothing says for whom its token is",
                next: "write notebook.s3 with the `audience` that the storage expects")
        }
        return policy
    }

    /// Everything that is wrong in the documents of the policy of `configuration`, one sentence each.
    package static func errors(in configuration: HubConfiguration, known: KnownClusters) -> [String] {
        guard case .failure(let errors) = reading(of: configuration, trust: known.trust) else { return [] }
        return errors.sentences
    }

    /// As `policy(of:)`, with every error of the documents, for those that change while the hub runs.
    static func reading(
        of configuration: HubConfiguration, trust: [String: Set<String>] = [:]
    ) -> Result<Policy, PolicyErrors> {
        let (_, errors) = Policy.loadAll(
            directory: configuration.policy, groups: Set(configuration.auth.groups.map(\.name)),
            trust: configuration.trust(decided: trust), bound: configuration.clusters.map(\.name))
        guard errors.isEmpty else { return .failure(PolicyErrors(sentences: errors.map(\.description))) }
        do throws(HubError) {
            return .success(try policy(of: configuration, trust: trust))
        } catch {
            return .failure(PolicyErrors(sentences: ["\(error)"]))
        }
    }

    /// The keys of what `database` holds sealed. Where it holds something the file is not made: it was lost, or is elsewhere.
    static func keys(of configuration: HubConfiguration, for database: Database) async throws(HubError) -> KeyRing {
        if KeyRing.isMissing(file: configuration.keys) {
            let sealed = try await Backroom.attempt { try await database.sealedValues() }
            guard sealed.isEmpty else {
                let ids = sealed.keys.sorted().map(String.init)
                throw HubError(
                    .cannotStart,
                    "the key file \(configuration.keys) is missing, and \(sealed.values.reduce(0, +)) stored secrets need "
                        + "its key\(ids.count == 1 ? "" : "s") \(ids.joined(separator: ", "))",
                    next: "put it back; if it is lost, give them up: "
                        + ids.map { "orrery keys retire \($0) --lost" }.joined(separator: ", then "))
            }
        }
        do {
            return try KeyRing(fileMadeIfMissing: configuration.keys)
        } catch {
            throw HubError(
                .cannotStart, error.message, next: "mend that file, or name another one under hub.keys")
        }
    }

    private static func database(at path: String) throws(HubError) -> (Database, DatabaseLock) {
        do {
            let directory = URL(fileURLWithPath: path).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            // Before it is opened, which may change its schema under a hub of another version.
            let lock = try DatabaseLock(besides: path)
            return (try Database(path: path), lock)
        } catch let error as StoreError {
            throw HubError(.cannotStart, error.message, next: error.next)
        } catch {
            throw HubError(
                .cannotStart, "the directory of the database \(path) cannot be made",
                next: "name another file under hub.database, or let this account write there")
        }
    }
}

extension HubError {
    /// Why the hub cannot listen, in one sentence.
    fileprivate init(listening address: ListenAddress, _ error: IOError) {
        switch error.errnoCode {
        case EADDRINUSE:
            self.init(
                .cannotStart, "the address \(address) is taken by another program",
                next: "stop that one, or name another address under hub.listen")
        case EACCES:
            self.init(
                .cannotStart, "this account may not listen at \(address)",
                next: "name a port from 1024 on under hub.listen")
        case EADDRNOTAVAIL:
            self.init(
                .cannotStart, "no interface of this machine has the address \(address.host)",
                next: "name another address under hub.listen")
        default:
            self.init(.cannotStart, "the hub cannot listen at \(address)", detail: "\(error)")
        }
    }
}
