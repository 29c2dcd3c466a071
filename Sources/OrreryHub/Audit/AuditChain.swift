import Foundation
import OrreryCrypto
import OrreryModel
import OrreryStore

/// Makes the marks by which changes of the audit log are found: each is an HMAC of its record and of the mark before it,
/// under a key that lies in the database sealed. Who has the database alone can neither change a record nor make one.
struct AuditChain: Sendable {
    private let key: [UInt8]

    /// The key of this database's log, made by the first who asks. `.broken` when the keys of this hub do not open it.
    static func open(_ store: any AuditStore, keys: KeyRing) async throws -> AuditChain {
        let binding = SealedColumn.auditKey.binding("1")
        var sealed = try await store.auditKey(orKeep: nil)
        if sealed == nil {
            sealed = try await store.auditKey(orKeep: keys.seal(RandomToken.bytes(32), for: binding))
        }
        do {
            return AuditChain(key: try keys.open(sealed ?? [], for: binding))
        } catch {
            let lost = sealed.flatMap(KeyRing.id).map { "; if it is lost: orrery keys retire \($0) --lost" } ?? ""
            throw HubError(
                .cannotStart, "the key of the audit log cannot be opened: \(error.message)",
                next: "put the key file that belongs to this database under hub.keys\(lost)")
        }
    }

    /// Begins the log anew where the key of its marks was sealed with key `id` of the hub, which is lost: with a key of its
    /// own and a record that says so. Does nothing where another key sealed it.
    static func beginAnew(_ store: any AuditStore, keys: KeyRing, lost id: UInt32, at now: Date) async throws {
        guard let old = try await store.auditKey(orKeep: nil), KeyRing.id(of: old) == id else { return }
        let chain = AuditChain(key: RandomToken.bytes(32))
        let act = AuditAct.command(
            "the key of the marks was lost; nobody can check the records before this one", to: "key \(id)",
            kind: .begunAnew)
        try await store.replaceAuditKey(
            by: keys.seal(chain.key, for: SealedColumn.auditKey.binding("1")), saying: act.record(at: now, from: nil)
        ) { chain.mark(of: $0, after: $1) }
    }

    private init(key: [UInt8]) { self.key = key }

    func mark(of record: AuditRecord, after place: AuditPlace) -> [UInt8] {
        Digest.sha256.code(of: place.mark + Self.bytes(of: record, number: place.number + 1), key: key)
    }

    /// Every field with its length in front; a field that is not there has none, so that it differs from an empty one.
    private static func bytes(of record: AuditRecord, number: Int64) -> [UInt8] {
        let fields: [String?] = [
            String(number), String(Int64((record.at.timeIntervalSince1970 * 1000).rounded())), record.act,
            record.person.map { String($0) }, record.name, record.identity?.issuer, record.identity?.subject,
            record.orderedBy, record.address, record.cluster, record.object, record.why, record.request,
        ]
        return fields.reduce(into: []) { bytes, field in
            bytes += Array((field.map { "\($0.utf8.count):\($0)" } ?? "-").utf8)
        }
    }
}
