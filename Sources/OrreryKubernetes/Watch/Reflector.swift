package import Logging
import Synchronization

/// Keeps up with the objects of one kind on one cluster: a list, then watches, for as long as its task lives. It is never
/// given up: whatever fails is tried again after a waiting time of at most half a minute.
///
/// A watch goes on where the last one ended. When that version is too old (410, as an answer or as a line), or not there yet
/// (a cluster restored to an earlier state: an answer, or a watch that is silent to its end), everything is listed again
/// and what is missing in the list is told as deleted. A refusal, 401 and 403 included, never means "nothing there".
///
/// Concurrency: `run` belongs to one task. Its state is in a mutex because the watch is read in a child task beside its
/// clock.
package final class Reflector<Object: KubernetesObject>: Sendable {
    package typealias Deliver = @Sendable (Reflection<Object>) async -> Void

    let client: KubernetesClient
    private let selection: Selection
    private let time: Timekeeper
    let logger: Logger
    /// Whether the last state of every object is kept, so that a deletion missed while not watching can be told.
    private let keepsObjects: Bool
    let state = Mutex(ReflectorState<Object>())

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
        var lastTrouble = time.elapsed()
        while !Task.isCancelled {
            let began = time.elapsed()
            if began - lastTrouble >= Self.goodTime { backoff.reset() }
            do {
                try await catchUp(deliver)
                try await follow(deliver)
                // A server that ends every watch at once must not be asked in a tight loop.
                guard time.elapsed() - began < Self.shortWatch else { continue }
            } catch {
                if case .cancelled = error, Task.isCancelled { return }
                await lost(error, deliver)
            }
            lastTrouble = time.elapsed()
            guard (try? await time.sleep(backoff.next())) != nil else { return }
        }
    }

    /// Lists everything when there is no version to go on from.
    private func catchUp(_ deliver: Deliver) async throws(KubernetesError) {
        guard state.withLock({ $0.version }) == nil else { return }
        let list = try await client.list(Object.self, selection)
        guard let version = list.metadata.resourceVersion else { throw .unreadable("a list without a version") }
        let missing = state.withLock { $0.replace(by: list, at: version, keeping: keepsObjects) }
        await found(deliver)
        for object in list.unreadable {
            logger.error("an object cannot be understood", metadata: about(object, "it stands in a list"))
        }
        for object in missing { await deliver(.deleted(object)) }
        await deliver(.complete(list.items, unreadable: list.unreadable))
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
        case .stalled:
            state.withLock { if $0.isSilent { $0.version = nil } }
            throw .transport("a watch outlived its time without a word and was cut", beforeSending: false)
        case .failed(let error): throw error
        }
    }

    private enum Ending: Sendable { case closed, expired, stalled, failed(KubernetesError) }

    private func read(after version: String, timeout: Duration, _ deliver: Deliver) async -> Ending {
        let began = time.elapsed()
        let watch: Watch<Object>
        do {
            watch = try await client.watch(Object.self, selection, after: version, timeout: timeout)
        } catch {
            return error.isExpired || error.isFromTheFuture ? .expired : .failed(error)
        }
        await found(deliver)
        state.withLock { $0.isSilent = true }
        var events = watch.makeAsyncIterator()
        // The end of an open connection, proper or not, is no sign that the cluster is away: the next call will tell.
        while let event = try? await events.next() {
            state.withLock { $0.isSilent = false }
            if let ending = await take(event, deliver) { return ending }
        }
        // Neither an event nor a bookmark in a watch's whole time: a server that does not send bookmarks, or one to which
        // our version lies in the future, since it was restored. Only a list can tell.
        let isSilent = state.withLock { $0.isSilent }
        return isSilent && time.elapsed() - began >= timeout - .seconds(5) ? .expired : .closed
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
        case .error(let refusal):
            let error = KubernetesError.refused(refusal)
            return error.isExpired || error.isFromTheFuture ? .expired : .failed(error)
        case .unknown(let type):
            logger.notice("a watch says something of an unknown type", metadata: about(nil, type))
        case .unreadable(let why, let object):
            logger.error("an object cannot be understood", metadata: about(object, why))
            // The first time the whole picture is taken again, since the line may have been broken on its way. An object
            // that is known to be beyond us is passed over from then on.
            guard state.withLock({ $0.isNews(unreadable: object) }) else { return nil }
            return .expired
        }
        return nil
    }

    private static var goodTime: Duration { .seconds(120) }
    private static var shortWatch: Duration { .seconds(5) }
}
