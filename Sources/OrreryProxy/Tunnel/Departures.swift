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
    /// For how many milliseconds one is named, which is time for the busiest worker to look.
    static let memory: UInt64 = 60_000
    /// With when they were named.
    private let runs = Mutex<[AgentRun: UInt64]>([:])
    private let changes = Atomic<UInt64>(0)

    /// Goes up when somebody is added.
    var version: UInt64 { changes.load(ordering: .acquiring) }

    func contains(_ run: AgentRun) -> Bool { runs.withLock { $0[run] != nil } }

    /// Adds these, and lets go of those whose connections have ended long ago.
    func name(_ fresh: some Sequence<AgentRun>, at now: UInt64) {
        runs.withLock { runs in
            runs = runs.filter { now < $0.value + Self.memory }
            for run in fresh { runs[run] = now }
        }
        changes.wrappingAdd(1, ordering: .releasing)
    }

    /// This one is back: what goes over its connections from now on is alive.
    func forget(_ run: AgentRun) { runs.withLock { $0[run] = nil } }
}
