internal import Foundation
package import OrreryModel
internal import Synchronization

/// The objects of the cluster: versioned, kept over restarts, and watched. Every write gives the whole store a new
/// version, which becomes the object's `metadata.resourceVersion`; a write that changes nothing gives none.
///
/// Concurrency: every call may come from any thread. Writes take turns under one lock, and watchers receive changes in
/// the order of their versions. A closure given to `update` runs under that lock and must not call the store.
package final class ObjectStore: Sendable {
    /// Which object: kind, namespace (empty where the kind has none) and name.
    package struct Key: Hashable, Sendable, CustomStringConvertible {
        package let kind: Kind
        package let namespace: String
        package let name: String

        package init(kind: Kind, namespace: String = "", name: String) {
            self.kind = kind
            self.namespace = namespace
            self.name = name
        }

        package var description: String {
            namespace.isEmpty ? "\(kind.rawValue) \(name)" : "\(kind.rawValue) \(namespace)/\(name)"
        }
    }

    /// One write, as a watcher sees it.
    package struct Change: Sendable {
        package enum Kind: String, Sendable {
            case added = "ADDED"
            case modified = "MODIFIED"
            case deleted = "DELETED"
        }

        package let type: Kind
        package let key: Key
        /// The object after the write; for a deletion its last state, with the deletion's version.
        package let object: JSON
        /// The object before the write; nil for a new one.
        package let previous: JSON?
        package let version: Int64
    }

    let state: Mutex<State>

    /// Opens the store kept in `directory`, which is made when missing. Reads the whole journal and writes it anew
    /// without what is past. Throws `state` when a file cannot be read, or is damaged elsewhere than at its end.
    package init(directory: String) throws(PocketError) {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw .state("the state directory \(directory) cannot be made: \(error.localizedDescription)")
        }
        let path = directory + "/objects.journal"
        let kept = try Journal.read(path: path)
        state = Mutex(
            State(objects: kept.objects, version: kept.version, journal: try Journal(path: path, kept: kept)))
    }

    /// The version of the last write.
    package var version: Int64 { state.withLock { $0.version } }

    /// The version of the last write to an object of `kind`, and of the last write at all, at one moment. A watcher who
    /// has seen the first may go on from the second without missing anything.
    package func position(of kind: Kind) -> (kind: Int64, all: Int64) {
        state.withLock { ($0.lastWrites[kind] ?? 0, $0.version) }
    }

    /// Why the last write could not be kept on disk; nil when it was. Objects live on in memory meanwhile, and each
    /// later write tries to save everything again.
    package var storageFailure: String? { state.withLock { $0.storageFailure } }

    package func object(_ key: Key) -> JSON? { state.withLock { $0.objects[key.kind]?[key] } }

    /// All objects of `kind`, in one namespace or in all, ordered by namespace and name, and the version they are of.
    package func list(_ kind: Kind, namespace: String? = nil) -> (objects: [JSON], version: Int64) {
        let (objects, version) = state.withLock { ($0.objects[kind] ?? [:], $0.version) }
        return (Self.ordered(objects, in: namespace), version)
    }

    /// The same at an earlier `version`. Throws `expired` when the history does not reach back that far.
    package func list(
        _ kind: Kind, namespace: String?, at version: Int64
    ) throws(PocketError) -> (objects: [JSON], version: Int64) {
        let objects = try state.withLock { state throws(PocketError) in try state.objects(kind, at: version) }
        return (Self.ordered(objects, in: namespace), version)
    }

    /// Adds `object` under `key`. Writes the key's name and namespace into it, and a uid, `creationTimestamp` and
    /// `resourceVersion`, and answers with the object as stored. `admit` may change or refuse it: it runs under the
    /// lock, with all objects of the namespace to look at, so that what it counts stays true.
    package func create(
        _ key: Key, _ object: JSON,
        admit: (inout JSON, (Kind) -> [JSON]) throws -> Void = { _, _ in }
    ) throws -> JSON {
        try state.withLock { state in
            guard state.objects[key.kind]?[key] == nil else { throw PocketError.exists(key) }
            var object = object
            try admit(&object) { kind in Self.ordered(state.objects[kind] ?? [:], in: key.namespace) }
            return state.add(object, as: key)
        }
    }

    /// Changes the object under `key`. Answers with the object as stored, or nil when there is none, or when it is
    /// another than the one with `uid`. Nothing is written when `change` throws or changes nothing.
    package func update<Failure: Error>(
        _ key: Key, ifUID uid: String? = nil, change: (inout JSON) throws(Failure) -> Void
    ) throws(Failure) -> JSON? {
        try state.withLock { state throws(Failure) in
            guard let before = state.objects[key.kind]?[key] else { return nil }
            guard uid == nil || before["metadata"]?["uid"]?.string == uid else { return nil }
            var object = before
            try change(&object)
            guard object != before else { return before }
            return state.put(object, as: key, type: .modified)
        }
    }

    /// Removes the object under `key`. Answers with its last state, or nil when there is none, when it is another
    /// than the one with `uid`, or when `condition` says no.
    @discardableResult
    package func remove(_ key: Key, ifUID uid: String? = nil, where condition: (JSON) -> Bool = { _ in true }) -> JSON?
    {
        state.withLock { state in
            guard let object = state.objects[key.kind]?[key], condition(object) else { return nil }
            guard uid == nil || object["metadata"]?["uid"]?.string == uid else { return nil }
            return state.put(object, as: key, type: .deleted)
        }
    }

    /// The changes to objects of `kind` after `version` (nil: from now on), those of the past first, then each as it
    /// happens. Throws `expired` when the history does not reach back that far. The sequence ends when the reader falls
    /// behind by more than a thousand changes, or `finish` is called: list again and begin anew.
    package func changes(_ kind: Kind, after version: Int64? = nil) throws(PocketError) -> AsyncStream<Change> {
        let (stream, continuation) = AsyncStream.makeStream(of: Change.self, bufferingPolicy: .bufferingOldest(5000))
        let number = try state.withLock { state throws(PocketError) in
            for change in try state.history(kind, after: version) { continuation.yield(change) }
            if state.isFinished { continuation.finish() }
            return state.addWatcher(of: kind, continuation)
        }
        // Not on the thread that cancels: it holds the watching task's own lock, which a write that tells the task of a
        // change waits for while it holds ours.
        continuation.onTermination = { [weak self] _ in
            Task { [weak self] in self?.state.withLock { _ = $0.watchers.removeValue(forKey: number) } }
        }
        return stream
    }

    /// Whether `finish` was called: a sequence of changes that begins now ends at once.
    package var isFinished: Bool { state.withLock { $0.isFinished } }

    /// Ends every sequence of changes, for a shutdown.
    package func finish() {
        let watchers = state.withLock { state in
            defer { state.watchers = [:] }
            state.isFinished = true
            return state.watchers
        }
        for watcher in watchers.values { watcher.continuation.finish() }
    }

    private static func ordered(_ objects: [Key: JSON], in namespace: String?) -> [JSON] {
        objects.filter { namespace == nil || $0.key.namespace == namespace }
            .sorted { ($0.key.namespace, $0.key.name) < ($1.key.namespace, $1.key.name) }
            .map(\.value)
    }
}
