import Foundation
import Logging
import OrreryPolicy
import OrreryStore

/// The clusters of a site as programs see them that ask without running the hub: those of the configuration, and where there
/// is a database those that have joined, each with what was decided about it.
package struct KnownClusters: Sendable {
    /// Those that sessions may live on: the configured ones in their order, then those that joined, by name.
    let clusters: [HubConfiguration.Cluster]
    /// What the hub trusts each with; nothing where only the configuration was read.
    let trust: [String: Set<String>]
    /// Those whose trust somebody has decided since they came.
    let judged: Set<String>
    /// Why only the configuration was read although there is a database; nil where nothing is missing.
    package let gap: String?

    /// Reads the hub's database if there is one, and does not change it.
    package static func of(_ configuration: HubConfiguration) async -> KnownClusters {
        guard FileManager.default.fileExists(atPath: configuration.database) else {
            return KnownClusters(configuration.clusters)
        }
        do throws(HubError) {
            let database: Database
            do throws(StoreError) {
                database = try Database(beside: configuration.database)
            } catch {
                throw HubError(.cannotStart, error.message, next: error.next)
            }
            return try await KnownClusters(configuration, database)
        } catch {
            return KnownClusters(configuration.clusters, gap: "\(error)")
        }
    }

    init(_ configuration: HubConfiguration, _ database: Database) async throws(HubError) {
        let registry = ClusterRegistry(
            configuration, store: database, feed: ProxyFeed(now: { .now }), logger: Self.silent,
            now: { .now })
        do throws(StoreError) {
            let records = Dictionary(try await database.clusters().map { ($0.name, $0) }) { first, _ in first }
            clusters = registry.places(records)
            let change = ClusterRegistry.Change(clusters: clusters, records: records, before: [:])
            (trust, judged) = (change.holds, change.judged)
            gap = nil
        } catch {
            throw HubError(.cannotStart, error.message, next: error.next)
        }
    }

    private init(_ clusters: [HubConfiguration.Cluster], gap: String? = nil) {
        self.clusters = clusters
        (trust, judged) = ([:], [])
        self.gap = gap
    }

    /// The policy of `configuration` with what each of these is trusted with, as a hub has it that begins now.
    func policy(of configuration: HubConfiguration) throws(HubError) -> Policy {
        try Hub.policy(of: configuration, known: self, logger: Self.silent).adding(trust)
    }

    private static var silent: Logger { Logger(label: "orrery") { _ in SwiftLogNoOpLogHandler() } }
}
