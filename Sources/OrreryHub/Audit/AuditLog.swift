import Foundation
import Logging
import OrreryCrypto
import OrreryModel
import OrreryStore
import ServiceLifecycle

/// Writes down who did what. Nobody waits for it: records are collected and written together a quarter of a second
/// later, and at the end. Who did what only an operator may do is answered after `settle`.
///
/// A record that the database does not take is kept until it does. Should more than `limit` wait, further ones go to the
/// hub's log alone, and the audit log says how many.
actor AuditLog: Service {
    private let store: any AuditStore
    private let keys: KeyRing
    private let now: @Sendable () -> Date
    private let logger: Logger
    private let keep: Duration?
    private let limit: Int

    private var chain: AuditChain?
    private var waiting: [AuditRecord] = []
    private var lost = 0
    private var writing: Task<Bool, Never>?
    private let (bells, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// How long a record may wait for others.
    private static let patience = Duration.milliseconds(250)

    /// `keep` is how long records stay; nil for ever.
    init(
        store: any AuditStore, keys: KeyRing, keep: Duration? = nil, limit: Int = 20_000, logger: Logger,
        now: @escaping @Sendable () -> Date
    ) {
        (self.store, self.keys, self.keep, self.limit, self.logger, self.now) = (store, keys, keep, limit, logger, now)
    }

    /// Puts `act` into the log, with the address and the id of the request in which this is called. Never fails: what
    /// cannot be written yet is kept and told to the hub's log.
    func record(_ act: AuditAct) async {
        await record([act])
    }

    /// Several things that belong together, in their order.
    func record(_ acts: [AuditAct]) async {
        for act in acts { keep(act.record(at: now(), from: RequestOrigin.current)) }
        bell.yield()
    }

    /// Waits until everything that was recorded is on disk. Throws `.unavailable` when it is not: what was done stays done, and
    /// its record is kept and written as soon as the database takes it.
    func settle() async throws(HubError) {
        let isWhole = lost == 0
        let isWritten = await flush()
        guard isWhole, isWritten else {
            throw HubError(
                .unavailable, "this was done, but the audit log could not be written",
                next: "tell whoever runs the hub; its own log says why")
        }
    }

    /// Throws when the log's key cannot be opened; asked before anything begins.
    func prepare() async throws {
        let end = try await store.auditEnd()
        _ = try await openChain()
        logger.info("audit log continues", metadata: ["after": "\(end.number)", "mark": "\(Self.short(end))"])
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in self.bells where !Task.isCancelled {
                try? await Task.sleep(for: Self.patience)
                await self.flush()
            }
        }
        await flush()
        if let end = try? await store.auditEnd() {
            logger.info("audit log ends", metadata: ["after": "\(end.number)", "mark": "\(Self.short(end))"])
        }
    }

    /// Writes what waits. When it returns, everything that was recorded before it was called is on disk; or false, and the
    /// hub's log says why.
    @discardableResult func flush() async -> Bool {
        let before = writing
        let task = Task {
            _ = await before?.value
            return await self.write()
        }
        writing = task
        return await task.value
    }

    private func write() async -> Bool {
        let batch = waiting
        guard !batch.isEmpty else { return true }
        waiting = []
        do {
            let chain = try await openChain()
            let records = lost > 0 ? batch + [gap()] : batch
            _ = try await store.append(records) { chain.mark(of: $0, after: $1) }
            lost = 0
            return true
        } catch {
            logger.error(
                "audit log could not be written; its records are kept",
                metadata: ["records": "\(batch.count)", "error": "\(error)"])
            waiting = batch + waiting
            return false
        }
    }

    private func keep(_ record: AuditRecord) {
        guard waiting.count < limit else {
            lost += 1
            logger.error("audit record lost: too many wait for the database", metadata: record.facts)
            return
        }
        waiting.append(record)
    }

    private func gap() -> AuditRecord {
        AuditAct(.gap, because: "\(lost) records could not be kept while the database was away; the hub's log has them")
            .record(at: now(), from: nil)
    }

    private func openChain() async throws -> AuditChain {
        if let chain { return chain }
        let opened = try await AuditChain.open(store, keys: keys)
        chain = opened
        return opened
    }

    private static func short(_ place: AuditPlace) -> String { String(place.mark.hexadecimal.prefix(16)) }
}

extension AuditLog {
    /// Removes the months that ended longer ago than records are kept; the log itself says so.
    func trim() async {
        guard let keep, let cutoff = Self.month(of: now() - keep.seconds) else { return }
        do {
            let (chain, now) = (try await openChain(), now())
            let last = try await store.trimAudit(before: cutoff, at: now) { place in
                AuditAct(
                    .trimmed, to: "\(place.number) \(place.mark.hexadecimal)",
                    because: "records up to this number were older than they are kept"
                ).record(at: now, from: nil)
            } mark: {
                chain.mark(of: $0, after: $1)
            }
            if let last { logger.notice("audit log trimmed", metadata: ["through": "\(last.number)"]) }
        } catch {
            logger.warning("audit log could not be trimmed", metadata: ["error": "\(error)"])
        }
    }

    /// When the month of `instant` began.
    static func month(of instant: Date) -> Date? {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar.date(from: calendar.dateComponents([.year, .month], from: instant))
    }
}

extension AuditRecord {
    /// This record for the hub's own log.
    fileprivate var facts: Logger.Metadata {
        let fields: [(String, String?)] = [
            ("act", act), ("person", name), ("issuer", identity?.issuer), ("subject", identity?.subject),
            ("by", orderedBy), ("address", address), ("cluster", cluster), ("object", object), ("why", why),
            ("request", request),
        ]
        return fields.reduce(into: [:]) { facts, field in field.1.map { facts[field.0] = "\($0)" } }
    }
}
