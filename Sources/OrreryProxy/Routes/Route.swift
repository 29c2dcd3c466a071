internal import OrreryWire

/// A route as it was set. An object, so that tables of many hold a word for each.
final class Route: Sendable {
    let target: Target
    /// Nil while the target's name has no address.
    let endpoint: Endpoint?
    /// The number of the target's peer, held as long as the route is.
    let peer: UInt32
    let activity: ActivityBook.Cell
    /// The members of its JSON object as they were posted, without braces and without `last_activity`.
    let members: [UInt8]
    /// The names of those who may pass the gate, a line each; empty when nobody is asked.
    let access: String

    init(
        target: Target, address: SocketAddress?, peer: UInt32, activity: ActivityBook.Cell, members: [UInt8],
        access: String
    ) {
        self.target = target
        endpoint = address.map { Endpoint($0, peer: peer) }
        (self.peer, self.activity, self.members, self.access) = (peer, activity, members, access)
    }

    /// The same route where its name leads now.
    func renewed(_ address: SocketAddress) -> Route {
        Route(target: target, address: address, peer: peer, activity: activity, members: members, access: access)
    }
}
