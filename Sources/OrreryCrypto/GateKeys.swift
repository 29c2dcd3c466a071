/// A key that tickets are sealed with (AES-256), and the number by which a ticket names it.
package struct GateKey: Hashable, Sendable {
    package let id: UInt32
    let bytes: [UInt8]

    static let size = 32

    /// Nil unless there are 32 bytes.
    package init?(id: UInt32, bytes: [UInt8]) {
        guard bytes.count == Self.size else { return nil }
        self.id = id
        self.bytes = bytes
    }

    /// The key itself, for telling it to a proxy.
    package func reveal() -> [UInt8] { bytes }
}

extension GateKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "key \(id)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}

/// The keys of one moment. New tickets are sealed with the first; all of them open. There is one for tickets of the
/// period before, and one for those of a hub that is ahead, so that neither clocks nor restarts lock anybody out.
package struct GateKeys: Hashable, Sendable {
    package let keys: [GateKey]

    /// Every ticket may have to be tried by the number of its key, so there are few.
    package static let limit = 8

    /// Nil unless there are 1 to 8 keys with different numbers.
    package init?(_ keys: [GateKey]) {
        guard (1...Self.limit).contains(keys.count), Set(keys.map(\.id)).count == keys.count else { return nil }
        self.keys = keys
    }

    /// A key that was never told to anybody, for whoever must refuse all.
    package static var ownedByNobody: GateKeys {
        GateKeys(derivedFrom: RandomToken.bytes(GateKey.size), salt: [], at: 0)
    }

    /// A day.
    package static let period: UInt64 = 86_400

    /// The keys at `now`, in seconds since 1970: this day's, the next day's and the one before. The same secret and
    /// salt give the same keys at any time and on any machine.
    package init(derivedFrom secret: [UInt8], salt: [UInt8], at now: UInt64) {
        let day = UInt32(truncatingIfNeeded: now / Self.period)
        keys = [day, day &+ 1, day &- 1].compactMap { id in
            let purpose = Array("orrery gate key \(id)".utf8)
            return GateKey(id: id, bytes: KeyDerivation.key(from: secret, salt: salt, purpose: purpose))
        }
    }
}
