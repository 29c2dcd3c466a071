internal import OrreryWire
internal import Synchronization

/// Whom to ask for error pages. Where its name leads is looked up now and then, as with routes.
///
/// Concurrency: any thread may call anything. `refresh` looks names up and so may block.
final class ErrorTarget: Sendable {
    let target: Target
    private let number: UInt32
    private let current: Mutex<Endpoint?>

    init(_ target: Target, peers: PeerBook) {
        self.target = target
        number = peers.number(of: target.peer)
        current = Mutex(nil)
        refresh()
    }

    /// Where to ask; nil while its name leads nowhere.
    var endpoint: Endpoint? { current.withLock { $0 } }

    /// Looks its name up. One that is not found just now keeps the address it had.
    func refresh() {
        guard let address = target.resolve() else { return }
        current.withLock { $0 = Endpoint(address, peer: number) }
    }
}
