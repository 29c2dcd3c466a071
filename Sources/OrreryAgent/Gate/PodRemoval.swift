import FoundationEssentials
import Logging
import OrreryKubernetes
import OrreryModel

/// Removes pods that must not be there, now or as soon as the cluster does it.
///
/// Concurrency: any task may ask; `run` belongs to one.
final class PodRemoval: Sendable {
    /// A pod that must not be there.
    struct Pod: Hashable, Sendable {
        let namespace: String
        let name: String
        /// Another pod of the name stays; nil only where the cluster has said none.
        let uid: String?
    }

    private let client: KubernetesClient
    private let time: Timekeeper
    private let logger: Logger
    private let (late, noted) = AsyncStream.makeStream(of: Pod.self)

    init(_ client: KubernetesClient, time: Timekeeper = .continuous, logger: Logger) {
        self.client = client
        self.time = time
        self.logger = logger
    }

    /// Removes a pod at once: nil when it goes or is gone. Otherwise why it is there still; `run` goes on with it then.
    func remove(_ pod: Pod) async -> String? {
        var backoff = Backoff(first: .milliseconds(200), limit: .seconds(1))
        var reason = await complaint(about: pod)
        for _ in 1...2 where reason != nil {
            guard (try? await time.sleep(backoff.next())) != nil else { break }
            reason = await complaint(about: pod)
        }
        guard let reason else { return nil }
        logger.error(
            "a pod that must not be there is there still; its removal is tried again and again",
            metadata: ["namespace": "\(pod.namespace)", "pod": "\(pod.name)", "error": "\(reason)"])
        noted.yield(pod)
        return reason
    }

    /// Goes on with what could not be removed at once, until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await pod in late { group.addTask { await self.insist(on: pod) } }
            group.cancelAll()
        }
    }

    private func insist(on pod: Pod) async {
        var backoff = Backoff(first: .seconds(1), limit: .seconds(30))
        while await complaint(about: pod) != nil {
            guard (try? await time.sleep(backoff.next())) != nil else { return }
        }
        logger.notice(
            "a pod that must not be there was removed",
            metadata: ["namespace": "\(pod.namespace)", "pod": "\(pod.name)"])
    }

    /// Asks once; nil when the pod goes or is gone.
    private func complaint(about pod: Pod) async -> String? {
        var options: JSON = ["gracePeriodSeconds": 0]
        if let uid = pod.uid { options["preconditions"] = ["uid": .string(uid)] }
        do {
            let answer = try await client.relay(
                "DELETE", "/api/v1/namespaces/\(pod.namespace)/pods/\(pod.name)",
                headers: [("Content-Type", "application/json")], body: Array(JSONEncoder().encode(options)),
                stallLimit: .seconds(10))
            _ = try await answer.collect(upTo: 4 << 20)
            // 409: the name is another pod's by now.
            return [200, 202, 404, 409].contains(answer.status) ? nil : "the cluster answers \(answer.status)"
        } catch { return "\(error)" }
    }
}
