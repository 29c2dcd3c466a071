internal import OrreryWire
internal import Synchronization

/// The browser sessions that have been logged out not long ago.
final class LogoutList: Sendable {
    /// When each is forgotten, in milliseconds since 1970, by the hash of the session's cookie.
    let ends: [UInt64: UInt64]

    init(_ ends: [UInt64: UInt64]) { self.ends = ends }

    var isEmpty: Bool { ends.isEmpty }

    func contains(_ session: UInt64) -> Bool { ends[session] != nil }
}

/// Where logouts are reported, and the list of them that the workers see.
///
/// Concurrency: any thread may call anything.
final class LogoutBook: Sendable {
    private let list = Mutex(LogoutList([:]))
    private let version = Atomic<UInt64>(1)
    /// More than so many at once are not remembered: the earliest to be forgotten go first.
    private static let limit = 100_000

    var currentVersion: UInt64 { version.load(ordering: .acquiring) }
    func snapshot() -> LogoutList { list.withLock { $0 } }

    /// Refuses these sessions until `end`.
    func add(_ sessions: [String], until end: UInt64, now: UInt64) {
        list.withLock { list in
            var ends = list.ends.filter { $0.value > now }
            for session in sessions { ends[PrefixHash.of(session.utf8)] = end }
            if ends.count > Self.limit {
                let kept = ends.sorted { $0.value > $1.value }.prefix(Self.limit)
                ends = Dictionary(kept.map { ($0.key, $0.value) }) { first, _ in first }
            }
            list = LogoutList(ends)
        }
        version.wrappingAdd(1, ordering: .releasing)
    }

    /// Forgets those whose time is over.
    func forget(now: UInt64) {
        let isChanged = list.withLock { list in
            let ends = list.ends.filter { $0.value > now }
            guard ends.count < list.ends.count else { return false }
            list = LogoutList(ends)
            return true
        }
        if isChanged { version.wrappingAdd(1, ordering: .releasing) }
    }
}
