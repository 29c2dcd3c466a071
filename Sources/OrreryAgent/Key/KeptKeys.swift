package import OrreryCrypto

/// An agent's keys as they are kept: the one that is shown, and the one that follows it while a change is under way.
package struct KeptKeys: Sendable {
    package var current: AgentKey
    /// Since when, in seconds since 1970.
    package var since: Int64
    package var next: AgentKey?

    package init(current: AgentKey, since: Int64, next: AgentKey? = nil) {
        self.current = current
        self.since = since
        self.next = next
    }

    /// The next key is the current one from now on.
    package func promoted(at time: Int64) -> KeptKeys? { next.map { KeptKeys(current: $0, since: time) } }
}

/// Where an agent's keys are kept. Replicas of one agent share a place: whoever writes first has won, and the others take
/// what is there.
package protocol KeyShelf: Sendable {
    /// What is kept; nil when there is nothing yet.
    func read() async throws(AgentError) -> KeptKeys?
    /// Keeps `keys` if what is kept is still of `before`, nil for nothing. What is kept afterwards, by whomever.
    func keep(_ keys: KeptKeys, after before: KeptKeys?) async throws(AgentError) -> KeptKeys
}
