package import Foundation
internal import OrreryModel
internal import ServiceLifecycle

/// A node without processes, for trying thousands of sessions on one machine: pods are scheduled, get an address and
/// claims, and go through the states of real ones, and their addresses answer; but no image is looked up, no volume is
/// attached, and nothing runs.
///
/// It works from the changes of pods rather than looking at all of them, because there may be very many. What it knows
/// can be read from the objects, so that a restarted pocket goes on with the same pods at the same addresses.
///
/// Concurrency: may be used from any thread. One `run` at a time.
package final class HollowNode: Service, PodLogs {
    private let configuration: PocketConfiguration
    private let store: ObjectStore
    private let stopPodsAtExit: Bool
    private let now: @Sendable () -> Date

    /// A node over the objects of `store`. With `stopPodsAtExit` its pods end with it.
    package init(
        configuration: PocketConfiguration, store: ObjectStore, stopPodsAtExit: Bool = false,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.configuration = configuration
        self.store = store
        self.stopPodsAtExit = stopPodsAtExit
        self.now = now
    }

    private enum Wake: Sendable {
        case changed(ObjectStore.Change)
        case lookAtAll
        case tick
    }

    /// Works until the task is cancelled or a shutdown begins.
    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.work() }
    }

    private func work() async {
        var keeper = HollowKeeper(configuration: configuration, store: store, now: now)
        let (wakes, feed) = AsyncStream.makeStream(of: Wake.self)
        await withDiscardingTaskGroup { group in
            group.addTask { await self.follow { feed.yield($0) } }
            group.addTask {
                while (try? await Task.sleep(for: .seconds(1))) != nil { feed.yield(.tick) }
            }
            for await wake in wakes {
                switch wake {
                case .changed(let change) where change.type == .deleted: keeper.gone(change.object)
                case .changed(let change): keeper.look(at: change.object)
                case .lookAtAll: keeper.compare(store.list(.pods).objects)
                case .tick: keeper.tick()
                }
            }
        }
        if stopPodsAtExit { keeper.endAll() }
        keeper.shut()
    }

    private func follow(_ tell: @Sendable (Wake) -> Void) async {
        while !Task.isCancelled, let changes = try? store.changes(.pods) {
            tell(.lookAtAll)
            for await change in changes { tell(.changed(change)) }
            // The reader fell behind, or the store was finished.
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Nothing runs, so nothing is printed.
    package func logFile(podUID: String, container: String, previous: Bool) -> String? {
        previous || podUID.contains("/") ? nil : "/dev/null"
    }
}
