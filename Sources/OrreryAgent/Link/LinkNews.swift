package import OrreryCrypto
package import OrreryLink

/// What the relay tells the rest of the agent, and what becomes of its key.
package enum LinkNews: Sendable {
    /// A message of the hub or of a proxy that the relay does not deal with alone.
    case frame(ProxyPlace, ControlFrame)
    /// The control connection is gone, or was never there, and why.
    case lost(ProxyPlace, reason: String)
    /// A hand-off was refused.
    case refused(trace: String, HandoffAnswer.Code, say: String)
    /// All that ran has ended, or its time is over.
    case drained
    /// Another replica has changed the key to this one.
    case renewed(AgentKey)
}
