package import FoundationEssentials

/// The log of who did what. It only grows, except that a beginning which is old may be removed as a whole.
package protocol AuditStore: Sendable {
    /// Puts `records` at the end, in their order, on disk when it returns. `mark` makes each one's mark from the place
    /// before it. Gives the new end.
    func append(
        _ records: [AuditRecord], mark: @escaping @Sendable (AuditRecord, AuditPlace) -> [UInt8]
    ) async throws(StoreError) -> AuditPlace

    /// The first records after `number` that `query` asks for, at most `limit`, in their order.
    func entries(_ query: AuditQuery, after number: Int64, limit: Int) async throws(StoreError) -> [AuditEntry]

    /// Where the log begins: the start, or the last record that was removed.
    func auditStart() async throws(StoreError) -> AuditPlace
    /// Where the log ends now.
    func auditEnd() async throws(StoreError) -> AuditPlace

    /// Removes all records before `cutoff` and appends one that says so, which `saying` makes from the last place that was
    /// removed. Nil when there was none.
    func trimAudit(
        before cutoff: Date, at now: Date, saying: @escaping @Sendable (AuditPlace) -> AuditRecord,
        mark: @escaping @Sendable (AuditRecord, AuditPlace) -> [UInt8]
    ) async throws(StoreError) -> AuditPlace?

    /// The sealed key of the log's marks; `sealed`, from now on, where there was none. All callers get the same.
    func auditKey(orKeep sealed: [UInt8]?) async throws(StoreError) -> [UInt8]?

    /// Puts `sealed` in the place of the log's key, and appends `record`, which says so: both or with an error neither.
    func replaceAuditKey(
        by sealed: [UInt8], saying record: AuditRecord,
        mark: @escaping @Sendable (AuditRecord, AuditPlace) -> [UInt8]
    ) async throws(StoreError)
}
