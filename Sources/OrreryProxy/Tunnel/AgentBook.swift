internal import OrreryLink
internal import OrreryModel
internal import Synchronization

/// One key that an agent may come with, and the cluster that it is for.
struct AgentEntry: Hashable, Sendable {
    let key: KeyID
    let cluster: String
    /// The uid of the namespace kube-system there.
    let uid: String

    init(key: KeyID, cluster: String, uid: String) {
        self.key = key
        self.cluster = cluster
        self.uid = uid
    }

    /// Reads a line of the feed or of the file on disk. Nil for what is none.
    init?(_ members: [String: JSON]) {
        guard let key = members["agent"]?.string.flatMap({ KeyID($0) }), let cluster = members["cluster"]?.string,
            let uid = members["uid"]?.string, Self.isName(cluster), uid.utf8.count <= 253
        else { return nil }
        self.init(key: key, cluster: cluster, uid: uid)
    }

    /// The same as a line.
    var members: [String: JSON] {
        ["agent": .string(key.text), "cluster": .string(cluster), "uid": .string(uid)]
    }

    /// A name is one segment of a path, and the same however a path is read.
    static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 63
            && text.utf8.allSatisfy { $0 &- 48 < 10 || ($0 | 32) &- 97 < 26 || $0 == 45 || $0 == 95 }
    }
}

/// The keys of all agents that are let in, as the hub says, and those that are not any more.
///
/// Concurrency: any thread may call anything. Workers look at `strikes`, which is one load, and ask what was struck when it
/// has changed.
final class AgentBook: Sendable {
    /// A connection carries the number of the key that it came with: small enough to be noted for each, and never given
    /// to another key, nor to the same one again after it was struck.
    typealias Number = UInt32

    private struct State {
        var entries: [KeyID: AgentEntry] = [:]
        var numbers: [KeyID: Number] = [:]
        var lastNumber: Number = 0
        var struck: Set<Number> = []
        var reasons: [KeyID: String] = [:]
    }

    private let state = Mutex(State())
    private let version = Atomic<UInt64>(1)
    private let strikeCount = Atomic<UInt64>(0)

    /// Goes up with every change.
    var currentVersion: UInt64 { version.load(ordering: .acquiring) }
    /// Goes up when a key is struck.
    var strikes: UInt64 { strikeCount.load(ordering: .acquiring) }

    func entry(_ key: KeyID) -> AgentEntry? { state.withLock { $0.entries[key] } }
    var entries: [AgentEntry] { state.withLock { Array($0.entries.values) } }
    var clusters: Set<String> { state.withLock { Set($0.entries.values.map(\.cluster)) } }
    func isStruck(_ number: Number) -> Bool { state.withLock { $0.struck.contains(number) } }
    /// Why a key is let in no more.
    func reason(_ key: KeyID) -> String? { state.withLock { $0.reasons[key] } }

    /// The number of a key that is let in; nil for every other.
    func number(of key: KeyID) -> Number? {
        state.withLock { state in
            guard state.entries[key] != nil else { return nil }
            if let number = state.numbers[key] { return number }
            state.lastNumber += 1
            state.numbers[key] = state.lastNumber
            return state.lastNumber
        }
    }

    /// Lets a key in. If it was for another cluster before, its connections end.
    func set(_ entry: AgentEntry) {
        change { state in
            if let old = state.entries[entry.key], old != entry { Self.strike(entry.key, "it moves", &state) }
            state.entries[entry.key] = entry
            state.reasons[entry.key] = nil
        }
    }

    /// Lets a key in no more, and ends its connections.
    func strike(_ key: KeyID, reason: String) {
        change { state in
            Self.strike(key, reason, &state)
            state.reasons[key] = reason
            if state.reasons.count > 10_000 { state.reasons = [key: reason] }
        }
    }

    /// Makes these the only ones.
    func replaceAll(_ entries: [AgentEntry]) {
        change { state in
            let fresh = Dictionary(entries.map { ($0.key, $0) }) { _, last in last }
            for (key, old) in state.entries where fresh[key] != old {
                Self.strike(key, "the hub does not know this key any more", &state)
            }
            state.entries = fresh
        }
    }

    private static func strike(_ key: KeyID, _ reason: String, _ state: inout State) {
        state.entries[key] = nil
        if let number = state.numbers.removeValue(forKey: key) { state.struck.insert(number) }
        state.reasons[key] = reason
    }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            let before = state.struck.count
            body(&state)
            if state.struck.count != before { strikeCount.wrappingAdd(1, ordering: .releasing) }
        }
        version.wrappingAdd(1, ordering: .releasing)
    }
}
