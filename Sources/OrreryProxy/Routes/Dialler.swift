package import OrreryWire

/// Where connections to pods come from that cannot be dialled: their cluster has opened them to us.
package protocol Dialler: Sendable {
    /// A connected stream to a port of a pod, which is the caller's from then on. Nil when none waits; the request that
    /// asks is then answered 503 at once, so this must not block.
    func connection(to cluster: String, pod: String, port: UInt16) -> Descriptor?
}
