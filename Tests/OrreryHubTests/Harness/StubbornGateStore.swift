import Foundation
import OrreryStore
import Synchronization

@testable import OrreryHub

/// A database that cannot remember the next few logouts, as one whose disk is full.
final class StubbornGateStore: GateStore {
    private let store: any GateStore
    private let refusals: Mutex<Int>

    init(_ store: any GateStore, refusing refusals: Int) {
        self.store = store
        self.refusals = Mutex(refusals)
    }

    func rememberEnded(sid: String, until end: Date) async throws(StoreError) {
        let isRefused = refusals.withLock { left in
            guard left > 0 else { return false }
            left -= 1
            return true
        }
        if isRefused { throw StoreError(.unavailable, "the disk is full", next: "free some space") }
        try await store.rememberEnded(sid: sid, until: end)
    }

    func seed(_ name: String, orKeep fresh: [UInt8]) async throws(StoreError) -> [UInt8] {
        try await store.seed(name, orKeep: fresh)
    }

    func endedLogins(at now: Date) async throws(StoreError) -> [String: Date] { try await store.endedLogins(at: now) }
    func removeEndedLogins(at now: Date) async throws(StoreError) -> Int { try await store.removeEndedLogins(at: now) }
}

extension TestHub {
    /// Ends logins as the hub does, but for as many as the store cannot.
    func farewell(refusing count: Int) -> Farewell {
        Farewell(
            logins: services.gate.logins, tokens: database, ended: StubbornGateStore(database, refusing: count),
            proxy: services.proxy, now: services.now)
    }
}
