import Foundation
import OrreryCrypto
import OrreryModel
import OrrerySpawn
import Synchronization

/// What all proxies ought to know: routes, ended logins and the keys of the gate, as a log of numbered changes that any
/// number of them follow.
///
/// Numbers belong to one start of the hub, which has an epoch of its own: a proxy that knows another epoch gets
/// everything. So does one that was away for more changes than are remembered.
///
/// Concurrency: any task may call anything.
final class ProxyFeed: Sendable {
    /// Where a prefix leads.
    struct Route: Hashable, Sendable {
        var target: String
        var session: String
        var person: String
        /// Of a session that was there before the hub started.
        var lastUse: Date?
    }

    /// A cluster whose agent has a key that is good.
    struct Agent: Hashable, Sendable {
        let cluster: String
        /// Of its kube-system namespace.
        let uid: String
    }

    /// The change with this number, of those since `epoch`.
    struct Position: Hashable, Sendable {
        var epoch: String
        var number: UInt64
    }

    struct Book {
        /// What is there is everything; before, nobody may follow, or proxies would remove what has not been read yet.
        var isOpen = false
        /// Prefixes whose routes went before that: what is read of their sessions is older.
        var removed: Set<String> = []
        /// By prefix, without a slash at the end.
        var routes: [String: Route] = [:]
        var logouts: [String: Date] = [:]
        var gate: JSON?
        /// Who may dial in for which cluster, by the id of the agent's key.
        var agents: [String: Agent] = [:]
        /// Where they may dial.
        var doors: [AgentDoor] = []
        var number: UInt64 = 0
        /// The last changes as lines, up to `number`.
        var recent: [String] = []
        var followers = Followers()
    }

    let epoch = RandomToken.make(bytes: 12)
    let now: @Sendable () -> Date
    let book = Mutex(Book())
    /// The ends of all waits for proxies.
    let deadlines = Deadlines()
    private let memory: Int

    /// Remembers so many changes at least.
    init(memory: Int = 4096, now: @escaping @Sendable () -> Date) {
        self.memory = memory
        self.now = now
    }

    /// What is in force, for whoever looks.
    var routes: [String: Route] { book.withLock { $0.routes } }
    /// The route of a prefix as `key` writes it.
    func route(_ key: String) -> Route? { book.withLock { $0.routes[key] } }
    var logouts: [String: Date] { book.withLock { $0.logouts } }
    var gate: JSON? { book.withLock { $0.gate } }
    var isOpen: Bool { book.withLock { $0.isOpen } }

    /// `prefix` as proxies write it.
    static func key(_ prefix: String) -> String {
        prefix.count > 1 && prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix
    }

    // MARK: Changes

    /// Leads `prefix` to `route`, from the change on whose number is given. The same again is no change.
    @discardableResult
    func set(_ prefix: String, to route: Route) -> UInt64 {
        let key = Self.key(prefix)
        return book.withLock { book in
            book.removed.remove(key)
            let known = book.routes[key]
            guard known?.target != route.target || known?.session != route.session else { return book.number }
            book.routes[key] = route
            return append(Self.line(key, route), to: &book)
        }
    }

    /// Leads `prefix` to `route`, as a former hub did, unless this one has led it anywhere, or nowhere, since its start.
    func restore(_ prefix: String, to route: Route) {
        let key = Self.key(prefix)
        book.withLock { book in
            guard book.routes[key] == nil, !book.removed.contains(key) else { return }
            book.routes[key] = route
            _ = append(Self.line(key, route), to: &book)
        }
    }

    @discardableResult
    func remove(_ prefix: String) -> UInt64 {
        let key = Self.key(prefix)
        return book.withLock { book in
            if !book.isOpen { book.removed.insert(key) }
            guard book.routes.removeValue(forKey: key) != nil else { return book.number }
            return append(["remove": .string(key)], to: &book)
        }
    }

    /// Refuses a login until `end`.
    @discardableResult
    func refuse(sid: String, until end: Date) -> UInt64 {
        let now = now()
        return book.withLock { book in
            book.logouts = book.logouts.filter { $0.value > now }
            guard end > now, book.logouts[sid].map({ $0 < end }) ?? true else { return book.number }
            book.logouts[sid] = end
            return append(Self.line(sid, end, now), to: &book)
        }
    }

    /// Gives the gate its keys.
    @discardableResult
    func setGate(_ gate: JSON) -> UInt64 {
        book.withLock { book in
            guard book.gate != gate else { return book.number }
            book.gate = gate
            return append(["gate": gate], to: &book)
        }
    }

    /// Everything has been read: from now on proxies may follow.
    func open() { book.withLock { ($0.isOpen, $0.removed) = (true, []) } }

    func append(_ line: JSON, to book: inout Book) -> UInt64 {
        book.number += 1
        var line = line
        line["number"] = .integer(Int64(book.number))
        book.recent.append(Self.text(line))
        // Now and then a whole half, since what lies behind moves up.
        if book.recent.count > memory * 2 { book.recent.removeFirst(memory) }
        book.followers.wakeAll()
        return book.number
    }

    // MARK: Lines

    /// The lines with which an answer to somebody who is at `position` begins, and the number of the change they end
    /// with.
    func beginning(after position: Position?) -> (lines: [String], number: UInt64) {
        // Only looked at under the lock: making a large snapshot takes a while.
        let (known, missed) = book.withLock { book in
            (book, position.flatMap { $0.epoch == epoch ? changes(after: $0.number, in: book) : nil })
        }
        let number = known.number
        var lines = [head(number - UInt64(missed?.count ?? 0), isSnapshot: missed == nil)]
        if missed == nil {
            lines += known.agents.map { Self.text(Self.line($0.key, $0.value)) }
            lines += known.routes.map { Self.text(Self.line($0.key, $0.value)) }
            lines.append(Self.text(["end": .integer(Int64(number))]))
        }
        let now = now()
        // Before the keys: without them nothing opens yet. A proxy that was started anew remembers neither.
        lines += known.logouts.filter { $0.value > now }.map { Self.text(Self.line($0.key, $0.value, now)) }
        if !known.doors.isEmpty { lines.append(Self.text(Self.line(known.doors))) }
        lines += missed ?? []
        if let gate = known.gate { lines.append(Self.text(["gate": gate])) }
        return (lines, number)
    }

    /// The changes after `number`; nil when some of them have been forgotten.
    func changes(after number: UInt64) -> [String]? { book.withLock { changes(after: number, in: $0) } }

    private func changes(after number: UInt64, in book: Book) -> [String]? {
        guard number <= book.number, book.number - number <= book.recent.count else { return nil }
        return Array(book.recent.suffix(Int(book.number - number)))
    }

    private func head(_ number: UInt64, isSnapshot: Bool) -> String {
        Self.text(["epoch": .string(epoch), "number": .integer(Int64(number)), "snapshot": .bool(isSnapshot)])
    }

    private static func line(_ key: String, _ route: Route) -> JSON {
        var object: JSON = [
            "target": .string(route.target), "session": .string(route.session), "user": .string(route.person),
        ]
        object["last_activity"] = route.lastUse.map { .string(Timestamp.text($0)) }
        return ["set": .string(key), "route": object]
    }

    private static func line(_ sid: String, _ end: Date, _ now: Date) -> JSON {
        let seconds = Int64(end.timeIntervalSince(now).rounded(.up))
        return ["logouts": [.string(sid)], "seconds": .integer(min(max(1, seconds), 86_400))]
    }

    static func text(_ line: JSON) -> String {
        String(decoding: JSONText.bytes(line), as: UTF8.self) + "\n"
    }
}
