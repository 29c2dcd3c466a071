import Foundation
import Logging
import OrreryStore
import ServiceLifecycle
import Synchronization

/// When each session was last active. Servers report every few minutes and nobody waits for the answer, so reports are
/// collected in memory, the newest per session, and written together every few seconds and at the end.
///
/// Concurrency: any task may report; `run` alone writes.
final class ActivityLedger: Service, Sendable {
    private let store: any SessionStore
    private let logger: Logger
    private let interval: Duration
    private let reports = Mutex<[String: Date]>([:])

    init(store: any SessionStore, interval: Duration = .seconds(5), logger: Logger) {
        self.store = store
        self.interval = interval
        self.logger = logger
    }

    /// Takes a report. An older one than is known changes nothing.
    func report(_ session: String, at instant: Date) {
        reports.withLock { reports in
            reports[session] = max(instant, reports[session] ?? .distantPast)
        }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: self.interval)) != nil { await self.flush() }
        }
        await flush()
    }

    /// Writes what was reported since the last time, in one transaction. What cannot be written is kept for the next
    /// time, unless something newer has come in.
    func flush() async {
        let batch = reports.withLock { reports in
            let taken = reports
            reports = [:]
            return taken
        }
        guard !batch.isEmpty else { return }
        do {
            try await store.touch(batch.map { (session: $0.key, at: $0.value) })
        } catch {
            logger.warning(
                "activity could not be written and is kept",
                metadata: ["reports": "\(batch.count)", "error": "\(error)"])
            for (session, instant) in batch { report(session, at: instant) }
        }
    }
}
