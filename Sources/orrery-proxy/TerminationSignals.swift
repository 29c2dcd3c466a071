internal import Glibc

/// The signals that end the proxy. Blocked in the thread that makes this one and in all that are started afterwards, so
/// that they wait for `wait()`.
struct TerminationSignals: Sendable {
    /// With which status the process ends then: configurable-http-proxy's.
    static let status: CInt = 2

    enum Cause {
        case terminated, interrupted

        /// What is logged about it.
        var sentence: String {
            switch self {
            case .terminated: "Terminated"
            case .interrupted: "Interrupted"
            }
        }
    }

    init() {
        var signals = Self.signals
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for the next of them.
    func wait() -> Cause {
        var signals = Self.signals
        var number: CInt = 0
        while unsafe sigwait(&signals, &number) != 0 {}
        return number == SIGINT ? .interrupted : .terminated
    }

    private static var signals: sigset_t {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGTERM)
        unsafe sigaddset(&signals, SIGINT)
        return signals
    }
}
