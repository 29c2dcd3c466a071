package import OrreryModel
import OrreryStore
import Synchronization

// Those who wait for what becomes of a session, without following its way.
extension Spawner {
    /// How the session stands once it is in a state that `isWanted` says, at the latest after `limit`, as it stands then. Nil
    /// for a session that the store does not know any more.
    package func standing(
        of session: String, within limit: Duration, until isWanted: @escaping @Sendable (SessionState) -> Bool
    ) async throws(SpawnError) -> SessionStanding? {
        let word = FirstWord<SessionStanding?>()
        let watcher = scene.board.watch(session) { event in
            if isWanted(event.state) { word.say(SessionStanding(event)) }
        } finish: {
            word.say(nil)
        }
        defer { scene.board.leave(session, watcher) }
        // Looked at after the watch has begun, so that nothing falls between the two.
        if let now = try await standing(of: session), isWanted(now.state) { return now }
        let end = scene.deadlines.set(after: limit) { word.say(nil) }
        defer { scene.deadlines.forget(end) }
        if let arrived = await word.heard(otherwise: nil) { return arrived }
        return try await standing(of: session)
    }

    /// How the session stands now. Nil for one that the store does not know any more.
    package func standing(of session: String) async throws(SpawnError) -> SessionStanding? {
        if let live = live.withLock({ $0.sessions[session] }) { return live.standing }
        do { return try await scene.store.session(id: session).map { SessionStanding($0) } } catch {
            throw SpawnError(error)
        }
    }
}
