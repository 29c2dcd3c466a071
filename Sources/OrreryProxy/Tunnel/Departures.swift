internal import OrreryLink
internal import Synchronization

/// One run of an agent. It may change its key.
struct AgentRun: Hashable, Sendable {
    let cluster: String
    let agent: AgentID
}

/// Whose a connection in use is, and the number of the key that it came with.
struct AgentBinding: Sendable {
    let key: AgentBook.Number
    let run: AgentRun
}

/// Agents that have been away for so long that nothing can come over their connections any more. A machine without power
/// says nothing to the other side, and for what is on its way the kernel would wait a quarter of an hour.
///
/// Concurrency: any thread may call anything. Workers look at `version`, which is one load, and ask who it is when it has
/// changed.
final class Departures: Sendable {
    private let runs = Mutex<Set<AgentRun>>([])
    private let changes = Atomic<UInt64>(0)

    /// Goes up when somebody is added.
    var version: UInt64 { changes.load(ordering: .acquiring) }

    func contains(_ run: AgentRun) -> Bool { runs.withLock { $0.contains(run) } }

    /// Puts these in the place of those that there were, whose connections have ended by now.
    func name(_ fresh: Set<AgentRun>) {
        runs.withLock { $0 = fresh }
        changes.wrappingAdd(1, ordering: .releasing)
    }
}
