internal import CLinux
internal import Glibc

/// A descriptor that closes itself.
package struct Descriptor: ~Copyable, Sendable {
    package let number: CInt

    /// Takes over `number`, which must be open and nobody else's.
    package init(owning number: CInt) { self.number = number }

    deinit { _ = close(number) }

    /// Gives the number up: whoever gets it closes it.
    package consuming func release() -> CInt {
        let number = number
        discard self
        return number
    }
}

extension Descriptor {
    /// Who else may listen on a port.
    package enum Sharing: Sendable {
        /// Nobody.
        case alone
        /// Nobody yet; sockets that are `shared` may follow, and the kernel spreads connections over all of them.
        case first
        /// Whoever says the same, in another process too, or was the first.
        case shared
    }

    /// A listening socket that does not block.
    package static func listener(on address: SocketAddress, _ sharing: Sharing) throws(SystemError) -> Descriptor {
        let number = linux_listen(address.raw, sharing.word, 4096)
        guard number >= 0 else { throw SystemError(number: -number) }
        return Descriptor(owning: number)
    }

    /// A signal between threads: given by `signal()`, seen by a loop that watches it.
    package static func signal() throws(SystemError) -> Descriptor {
        let number = linux_eventfd()
        guard number >= 0 else { throw SystemError(number: errno) }
        return Descriptor(owning: number)
    }

    /// Wakes the loop that watches this signal. May be called from any thread.
    package borrowing func signal() { linux_eventfd_signal(number) }

    /// The port a listener got; 0 when this is not a listener.
    package var boundPort: UInt16 { linux_bound_port(number) }
}

extension Descriptor.Sharing {
    fileprivate var word: linux_sharing {
        switch self {
        case .alone: LINUX_ALONE
        case .first: LINUX_FIRST
        case .shared: LINUX_SHARED
        }
    }
}

/// An error number of the system, with its sentence.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    package let number: CInt
    package init(number: CInt) { self.number = number }
    package var description: String { unsafe String(cString: strerror(number)) }
}

extension SystemError {
    /// This machine has no IPv6.
    package var isNoIPv6: Bool { number == EAFNOSUPPORT || number == EADDRNOTAVAIL }
    /// There is no file of that name.
    package var isNoFile: Bool { number == ENOENT }
}
