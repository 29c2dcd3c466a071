import Synchronization

/// What the relay counts.
///
/// Concurrency: written by the relay's thread, read by any.
package final class RelayFigures: Sendable {
    let idleCount = Atomic<Int>(0)
    let boundCount = Atomic<Int>(0)
    let handoffCount = Atomic<Int>(0)
    let dialCount = Atomic<Int>(0)
    let welcomedCount = Atomic<Int>(0)

    /// Data connections that wait at proxies.
    package var idle: Int { idleCount.load(ordering: .relaxed) }
    /// Data connections that carry something.
    package var bound: Int { boundCount.load(ordering: .relaxed) }
    /// Hand-offs that came, ever.
    package var handoffs: Int { handoffCount.load(ordering: .relaxed) }
    /// Connections to pods and to the gate that were tried, ever.
    package var dials: Int { dialCount.load(ordering: .relaxed) }
    /// Proxies by which this agent is welcomed now.
    package var welcomed: Int { welcomedCount.load(ordering: .relaxed) }
}
