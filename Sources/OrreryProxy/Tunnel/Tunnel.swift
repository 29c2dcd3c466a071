internal import OrreryLink
internal import OrreryModel
internal import OrreryWire
internal import Synchronization

/// What workers, the feed, the postman and the tunnel's own thread have in common.
///
/// Concurrency: any thread may call anything.
final class Tunnel: Sendable {
    /// Something for the tunnel's thread to do.
    enum Message: Sendable {
        /// The hub's answer to what one control connection said.
        case answer(connection: UInt64, [ControlFrame], closes: Bool)
        /// The hub's word to all control connections of a key.
        case tell(KeyID, ControlFrame)
    }

    let book = AgentBook()
    let cloakroom = Cloakroom()
    let figures = TunnelFigures()
    let postman = Postman()
    let departures = Departures()
    /// What the inner port serves: a route for each cluster.
    let inner: RouteBook
    /// By what agents know this proxy, where no authority vouches for it.
    let pins: [String]
    /// Names this run of this proxy.
    let identity: String
    /// Where agents may dial this proxy; nil where they know no other place than that of their join string.
    let address: String?
    let peers = Mutex(AgentPeers())
    private let messages = Mutex<[Message]>([])
    private let signal: SharedDescriptor
    private let innerClusters = Mutex<Set<String>>([])

    /// `signal` wakes the tunnel's thread.
    init(peers: PeerBook, signal: SharedDescriptor, identity: String, pins: [String], address: String?) {
        inner = RouteBook(peers: peers)
        self.signal = signal
        self.identity = identity
        self.pins = pins
        self.address = address
    }

    func post(_ message: Message) {
        messages.withLock { $0.append(message) }
        signal.descriptor.signal()
    }

    func takeMessages() -> [Message] {
        messages.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }

    /// The book has changed: says so to everybody whom it concerns.
    func bookChanged() {
        innerClusters.withLock { known in
            let clusters = book.clusters
            for name in known.subtracting(clusters) { if let key = RouteKey("/\(name)") { _ = inner.remove(key) } }
            for name in clusters.subtracting(known) { addInner(name) }
            known = clusters
        }
        signal.descriptor.signal()
    }

    private func addInner(_ name: String) {
        guard let key = RouteKey("/\(name)") else { return }
        let target = Target(place: .api(cluster: name), path: "", query: "")
        _ = inner.set(key, to: target, address: SocketAddress.none, members: [], at: Moment.now().wall)
    }
}
