internal import Glibc
internal import OrreryWire
internal import Synchronization

/// Looks a name up on a thread of its own, and waits for it no longer than it says: a name server that does not answer
/// takes the system's resolver many seconds, in which the REST interface would serve nobody.
///
/// Concurrency: any thread may ask.
enum NameLookup {
    /// Threads that are still at it. More of them would not make the name server answer.
    private static let running = Atomic<Int>(0)
    private static let limit = 16

    private final class Answer: Sendable {
        let address = Mutex<SocketAddress?>(nil)
        let signal: SharedDescriptor
        init(_ signal: SharedDescriptor) { self.signal = signal }
    }

    /// The address of a target, or nil when there is none, or none within `patience` milliseconds: it is then for
    /// `RouteBook.refreshNames` to find. Addresses that need no looking up are there at once.
    static func address(of target: Target, patience: CInt = 1000) -> SocketAddress? {
        guard target.isNamed else { return target.resolve() }
        guard running.load(ordering: .relaxed) < limit, let signal = try? Descriptor.signal() else { return nil }
        let answer = Answer(SharedDescriptor(signal))
        running.wrappingAdd(1, ordering: .relaxed)
        let isStarted = LoopThread.start {
            let address = target.resolve()
            answer.address.withLock { $0 = address }
            answer.signal.descriptor.signal()
            running.wrappingSubtract(1, ordering: .relaxed)
        }
        guard isStarted else {
            running.wrappingSubtract(1, ordering: .relaxed)
            return nil
        }
        var place = pollfd(fd: answer.signal.descriptor.number, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&place, 1, patience)
        return answer.address.withLock { $0 }
    }
}
