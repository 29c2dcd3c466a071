import Foundation
import OrreryModel
import OrreryStore
import Synchronization

/// A database that cannot end the next few credentials, as one whose disk is full.
final class StubbornCredentialStore: CredentialStore {
    private let store: any CredentialStore
    private let refusals: Mutex<Int>

    init(_ store: any CredentialStore, refusing refusals: Int) {
        self.store = store
        self.refusals = Mutex(refusals)
    }

    func end(_ credential: CredentialRecord, at now: Date) async throws(StoreError) -> Bool {
        let isRefused = refusals.withLock { left in
            guard left > 0 else { return false }
            left -= 1
            return true
        }
        if isRefused { throw StoreError(.unavailable, "the disk is full", next: "free some space") }
        return try await store.end(credential, at: now)
    }

    func keep(_ credential: CredentialRecord) async throws(StoreError) { try await store.keep(credential) }

    func credential(person: Int64, issuer: String) async throws(StoreError) -> CredentialRecord? {
        try await store.credential(person: person, issuer: issuer)
    }

    func latestCredential(person: Int64) async throws(StoreError) -> CredentialRecord? {
        try await store.latestCredential(person: person)
    }

    func allCredentials() async throws(StoreError) -> [CredentialRecord] { try await store.allCredentials() }

    func renew(_ credential: CredentialRecord, sealed: [UInt8]) async throws(StoreError) -> Bool {
        try await store.renew(credential, sealed: sealed)
    }

    func markChecked(_ credential: CredentialRecord, at now: Date) async throws(StoreError) {
        try await store.markChecked(credential, at: now)
    }

    func regroup(
        by credential: CredentialRecord, _ groups: Set<Group>, isAdmin: Bool
    ) async throws(StoreError) -> PersonRecord? {
        try await store.regroup(by: credential, groups, isAdmin: isAdmin)
    }

    func removeCredential(person: Int64, issuer: String) async throws(StoreError) -> CredentialRecord? {
        try await store.removeCredential(person: person, issuer: issuer)
    }

    func removeCredentials(person: Int64) async throws(StoreError) -> [CredentialRecord] {
        try await store.removeCredentials(person: person)
    }

    func dueForRecheck(
        seenAfter seen: Date, checkedBefore checked: Date, at now: Date
    ) async throws(StoreError) -> [Int64] {
        try await store.dueForRecheck(seenAfter: seen, checkedBefore: checked, at: now)
    }

    func removeIdleCredentials(before instant: Date) async throws(StoreError) -> Int {
        try await store.removeIdleCredentials(before: instant)
    }
}
