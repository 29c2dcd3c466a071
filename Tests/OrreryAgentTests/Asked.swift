import Glibc
import OrreryWire
import Synchronization

/// What a server of the test's own was asked, and where it passes things on to.
final class Asked: Sendable {
    private let state = Mutex<(heads: [String], port: UInt16?)>(([], nil))

    func add(_ head: String) { state.withLock { $0.heads.append(head) } }
    var first: String? { state.withLock { $0.heads.first } }
    var port: UInt16? {
        get { state.withLock { $0.port } }
        set { state.withLock { $0.port = newValue } }
    }
}

extension Stream {
    /// A connection to a port of the loopback; nil when nobody listens.
    static func connect(port: UInt16) -> Stream? {
        let kernel = LinuxKernel()
        defer { kernel?.end() }
        guard let address = SocketAddress.resolve("127.0.0.1", port: port) else { return nil }
        switch kernel?.connect(address) {
        case .connected(let number), .started(let number): return Stream(owning: number)
        case .failed, .exhausted, nil: return nil
        }
    }
}
