internal import OrreryWire
internal import Synchronization

/// What an address does not say about the far end of a connection.
enum Peer: Hashable, Sendable {
    /// It must prove that it has this name.
    case tls(name: String)
    /// It is a socket in the file system.
    case unix(path: String)
    /// It cannot be dialled: a pod of another cluster, from which connections come to us.
    case cluster(name: String, pod: String, port: UInt16)
    /// The same for the cluster's API.
    case api(cluster: String)
}

/// The numbers of all peers that routes lead to. Connections whose peers have different numbers never serve each other's
/// requests.
///
/// Concurrency: any thread may call anything. Takes a lock, so a worker asks when it dials, not for every request. A
/// number is never given to another peer, even when the last route to its first one is gone: a connection may still
/// carry it.
final class PeerBook: Sendable {
    private struct State {
        var numbers: [Peer: UInt32] = [:]
        var peers: [UInt32: (peer: Peer, uses: Int)] = [:]
        var last: UInt32 = 0
    }

    /// The number of a peer that needs no saying: whatever listens at the address, spoken to in the clear.
    static let plain: UInt32 = 0
    private let state = Mutex(State())

    /// The number of `peer`, which stays known until it has been released as often. Nil is plain TCP.
    func number(of peer: Peer?) -> UInt32 {
        guard let peer else { return Self.plain }
        return state.withLock { state in
            if let number = state.numbers[peer] {
                state.peers[number]?.uses += 1
                return number
            }
            precondition(state.last < .max, "four billion peers: routes are being set in a loop")
            state.last += 1
            state.numbers[peer] = state.last
            state.peers[state.last] = (peer, 1)
            return state.last
        }
    }

    /// One route less leads there.
    func release(_ number: UInt32) {
        guard number != Self.plain else { return }
        state.withLock { state in
            guard let entry = state.peers[number] else { return }
            guard entry.uses > 1 else {
                state.peers[number] = nil
                state.numbers[entry.peer] = nil
                return
            }
            state.peers[number]?.uses -= 1
        }
    }

    /// What is connected to, in words, for the operator.
    func name(_ endpoint: Endpoint) -> String {
        switch peer(endpoint.peer) {
        case nil: endpoint.address.description
        case .tls(let name): "\(name) at \(endpoint.address)"
        case .unix(let path): "unix:\(path)"
        case .cluster(let name, let pod, let port): "cluster:\(name)/\(pod):\(port)"
        case .api(let cluster): "the API of cluster \(cluster)"
        }
    }

    /// What has this number. Nil for plain TCP, and for a peer to which no route leads any more.
    func peer(_ number: UInt32) -> Peer? {
        number == Self.plain ? nil : state.withLock { $0.peers[number]?.peer }
    }
}
