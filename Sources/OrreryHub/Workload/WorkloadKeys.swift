import Foundation
import Logging
import OrreryCrypto
import OrreryIdentity
import OrreryModel
import OrreryStore

/// The keys with which the hub signs tokens for workloads: made when first needed, sealed in the store, replaced every month.
///
/// Concurrency: an actor. Of callers who find that a key is wanted one makes it, and the others wait for that. Two hubs may
/// both make one; the store keeps one of them.
actor WorkloadKeys {
    private let store: any SigningKeyStore
    private let ring: KeyRing
    private let now: @Sendable () -> Date
    private let logger: Logger
    /// Nil for those that cannot be opened, so that they are told about once.
    private var opened: [String: SigningKey?] = [:]
    /// A new key is being made.
    private var making: Task<[SigningKeyRecord], any Error>?

    init(store: any SigningKeyStore, ring: KeyRing, now: @escaping @Sendable () -> Date, logger: Logger) {
        self.store = store
        self.ring = ring
        self.now = now
        self.logger = logger
    }

    /// The key that signs now.
    func signer() async throws -> SigningKey {
        let records = try await records()
        guard let id = schedule(records).signer(at: now()), let key = opened[id] ?? nil else {
            throw HubError(.broken, "the hub has no key to sign with", next: "an operator finds why in the log")
        }
        return key
    }

    /// The keys that the world is to know now, each a JSON Web Key.
    func published() async throws -> [JSON] {
        let records = try await records()
        let ids = Set(schedule(records).published(at: now()))
        // One that cannot be opened any more may have signed what is still good.
        return records.filter { ids.contains($0.id) || (opened[$0.id] ?? nil) == nil }.compactMap {
            try? JSON(strict: Array($0.published.utf8))
        }
    }

    /// What is stored, opened, with a new key where one is wanted and without those that are spent.
    private func records() async throws -> [SigningKeyRecord] {
        var records = try await store.signingKeys()
        open(records)
        if schedule(records).wantsKey(at: now()) {
            let making = self.making ?? Task { try await renewed() }
            self.making = making
            defer { self.making = nil }
            records = try await making.value
        }
        let spent = schedule(records).spent(at: now())
        guard !spent.isEmpty else { return records }
        try await store.removeSigningKeys(spent)
        logger.notice("old keys were removed", metadata: ["keys": "\(spent.sorted())"])
        return records.filter { !spent.contains($0.id) }
    }

    /// What is stored with a new key, unless another one was made meanwhile.
    private func renewed() async throws -> [SigningKeyRecord] {
        let old = try await store.signingKeys()
        open(old)
        guard schedule(old).wantsKey(at: now()) else { return old }
        let key = try make()
        // Of keys that nobody can open any number may be there.
        let limit = now() - (old.contains { (opened[$0.id] ?? nil) == nil } ? 0 : KeySchedule.age)
        let records = try await store.insert(key, unlessMadeAfter: limit)
        open(records)
        // Another hub's, perhaps.
        if records.contains(where: { $0.id == key.id }) {
            logger.notice("a new key to sign with was made", metadata: ["key": "\(key.id)"])
        }
        return records
    }

    private func make() throws -> SigningKeyRecord {
        let key = try SigningKey.fresh()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return SigningKeyRecord(
            id: key.id, published: String(decoding: try encoder.encode(key.published), as: UTF8.self),
            sealed: try ring.seal(key.revealPEM(), for: Self.binding(key.id)), madeAt: now())
    }

    private func open(_ records: [SigningKeyRecord]) {
        for record in records where opened[record.id] == nil {
            do throws(CryptoError) {
                opened[record.id] = .some(
                    try SigningKey(pem: ring.open(record.sealed, for: Self.binding(record.id))))
            } catch {
                opened[record.id] = .some(nil)
                logger.error(
                    "a key to sign with cannot be opened; another one is made",
                    metadata: ["key": "\(record.id)", "error": "\(error)"])
            }
        }
    }

    /// Those that can be opened.
    private func schedule(_ records: [SigningKeyRecord]) -> KeySchedule {
        let usable = records.filter { (opened[$0.id] ?? nil) != nil }
        return KeySchedule(Dictionary(usable.map { ($0.id, $0.madeAt) }) { first, _ in first })
    }

    static func binding(_ id: String) -> [String] { SealedColumn.signingKey.binding(id) }
}
