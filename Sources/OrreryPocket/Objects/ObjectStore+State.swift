package import Foundation
internal import OrreryModel

extension ObjectStore {
    struct Watcher {
        let kind: Kind
        let continuation: AsyncStream<Change>.Continuation
    }

    /// What the lock of the store guards.
    struct State {
        var objects: [Kind: [Key: JSON]]
        var version: Int64
        var isFinished = false
        var watchers: [Int: Watcher] = [:]
        /// The version of the last write to each kind since the start.
        private(set) var lastWrites: [Kind: Int64] = [:]
        private(set) var storageFailure: String?
        private var journal: Journal
        private var nextWatcher = 0
        /// The last changes, oldest first, and the version just before the first of them.
        private var past: [Change] = []
        private var oldest: Int64

        /// So many changes are remembered at least, and at most twice as many.
        private static let remembered = 4096

        init(objects: [Kind: [Key: JSON]], version: Int64, journal: Journal) {
            self.objects = objects
            self.version = version
            self.journal = journal
            oldest = version
        }
    }
}

extension ObjectStore.State {
    mutating func add(_ object: JSON, as key: ObjectStore.Key) -> JSON {
        var object = object
        object["kind"] = .string(key.kind.name)
        object["apiVersion"] = .string(key.kind.apiVersion)
        var metadata = object["metadata"] ?? [:]
        metadata["name"] = .string(key.name)
        metadata["namespace"] = key.namespace.isEmpty ? JSON?.none : .string(key.namespace)
        if metadata["uid"] == nil { metadata["uid"] = .string(UUID().uuidString.lowercased()) }
        if metadata["creationTimestamp"] == nil { metadata["creationTimestamp"] = .string(Date.now.timestamp) }
        object["metadata"] = metadata
        return put(object, as: key, type: .added)
    }

    mutating func put(_ object: JSON, as key: ObjectStore.Key, type: ObjectStore.Change.Kind) -> JSON {
        version += 1
        lastWrites[key.kind] = version
        var object = object
        var metadata = object["metadata"] ?? [:]
        metadata["resourceVersion"] = .string("\(version)")
        object["metadata"] = metadata
        let previous = objects[key.kind]?[key]
        // `JSON?.none` and not `nil`, which would be taken for JSON's own null.
        objects[key.kind, default: [:]][key] = type == .deleted ? JSON?.none : object
        keep(type == .deleted ? JSON?.none : object, as: key)
        let change = ObjectStore.Change(type: type, key: key, object: object, previous: previous, version: version)
        remember(change)
        tell(change)
        return object
    }

    /// Writes to the journal; after a failure, or when most of the journal is past, everything anew.
    private mutating func keep(_ object: JSON?, as key: ObjectStore.Key) {
        do {
            if storageFailure == nil { try journal.append(object, as: key, version: version) }
            if storageFailure != nil || journal.isMostlyPast { try journal.rewrite(objects, version: version) }
            storageFailure = nil
        } catch {
            storageFailure = "\(error)"
        }
    }

    private mutating func remember(_ change: ObjectStore.Change) {
        past.append(change)
        guard past.count > 2 * Self.remembered else { return }
        oldest = past[Self.remembered - 1].version
        past.removeFirst(Self.remembered)
    }

    private mutating func tell(_ change: ObjectStore.Change) {
        for (number, watcher) in watchers where watcher.kind == change.key.kind {
            guard case .dropped = watcher.continuation.yield(change) else { continue }
            watchers[number] = nil
            // Finished outside of the lock's turn: `onTermination` asks for the lock again.
            let continuation = watcher.continuation
            Task { continuation.finish() }
        }
    }

    mutating func addWatcher(of kind: Kind, _ continuation: AsyncStream<ObjectStore.Change>.Continuation) -> Int {
        nextWatcher += 1
        watchers[nextWatcher] = ObjectStore.Watcher(kind: kind, continuation: continuation)
        return nextWatcher
    }

    func history(_ kind: Kind, after version: Int64?) throws(PocketError) -> [ObjectStore.Change] {
        guard let version else { return [] }
        guard version >= oldest else { throw .expired(oldest: oldest) }
        return past.filter { $0.version > version && $0.key.kind == kind }
    }

    /// The objects of `kind` as they were at `version`: the changes since then, undone.
    func objects(_ kind: Kind, at version: Int64) throws(PocketError) -> [ObjectStore.Key: JSON] {
        var objects = objects[kind] ?? [:]
        for change in try history(kind, after: version).reversed() { objects[change.key] = change.previous }
        return objects
    }
}

extension Date {
    /// This moment as the API writes it: RFC 3339 in UTC, whole seconds.
    package var timestamp: String { formatted(.iso8601) }
}
