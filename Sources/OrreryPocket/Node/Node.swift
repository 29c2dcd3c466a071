package import Foundation
package import Logging
internal import OrreryModel
internal import ServiceLifecycle

/// The node of a pocket cluster: it schedules pods, binds claims, and runs containers as processes in bubblewrap.
///
/// Pods outlive it. When `run` is cancelled the containers go on, and the next `Node` with the same state directory
/// finds them again by process number and start time, with their exit codes and what they printed meanwhile. Under
/// systemd that takes `KillMode=process`. `stopAll` ends them instead.
///
/// What differs from a real node: all pods share the machine's network, each with a loopback address of its own to
/// listen on; requests are scheduled, but limits are not enforced; the root file system is read-only but for `/tmp`,
/// `/var/tmp`, `/run` and `/dev/shm`; files of ConfigMaps and Secrets follow changes within a second or two instead of a
/// minute; a volume made for a claim is kept when the claim goes.
///
/// Concurrency: may be used from any thread. One `run` at a time, and one `Node` for a state directory.
package final class Node: Service, PodLogs {
    private let kubelet: Kubelet
    private let store: ObjectStore
    private let logger: Logger
    private let pods: String
    private let stopPodsAtExit: Bool

    /// A node over the objects of `store`. `now` is the clock for back-off, deadlines and probes. With
    /// `stopPodsAtExit` the end of `run` ends all pods too. Throws `machine` when this machine lacks bubblewrap.
    package convenience init(
        configuration: PocketConfiguration, store: ObjectStore, logger: Logger, stopPodsAtExit: Bool = false,
        now: @escaping @Sendable () -> Date = { Date() }
    ) throws(PocketError) {
        try self.init(
            configuration: configuration, store: store, logger: logger, sandbox: .own, stopPodsAtExit: stopPodsAtExit,
            now: now)
    }

    init(
        configuration: PocketConfiguration, store: ObjectStore, logger: Logger, sandbox: Sandbox,
        stopPodsAtExit: Bool = false, now: @escaping @Sendable () -> Date
    ) throws(PocketError) {
        if let missing = Tool.missing { throw .machine(missing) }
        kubelet = Kubelet(
            configuration: configuration, store: store, sandbox: sandbox, logger: logger, now: now)
        self.store = store
        self.logger = logger
        self.stopPodsAtExit = stopPodsAtExit
        pods = Self.directory(configuration)
    }

    static func directory(_ configuration: PocketConfiguration) -> String { "\(configuration.state)/node/pods" }

    /// Works until the task is cancelled or a shutdown begins. Looks at the processes ten times a second, and at once
    /// when an object changes.
    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.work() }
        if stopPodsAtExit { try await stopAll() }
    }

    /// Ends every container: SIGTERM, and SIGKILL after `patience`. Returns when nothing runs any more.
    package func stopAll(patience: Duration = .seconds(5)) async throws(PocketError) {
        try await kubelet.stopAll(patience: patience)
    }

    /// One step by hand, with its probes carried out before it returns.
    func step() async throws(PocketError) {
        for job in try await kubelet.step() { await kubelet.take(job.run(), of: job) }
    }

    private func work() async {
        let (wakes, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withDiscardingTaskGroup { group in
            for kind in [Kind.pods, .persistentvolumeclaims, .persistentvolumes, .secrets, .configmaps] {
                group.addTask { await self.follow(kind) { signal.yield() } }
            }
            group.addTask { await self.tick { signal.yield() } }
            for await _ in wakes {
                for job in await step() {
                    group.addTask {
                        await self.kubelet.take(job.run(), of: job)
                        signal.yield()
                    }
                }
            }
        }
    }

    private func step() async -> [ProbeJob] {
        do {
            return try await kubelet.step()
        } catch {
            logger.error("The node could not go on", metadata: ["error": "\(error)"])
            // A full disk, most likely. Asked again soon, but not in a rush.
            try? await Task.sleep(for: .seconds(1))
            return []
        }
    }

    private func tick(_ signal: @Sendable () -> Void) async {
        while !Task.isCancelled {
            signal()
            let pause: Duration = await kubelet.isHurried ? .milliseconds(10) : .milliseconds(100)
            try? await Task.sleep(for: pause)
        }
    }

    private func follow(_ kind: Kind, _ signal: @Sendable () -> Void) async {
        while !Task.isCancelled, let changes = try? store.changes(kind) {
            signal()
            for await _ in changes { signal() }
            // The reader fell behind, or the store was finished.
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    package func logFile(podUID: String, container: String, previous: Bool) -> String? {
        guard !podUID.contains("/"), !container.contains("/"), !podUID.hasPrefix("."), !container.hasPrefix(".") else {
            return nil
        }
        let all = "\(pods)/\(podUID)/containers/\(container)"
        let runs = FileBytes.names(in: all).compactMap { Int($0) }.sorted()
        guard let last = runs.last else { return nil }
        let number = previous ? last - 1 : last
        return runs.contains(number) ? "\(all)/\(number)/log" : nil
    }
}
