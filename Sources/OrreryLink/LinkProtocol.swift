/// What is spoken inside a connection that an agent has dialled, as TLS is told it (ALPN).
package enum LinkProtocol: String, Sendable, CaseIterable {
    case control = "orrery-c/1"
    case data = "orrery-d/1"
}
