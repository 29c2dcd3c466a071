import NIOCore

/// By which machines a request came. Few requests are asked for it, so nothing is made of it before.
struct RequestWay: Sendable {
    /// Where the connection comes from.
    let peer: SocketAddress?
    var forwarded = ForwardedFor(nil)
    /// Machines in front of our proxy that are believed.
    var forwarders: [InternetNetwork] = []

    /// Who sent it, for limits.
    var client: ClientAddress {
        ClientAddress(forwarded.sender(behind: forwarders) ?? InternetAddress(peer?.ipAddress ?? ""))
    }

    /// The addresses at the end of `X-Forwarded-For`, of which the last is the one that our own proxy saw and those before it
    /// are what others said; without any the address of the connection.
    var words: String { forwarded.words ?? peer?.ipAddress ?? "unknown" }
}
