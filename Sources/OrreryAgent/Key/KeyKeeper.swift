package import OrreryCrypto
package import OrreryLink
import OrreryModel

/// Has the agent's key, and changes it together with the hub: the new key is kept before anybody hears of it, and shown
/// once the hub has said that it knows it. Until then, and for a day more, the old one serves.
package actor KeyKeeper {
    private let shelf: any KeyShelf
    private var kept: KeptKeys
    /// The key that the rest of the agent was told to show.
    private var shown: String { showing.id }
    private var showing: AgentKey

    /// How old a key grows before it is changed unasked, in seconds.
    package static let age: Int64 = 30 * 86_400

    private init(_ shelf: any KeyShelf, _ kept: KeptKeys) {
        self.shelf = shelf
        self.kept = kept
        showing = kept.current
    }

    /// The key that is kept, or a fresh one, which is kept from now on.
    package static func opening(_ shelf: any KeyShelf, now: Int64) async throws(AgentError) -> KeyKeeper {
        if let kept = try await shelf.read() { return KeyKeeper(shelf, kept) }
        return KeyKeeper(shelf, try await shelf.keep(KeptKeys(current: try fresh(), since: now), after: nil))
    }

    /// The key that the rest of the agent shows, though another replica may have changed it meanwhile.
    package var current: AgentKey { showing }

    /// Whether the key has grown so old that it should be changed.
    package func isOld(_ now: Int64) -> Bool { now - kept.since >= Self.age }

    /// What to say to the hub to change the key: the next key, with both signatures. Says the same again until the hub has
    /// answered, and the same as every other replica.
    package func rotation() async throws(AgentError) -> ControlFrame {
        try await refresh()
        // The order was for the key that was shown when it came.
        guard kept.current.id == shown else { throw .key("another replica has changed the key meanwhile") }
        if kept.next == nil {
            let next = KeptKeys(current: kept.current, since: kept.since, next: try Self.fresh())
            kept = try await shelf.keep(next, after: kept)
        }
        guard let next = kept.next else { throw .key("another replica has changed the key meanwhile") }
        do {
            let rotation = try KeyRotation(from: kept.current, to: next)
            return ControlFrame(
                "rotate",
                [
                    "key": .string(Base64.encode(rotation.new.info)),
                    "old": .string(Base64.encode(rotation.oldSignature)),
                    "new": .string(Base64.encode(rotation.newSignature)),
                ])
        } catch { throw .key("\(error)") }
    }

    /// What to say to the hub while a change is under way, whose answer may be lost, or when the key has grown old; nil when
    /// nothing is to be said.
    package func dueRotation(_ now: Int64) async throws(AgentError) -> ControlFrame? {
        guard kept.next != nil || isOld(now) else { return nil }
        try await refresh()
        // A key that is not shown yet signs nothing that the hub would believe.
        guard kept.current.id == shown, kept.next != nil || isOld(now) else { return nil }
        return try await rotation()
    }

    /// The hub knows the key with this id. The key to show from now on; nil when it is the one that is shown.
    package func rotated(to id: String, now: Int64) async throws(AgentError) -> AgentKey? {
        try await refresh()
        if kept.current.id != id {
            guard let promoted = kept.promoted(at: now), promoted.current.id == id else { return nil }
            kept = try await shelf.keep(promoted, after: kept)
        }
        return toShow()
    }

    /// Looks whether another replica has changed the key. The key to show from now on; nil when it is the one that is shown.
    package func renewed() async throws(AgentError) -> AgentKey? {
        try await refresh()
        return toShow()
    }

    private func toShow() -> AgentKey? {
        guard kept.current.id != shown else { return nil }
        showing = kept.current
        return kept.current
    }

    private func refresh() async throws(AgentError) {
        if let now = try await shelf.read() { kept = now }
    }

    private static func fresh() throws(AgentError) -> AgentKey {
        do { return try AgentKey.fresh() } catch { throw .key("\(error)") }
    }
}
