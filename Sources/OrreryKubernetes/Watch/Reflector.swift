package import Logging
import Synchronization

/// Keeps up with the objects of one kind on one cluster: a list, then watches, for as long as its task lives. It is never
/// given up: whatever fails is tried again after a waiting time of at most half a minute.
///
/// A watch goes on where the last one ended. When that version is too old (410, as an answer or as a line), everything
/// is listed again and what is missing in the list is told as deleted. A refusal, 401 and 403 included, never means
/// "nothing there".
///
/// Concurrency: `run` belongs to one task. Its state is in a mutex because the watch is read in a child task beside its
/// clock.
package final class Reflector<Object: KubernetesObject>: Sendable {
    package typealias Deliver = @Sendable (Reflection<Object>) async -> Void

    private let client: KubernetesClient
    private let selection: Selection
    private let time: Timekeeper
    private let logger: Logger
    /// Whether the last state of every object is kept, so that a deletion missed while not watching can be told.
    private let keepsObjects: Bool
    private let state = Mutex(State())

    package init(
        _ type: Object.Type, _ client: KubernetesClient, _ selection: Selection, time: Timekeeper = .continuous,
        keepsObjects: Bool = true, logger: Logger
    ) {
        self.client = client
        self.selection = selection
        self.time = time
        self.keepsObjects = keepsObjects
        self.logger = logger
    }

    /// Tells `deliver` everything, one thing after the other, until the task is cancelled. The next thing is read only
    /// when `deliver` has returned.
    package func run(_ deliver: @escaping Deliver) async {
        var backoff = Backoff()
        while !Task.isCancelled {
            let began = time.elapsed()
            do {
                try await catchUp(deliver)
                try await follow(deliver)
                // A server that ends every watch at once must not be asked in a tight loop.
                if time.elapsed() - began >= .seconds(5) { backoff.reset() } else { try await pause(&backoff) }
            } catch {
                if case .cancelled = error, Task.isCancelled { return }
                await lost(error, deliver)
                guard (try? await pause(&backoff)) != nil else { return }
            }
        }
    }

    private func pause(_ backoff: inout Backoff) async throws(KubernetesError) {
        do { try await time.sleep(backoff.next()) } catch { throw .cancelled }
    }

    /// Lists everything when there is no version to go on from.
    private func catchUp(_ deliver: Deliver) async throws(KubernetesError) {
        guard state.withLock({ $0.version }) == nil else { return }
        let list = try await client.list(Object.self, selection)
        guard let version = list.metadata.resourceVersion else { throw .unreadable("a list without a version") }
        let missing = state.withLock { $0.replace(by: list.items, at: version, keeping: keepsObjects) }
        await found(deliver)
        for object in missing { await deliver(.deleted(object)) }
        await deliver(.complete(list.items))
    }

    /// Reads one watch to its end.
    private func follow(_ deliver: @escaping Deliver) async throws(KubernetesError) {
        guard let version = state.withLock({ $0.version }) else { return }
        let timeout = Duration.seconds(Int.random(in: 60...90))
        let ending = await withTaskGroup(of: Ending.self) { group in
            group.addTask { await self.read(after: version, timeout: timeout, deliver) }
            group.addTask {
                // A watch that outlives its timeout has lost its server, or the way to it, without a sign.
                do { try await self.time.sleep(timeout + .seconds(10)) } catch { return .closed }
                return .stalled
            }
            let first = await group.next() ?? .closed
            group.cancelAll()
            return first
        }
        switch ending {
        case .closed: return
        case .expired: state.withLock { $0.version = nil }
        case .stalled: throw .transport("a watch outlived its time without a word and was cut", beforeSending: false)
        case .failed(let error): throw error
        }
    }

    private enum Ending: Sendable { case closed, expired, stalled, failed(KubernetesError) }

    private func read(after version: String, timeout: Duration, _ deliver: Deliver) async -> Ending {
        let watch: Watch<Object>
        do {
            watch = try await client.watch(Object.self, selection, after: version, timeout: timeout)
        } catch {
            return error.isExpired ? .expired : .failed(error)
        }
        await found(deliver)
        var events = watch.makeAsyncIterator()
        // The end of an open connection, proper or not, is no sign that the cluster is away: the next call will tell.
        while let event = try? await events.next() {
            if let ending = await take(event, deliver) { return ending }
        }
        return .closed
    }

    /// Handles one line; an ending when the watch is over with it.
    private func take(_ event: WatchEvent<Object>, _ deliver: Deliver) async -> Ending? {
        switch event {
        case .added(let object), .modified(let object):
            state.withLock { $0.put(object, keeping: keepsObjects) }
            await deliver(.changed(object))
        case .deleted(let object):
            state.withLock { $0.remove(object) }
            await deliver(.deleted(object))
        case .bookmark(let version): state.withLock { $0.version = version }
        case .error(let refusal) where refusal.code == 410: return .expired
        case .error(let refusal): return .failed(.refused(refusal))
        case .unreadable(let why):
            // What it said is lost, so the whole picture is taken again.
            logger.warning("a line of a watch is unreadable", metadata: metadata.merging(["error": "\(why)"]) { $1 })
            return .expired
        }
        return nil
    }
}

extension Reflector {
    /// The cluster answered: told once after it had not.
    private func found(_ deliver: Deliver) async {
        guard state.withLock({ $0.becomesSeen() }) else { return }
        logger.info("the cluster is seen", metadata: metadata)
        await deliver(.seen)
    }

    /// The cluster did not answer, or not as it should: told once until it does.
    private func lost(_ error: KubernetesError, _ deliver: Deliver) async {
        if error.isExpired { state.withLock { $0.version = nil } }
        guard state.withLock({ $0.becomesUnseen(error) }) else { return }
        logger.warning("the cluster is not seen", metadata: metadata.merging(["error": "\(error)"]) { $1 })
        await deliver(.unseen(error))
    }

    private var metadata: Logger.Metadata { ["cluster": "\(client.access.name)", "kind": "\(Object.kind)"] }

    private struct State {
        var version: String?
        var objects: [String: Object] = [:]
        var isSeen: Bool?
        /// The status of the refusal, 0 when there was no answer; nil while all is well.
        var trouble: Int?

        mutating func put(_ object: Object, keeping: Bool) {
            version = object.metadata.resourceVersion ?? version
            if keeping, let uid = object.metadata.uid { objects[uid] = object }
        }

        mutating func remove(_ object: Object) {
            version = object.metadata.resourceVersion ?? version
            if let uid = object.metadata.uid { objects[uid] = nil }
        }

        /// Takes a complete list and gives what was known and is not in it.
        mutating func replace(by items: [Object], at version: String, keeping: Bool) -> [Object] {
            self.version = version
            guard keeping else { return [] }
            let before = objects
            objects = Dictionary(items.compactMap { item in item.metadata.uid.map { ($0, item) } }) { _, last in last }
            return before.filter { objects[$0.key] == nil }.map(\.value)
        }

        mutating func becomesSeen() -> Bool {
            defer { (isSeen, trouble) = (true, nil) }
            return isSeen != true
        }

        /// True when this is news: seen until now, or another trouble than before.
        mutating func becomesUnseen(_ error: KubernetesError) -> Bool {
            let trouble = error.refusal.map { $0.code } ?? 0
            defer { (isSeen, self.trouble) = (false, trouble) }
            return isSeen != false || trouble != self.trouble
        }
    }
}
