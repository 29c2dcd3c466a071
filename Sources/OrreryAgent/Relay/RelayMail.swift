import OrreryLink
import OrreryWire
import Synchronization

/// What other threads want of the relay's loop.
enum RelayMail: Sendable {
    /// The proxies that there are. Those that are not among them are left.
    case places([ProxyPlace])
    /// The address of a proxy's place, or of the site's HTTP proxy on the way there; nil when it has none.
    case resolved(line: Int, SocketAddress?)
    /// A frame for one proxy, or for every one.
    case send([UInt8], to: ProxyPlace?)
    /// Another key, or others to believe: for connections that are made from now on, and control connections are made anew
    /// if need be.
    case trust(LinkTrust, isAnew: Bool)
    /// Nothing new; `.drained` is told when all that runs has ended, or after this time.
    case drain(Duration)
    case stop
}

/// Where mail for the loop lies, with the signal that wakes it.
final class RelayMailbox: Sendable {
    let signal: Descriptor
    private let mail = Mutex<[RelayMail]>([])

    init() throws(SystemError) { signal = try Descriptor.signal() }

    func post(_ item: RelayMail) {
        mail.withLock { $0.append(item) }
        signal.signal()
    }

    func take() -> [RelayMail] {
        mail.withLock { mail in
            defer { mail = [] }
            return mail
        }
    }
}
