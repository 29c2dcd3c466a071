import Foundation
import OrreryModel
import OrrerySpawn
import Synchronization

/// The control connections of agents, as the proxies tell of them. A restart forgets them, and agents say hello again to
/// proxies alone: a connection that is not here may be there, until it is said to be gone.
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

    private struct Book {
        var links: [Place: Link] = [:]
        /// Of keys that are known, whose last connection was said to be gone.
        var absences: [String: ClusterAbsence] = [:]
    }

    private let book = Mutex(Book())
    private let now: @Sendable () -> Date
    private let began: Date

    /// A proxy says a word about every connection each ten seconds.
    private static let patience: TimeInterval = 40

    init(now: @escaping @Sendable () -> Date) {
        self.now = now
        began = now()
    }

    /// Those of these keys that were heard of lately, the longest first.
    func links(of keys: some Sequence<String>) -> [Link] {
        let keys = Set(keys)
        let oldest = now() - Self.patience
        return book.withLock { book in book.links.values.filter { keys.contains($0.key) && $0.heardAt >= oldest } }
            .sorted { ($0.since, $0.connection) < ($1.since, $1.connection) }
    }

    /// Since when none of these keys has a connection, at any proxy; nil when one has, or when nobody has said so. A connection
    /// of which its proxy, too, says nothing any more has lasted until its last word.
    func absence(of keys: some Sequence<String>) -> ClusterAbsence? {
        let keys = Set(keys)
        let oldest = now() - Self.patience
        return book.withLock { book in
            guard let latest = keys.compactMap({ book.absences[$0] }).max(by: { $0.since < $1.since }) else {
                return nil
            }
            let heard = book.links.values.filter { keys.contains($0.key) }.map(\.heardAt).max() ?? .distantPast
            guard heard < oldest else { return nil }
            return ClusterAbsence(since: max(heard, latest.since), reason: latest.reason)
        }
    }

    /// Changes what is known of a connection, which is new if it is not known.
    func hear(proxy: String, connection: Int64, key: String, address: String, _ change: (inout Link) -> Void) {
        let now = now()
        let place = Place(proxy: proxy, connection: connection)
        book.withLock { book in
            var link =
                book.links[place].flatMap { $0.key == key ? $0 : nil }
                ?? Link(proxy: proxy, connection: connection, key: key, address: address, since: now)
            link.heardAt = now
            change(&link)
            book.links[place] = link
            book.absences[key] = nil
            guard book.links.count > 10_000 else { return }
            book.links = book.links.filter { $0.value.heardAt >= now - Self.patience }
        }
    }

    /// A connection is gone; for so long nothing had come over it. `reason` is nil for keys whose absence is nobody's matter.
    func forget(proxy: String, connection: Int64, key: String, silentFor silence: Duration, because reason: String?) {
        // One of another proxy may have been there before the hub was: it is heard of within ten seconds.
        let since = max(began, now() - silence.seconds)
        book.withLock { book in
            let was = book.links.removeValue(forKey: Place(proxy: proxy, connection: connection))
            guard let reason, was != nil || book.absences[key] == nil else { return }
            book.absences[key] = ClusterAbsence(since: since, reason: reason)
        }
    }
}
