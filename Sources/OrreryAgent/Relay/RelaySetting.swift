package import OrreryLink

/// What the relay is made with. The closures are called on its thread and must return at once.
package struct RelaySetting: Sendable {
    package var agent: AgentID
    package var trust: LinkTrust
    /// The site's HTTP proxy, through which all connections go out.
    package var httpProxy: HTTPProxy?
    /// The socket of the gate, where target `k` leads.
    package var gate: String
    package var limits = RelayLimits()
    /// What to say first on a control connection to this proxy.
    package var hello: @Sendable (ProxyPlace) -> AgentHello
    /// Where a port of a pod is.
    package var find: @Sendable (_ uid: String, _ port: UInt16) -> PodBook.Answer
    package var tell: @Sendable (LinkNews) -> Void

    package init(
        agent: AgentID, trust: LinkTrust, gate: String, hello: @escaping @Sendable (ProxyPlace) -> AgentHello,
        find: @escaping @Sendable (_ uid: String, _ port: UInt16) -> PodBook.Answer,
        tell: @escaping @Sendable (LinkNews) -> Void
    ) {
        self.agent = agent
        self.trust = trust
        self.gate = gate
        self.hello = hello
        self.find = find
        self.tell = tell
    }
}
