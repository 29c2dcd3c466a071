import Foundation
import OrreryModel
import Synchronization

/// The control connections of agents, as the proxies tell of them. A restart forgets them; agents say hello again to
/// proxies alone, so what is here is for pages and for health in words, and decides nothing.
///
/// Concurrency: shared.
final class AgentLinks: Sendable {
    /// One control connection.
    struct Link: Hashable, Sendable {
        let proxy: String
        let connection: Int64
        let key: String
        let address: String
        var agent: String?
        var version: String?
        /// How far the agent's clock is ahead of the proxy's, in seconds; nil while that is not worth a word. Another one only
        /// when it is off by half a minute more or less, so that a second at the bound is no news each time.
        private(set) var skew: Double?
        var since: Date
        var heardAt: Date
        /// In milliseconds.
        var roundTrip: Double?
        var idle: Int64?
        var bound: Int64?
        var isLeaving = false

        init(proxy: String, connection: Int64, key: String, address: String, since: Date) {
            (self.proxy, self.connection, self.key, self.address) = (proxy, connection, key, address)
            (self.since, heardAt) = (since, since)
        }

        /// The proxy has compared the clocks again.
        mutating func note(skew latest: Double?) {
            guard let latest else { return }
            if abs(latest) < 50 {
                skew = nil
            } else if abs(latest) >= 60, abs(latest - (skew ?? 0)) >= 30 {
                skew = latest
            }
        }
    }

    private struct Place: Hashable {
        let proxy: String
        let connection: Int64
    }

    private let links = Mutex<[Place: Link]>([:])
    private let now: @Sendable () -> Date

    /// A proxy says a word about every connection each ten seconds.
    private static let patience: TimeInterval = 40

    init(now: @escaping @Sendable () -> Date) { self.now = now }

    /// Those of these keys that were heard of lately, the longest first.
    func links(of keys: some Sequence<String>) -> [Link] {
        let keys = Set(keys)
        let oldest = now() - Self.patience
        return links.withLock { links in links.values.filter { keys.contains($0.key) && $0.heardAt >= oldest } }
            .sorted { ($0.since, $0.connection) < ($1.since, $1.connection) }
    }

    /// Changes what is known of a connection, which is new if it is not known.
    func hear(proxy: String, connection: Int64, key: String, address: String, _ change: (inout Link) -> Void) {
        let now = now()
        let place = Place(proxy: proxy, connection: connection)
        links.withLock { links in
            var link =
                links[place].flatMap { $0.key == key ? $0 : nil }
                ?? Link(proxy: proxy, connection: connection, key: key, address: address, since: now)
            link.heardAt = now
            change(&link)
            links[place] = link
            guard links.count > 10_000 else { return }
            links = links.filter { $0.value.heardAt >= now - Self.patience }
        }
    }

    func forget(proxy: String, connection: Int64) {
        links.withLock { _ = $0.removeValue(forKey: Place(proxy: proxy, connection: connection)) }
    }
}
