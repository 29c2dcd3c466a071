package import Foundation

/// Which of the hub's signing keys does what, by when each was made. Pure: the same keys and instant give the same answer.
///
/// A key is published for a day before it signs, so that whoever keeps key sets for a while knows it by then; it signs until
/// the next one does; it stays published until the last token that it signed is over.
package struct KeySchedule: Hashable, Sendable {
    /// How long a key signs.
    package static let age: TimeInterval = 30 * 86400
    /// How long it is published before.
    package static let lead: TimeInterval = 86400
    /// Longest life of a token, and the minute by which clocks may differ.
    package static let farewell: TimeInterval = 3600 + 60

    /// The names of the keys, with the instants at which they were made.
    package let keys: [String: Date]

    package init(_ keys: [String: Date]) { self.keys = keys }

    /// The newest of those that have been published long enough; where none has, the oldest. Nil without keys.
    package func signer(at now: Date) -> String? {
        ordered.last { $0.madeAt + Self.lead <= now }?.id ?? ordered.first?.id
    }

    /// Whether a new key is to be made: there is none, or the newest will have signed long enough when a new one can.
    package func wantsKey(at now: Date) -> Bool {
        ordered.last.map { $0.madeAt + Self.age <= now } ?? true
    }

    /// The keys that the key set shows: the signer, those after it, and those before it whose tokens may still be good.
    package func published(at now: Date) -> [String] {
        let last = ordered.indices.last { ordered[$0].madeAt + Self.lead <= now } ?? 0
        return ordered.indices.filter { index in
            guard index < last else { return true }
            return ordered[index + 1].madeAt + Self.lead + Self.farewell > now
        }.map { ordered[$0].id }
    }

    /// Keys that nobody needs any more.
    package func spent(at now: Date) -> Set<String> { Set(keys.keys).subtracting(published(at: now)) }

    /// The oldest first.
    private var ordered: [(id: String, madeAt: Date)] {
        keys.map { (id: $0.key, madeAt: $0.value) }.sorted { ($0.madeAt, $0.id) < ($1.madeAt, $1.id) }
    }
}
