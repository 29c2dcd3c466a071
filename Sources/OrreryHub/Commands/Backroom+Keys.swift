import Foundation
import OrreryCrypto
import OrreryStore

extension Backroom {
    /// A key, and what still needs it.
    package struct KeyUse: Hashable, Sendable {
        package let id: UInt32
        /// Whether new secrets are sealed with it.
        package let isNewest: Bool
        /// Whether the key file has it; without it, what it sealed is lost.
        package let isPresent: Bool
        /// How many stored secrets it sealed.
        package let secrets: Int
        /// How many of them the key of the file does not open: it is another one of that number, or they were changed.
        package let unopened: Int
    }

    /// Every key of the file, and every one that a stored secret names, the newest first.
    package func keyUses() async throws(HubError) -> [KeyUse] {
        let values = try await Self.attempt { try await database.sealedValues() }
        let keys = keys
        let unopened = try await Self.attempt {
            try await database.sealedValues(unopened: { (try? keys.open($0, for: $1)) != nil })
        }
        let present = keys.ids
        return Set(present).union(values.keys).sorted(by: >).map { id in
            KeyUse(
                id: id, isNewest: id == present.first, isPresent: present.contains(id), secrets: values[id] ?? 0,
                unopened: unopened[id] ?? 0)
        }
    }

    /// Makes a new key, which a running hub uses from then on, and seals everything in the database with it. Gives its number, how
    /// many secrets were sealed anew, and how many could not be. Changes nothing where it could not be written down.
    package func rotate() async throws(HubError) -> (id: UInt32, sealed: Int, left: Int) {
        try await Self.attempt { _ = try await AuditChain.open(database, keys: keys) }
        let id = try newKey()
        let (sealed, left) = try await reseal()
        await audit.record(.command("made, and \(sealed) stored secrets sealed with it", to: "key \(id)"))
        try await audit.settle()
        return (id, sealed, left)
    }

    /// Takes key `id` out of the file. Refuses while a stored secret needs it, unless `isLost`: then those secrets are
    /// removed, a new key is made where it was the newest, and the audit log begins anew where its key was among them. The
    /// hub must not run then. Throws when there is no such key.
    package func retire(_ id: UInt32, isLost: Bool = false) async throws(HubError) {
        guard try await keyUses().contains(where: { $0.id == id }) else {
            throw HubError(.cannotStart, "there is no key \(id)", next: "look which ones are: orrery keys list")
        }
        // A hub that runs has read the lost key, and would go on with the audit log as it was.
        let lock = isLost ? try await Self.attempt { try DatabaseLock(besides: database.path) } : nil
        defer { withExtendedLifetime(lock) {} }
        if isLost, id == keys.ids.first { _ = try newKey() }
        // A hub that was sealing at the moment of the change may have left one behind.
        _ = try await reseal()
        let needing = try await keyUses().first { $0.id == id }?.secrets ?? 0
        guard needing == 0 || isLost, id != keys.ids.first else {
            throw HubError(
                .cannotStart,
                id == keys.ids.first ? "key \(id) is the newest and seals" : "\(needing) stored secrets need key \(id)",
                next: id == keys.ids.first
                    ? "make a new one first: orrery keys rotate"
                    : "if the key that sealed them is lost, give them up with --lost: those people log in again")
        }
        try await Self.attempt { try await AuditChain.beginAnew(database, keys: keys, lost: id, at: .now) }
        let gone = try await Self.attempt { try await database.forgetSealed(under: id) }
        if keys.ids.contains(id) {
            do throws(CryptoError) { try keys.retire(id) } catch { throw HubError(.cannotStart, error.message) }
        }
        await audit.record(.command(gone == 0 ? "retired" : "given up with \(gone) stored secrets", to: "key \(id)"))
        try await audit.settle()
    }

    /// Seals with the newest key what another one sealed.
    private func reseal() async throws(HubError) -> (sealed: Int, left: Int) {
        guard let newest = keys.ids.first else { return (0, 0) }
        let keys = keys
        let sealed = try await Self.attempt {
            try await database.reseal(to: newest) { value, binding in
                (try? keys.open(value, for: binding)).flatMap { try? keys.seal($0, for: binding) }
            }
        }
        return (sealed, try await keyUses().filter { !$0.isNewest }.reduce(0) { $0 + $1.secrets })
    }

    private func newKey() throws(HubError) -> UInt32 {
        do throws(CryptoError) { return try keys.rotate() } catch {
            throw HubError(.cannotStart, error.message, next: "let this account write the file and its directory")
        }
    }
}
