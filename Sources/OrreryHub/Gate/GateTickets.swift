import Foundation
import OrreryCrypto
import OrreryModel
import OrreryStore
import Synchronization

/// Makes the gate's keys and seals its tickets.
///
/// Keys come from the secret that hub and proxy share and from a seed in the database: neither alone is enough to make
/// a ticket, a secret that is easy to guess is not shown by the tickets that people have, and every hub on this
/// database makes the same keys, also after a restart.
final class GateTickets: Sendable {
    private let secret: Secret
    private let store: any GateStore
    private let now: @Sendable () -> Date
    private let salt = Mutex<[UInt8]?>(nil)

    /// How long a cookie of the gate opens; so long at least must a logout be remembered.
    static let life: Duration = .seconds(12 * 3600)
    /// How long the way back from the hub may take.
    private static let entryLife: UInt32 = 60

    init(secret: Secret, store: any GateStore, now: @escaping @Sendable () -> Date) {
        self.secret = secret
        self.store = store
        self.now = now
    }

    /// The keys of this day.
    func keys() async throws(StoreError) -> GateKeys {
        GateKeys(
            derivedFrom: Array(secret.reveal().utf8), salt: try await seed(),
            at: UInt64(max(0, now().timeIntervalSince1970)))
    }

    /// A ticket with which `visitor`'s browser gets a cookie of `host`; nil when the login is about to end. `mark` is
    /// what the proxy knows the browser by.
    func entry(for visitor: Visitor, to host: String, browser mark: String) async throws(StoreError) -> String? {
        let issued = UInt32(clamping: Int64(now().timeIntervalSince1970))
        let loginEnds = UInt32(clamping: Int64(visitor.login.expiresAt.timeIntervalSince1970))
        let until = min(loginEnds, issued + UInt32(Self.life.components.seconds))
        let ticket = Ticket(
            person: visitor.person.person.name, session: visitor.login.sid, issued: issued,
            expires: min(issued + Self.entryLife, until), until: until)
        var seal = TicketSeal(try await keys())
        return seal.seal(ticket, as: .entry, host: host, browser: mark)
    }

    private func seed() async throws(StoreError) -> [UInt8] {
        if let salt = salt.withLock({ $0 }) { return salt }
        let kept = try await store.seed("gate", orKeep: RandomToken.bytes(32))
        salt.withLock { $0 = kept }
        return kept
    }
}
