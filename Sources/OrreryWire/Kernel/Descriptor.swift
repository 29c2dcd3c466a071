internal import CLinux
internal import Glibc

/// A descriptor that closes itself.
package struct Descriptor: ~Copyable, Sendable {
    package let number: CInt

    /// Takes over `number`, which must be open and nobody else's.
    package init(owning number: CInt) { self.number = number }

    deinit { _ = close(number) }
}

extension Descriptor {
    /// A listening socket that does not block.
    ///
    /// With `isShared` several sockets of this process may listen on one port, and the kernel spreads connections over
    /// them. Call it once without before: only that notices that another process has the port.
    package static func listener(on address: SocketAddress, isShared: Bool) throws(SystemError) -> Descriptor {
        let number = linux_listen(address.raw, isShared ? 1 : 0, 4096)
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
