internal import OrreryLink
internal import OrreryWire
internal import Synchronization

/// A secured connection on its way from one thread to another. Its descriptor goes through a channel; this is the rest.
struct Traveller: ~Copyable, Sendable {
    let stream: TLSStream
    let kind: LinkProtocol
    /// The SubjectPublicKeyInfo that the agent has shown.
    let publicKey: [UInt8]
    let address: SocketAddress
    /// What has come already, decrypted.
    let early: [UInt8]
    /// Whose it is; nil while nobody has looked.
    var binding: AgentBinding?

    /// Gives up all but the stream.
    consuming func intoStream() -> TLSStream { stream }
}

/// Where travellers wait for the thread that they go to: it is told a number through the channel.
///
/// Concurrency: any thread may call anything.
final class Cloakroom: Sendable {
    /// Dictionaries hold nothing that cannot be copied.
    private final class Hook: Sendable {
        let traveller: Mutex<Traveller?>
        init(_ traveller: consuming Traveller) { self.traveller = Mutex(traveller) }
    }

    private struct State {
        var hooks: [UInt64: Hook] = [:]
        var last: UInt64 = 0
    }

    private let state = Mutex(State())

    /// Keeps a traveller; the number under which it is taken, which is never 0.
    func leave(_ traveller: consuming Traveller) -> UInt64 {
        let hook = Hook(traveller)
        return state.withLock { state in
            state.last += 1
            state.hooks[state.last] = hook
            return state.last
        }
    }

    /// Gives a traveller back, once. Nil when there is none of this number.
    func take(_ number: UInt64) -> Traveller? {
        let hook = state.withLock { $0.hooks.removeValue(forKey: number) }
        return hook?.traveller.withLock { $0.take() }
    }
}
