import Foundation
import OrreryStore
import Synchronization

/// A database that takes no records for a while, as one on a full disk.
final class StubbornAuditStore: AuditStore {
    private let store: any AuditStore
    private let isRefusing = Mutex(false)

    init(_ store: any AuditStore) { self.store = store }

    var refuses: Bool {
        get { isRefusing.withLock { $0 } }
        set { isRefusing.withLock { $0 = newValue } }
    }

    func append(
        _ records: [AuditRecord], mark: @escaping @Sendable (AuditRecord, AuditPlace) -> [UInt8]
    ) async throws(StoreError) -> AuditPlace {
        if refuses { throw StoreError(.unavailable, "the disk is full", next: "free some space") }
        return try await store.append(records, mark: mark)
    }

    func entries(_ query: AuditQuery, after number: Int64, limit: Int) async throws(StoreError) -> [AuditEntry] {
        try await store.entries(query, after: number, limit: limit)
    }

    func auditStart() async throws(StoreError) -> AuditPlace { try await store.auditStart() }
    func auditEnd() async throws(StoreError) -> AuditPlace { try await store.auditEnd() }

    func trimAudit(
        before cutoff: Date, at now: Date, saying: @escaping @Sendable (AuditPlace) -> AuditRecord,
        mark: @escaping @Sendable (AuditRecord, AuditPlace) -> [UInt8]
    ) async throws(StoreError) -> AuditPlace? {
        try await store.trimAudit(before: cutoff, at: now, saying: saying, mark: mark)
    }

    func auditKey(orKeep sealed: [UInt8]?) async throws(StoreError) -> [UInt8]? {
        try await store.auditKey(orKeep: sealed)
    }

    func replaceAuditKey(
        by sealed: [UInt8], saying record: AuditRecord,
        mark: @escaping @Sendable (AuditRecord, AuditPlace) -> [UInt8]
    ) async throws(StoreError) {
        try await store.replaceAuditKey(by: sealed, saying: record, mark: mark)
    }
}
