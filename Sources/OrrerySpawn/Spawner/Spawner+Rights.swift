package import OrreryStore
import Synchronization

// What changes about sessions that run.
extension Spawner {
    /// The sessions that have not ended, as they were when this hub took them up: for what never changes.
    package func sessions() -> [SessionRecord] { live.withLock { $0.sessions.values.map(\.record) } }

    /// Tells a session what it shows without a right; nil when nothing. Saying the same again changes nothing.
    package func withdraw(_ withdrawal: Withdrawal?, from session: String) {
        live.withLock { $0.sessions[session] }?.tell(.withdraw(withdrawal))
    }

    /// What will end the session soon, in words for its person; nil when nothing will.
    package func warning(of session: String) -> String? {
        live.withLock { $0.sessions[session] }?.memory.withLock { $0.warning }
    }
}
