import Foundation
import Logging
import OrreryStore
import ServiceLifecycle
import Synchronization

/// When each session was last active, or each token last used. Servers report every few minutes and nobody waits for the
/// answer, so reports are collected in memory, the newest for each, and written together every few seconds and at the end.
///
/// Concurrency: any task may report; `run` alone writes.
final class ActivityLedger: Service, Sendable {
    private let write: @Sendable ([String: Date]) async throws -> Void
    private let logger: Logger
    private let interval: Duration
    private let reports = Mutex<[String: Date]>([:])

    convenience init(store: any SessionStore, logger: Logger) {
        self.init(logger: logger) { try await store.touch($0.map { (session: $0.key, at: $0.value) }) }
    }

    convenience init(tokens: any TokenStore, logger: Logger) {
        self.init(logger: logger) { try await tokens.touchTokens($0.map { (id: $0.key, at: $0.value) }) }
    }

    private init(
        interval: Duration = .seconds(5), logger: Logger,
        write: @escaping @Sendable ([String: Date]) async throws -> Void
    ) {
        self.write = write
        self.interval = interval
        self.logger = logger
    }

    /// Takes a report. An older one than is known changes nothing.
    func report(_ id: String, at instant: Date) {
        reports.withLock { reports in
            reports[id] = max(instant, reports[id] ?? .distantPast)
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
            try await write(batch)
        } catch {
            logger.warning(
                "activity could not be written and is kept",
                metadata: ["reports": "\(batch.count)", "error": "\(error)"])
            for (id, instant) in batch { report(id, at: instant) }
        }
    }
}
