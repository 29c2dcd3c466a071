import CLinux
import Glibc

/// Wakes one thread that waits for the network.
final class Bell: Sendable {
    let number: CInt

    init() {
        number = linux_eventfd()
        precondition(number >= 0, "no way to wake the thread for outbound requests: too many files are open")
    }

    deinit { close(number) }

    /// Any thread may.
    func ring() { linux_eventfd_signal(number) }

    /// Takes all that was rung.
    func still() { linux_eventfd_clear(number) }
}
